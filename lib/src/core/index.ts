export { isAnyResponse } from './any-response.js';
export {
  type LimitedRequest,
  limitBody,
  MAX_JSON_BYTES,
  MAX_UPLOAD_BYTES,
  RequestTooLarge,
  requestTooLarge,
} from './body-limit.js';
export {
  agentFile,
  agentSocket,
  blobFolder,
  blobPath,
  checkpointFile,
  controllerSocket,
  dashboardFile,
  debugSocket,
  expectedFile,
  grpcFile,
  LONGEST_SOCKET_NAME,
  logsFolder,
  nodeFile,
  ownerFile,
  replicaSocket,
  saidFolder,
  tokenFile,
} from './cluster-layout.js';
export { isCompilerGone } from './compiler-gone.js';
export {
  areRequestsWanted,
  currentRequest,
  provideRequests,
  type RequestCall,
  wantRequests,
} from './current-request.js';
export { decodedPart } from './decoded-part.js';
export { type Deferred, deferred } from './deferred.js';
export type { Duration } from './duration.js';
export {
  addToEnv,
  cacheFolder,
  childEnv,
  clusterFolder,
  engineName,
  gpuOrder,
  hubEndpoint,
  hubToken,
  imageThreads,
  isCacheEntry,
  isOffline,
  keepsVisibleGpus,
  libraryPath,
  openMpThreads,
  packageRunner,
  poolThreads,
  programPath,
  rayApiAddress,
  rayAuthMode,
  rayTokenPath,
  rayTokenText,
  runtimeHome,
  visibleGpus,
  vulkanDrivers,
  withoutTelemetry,
} from './env.js';
export {
  aboutInput,
  defineError,
  hasCode,
  isAboutInput,
  isNbserveError,
  listOf,
  NbserveError,
  withFramesOf,
} from './errors.js';
export { registerExtension, registeredExtensions, type ValueExtension } from './extension.js';
export { Fifo } from './fifo.js';
export { withLock } from './file-lock.js';
export { freeMemory, mebibytes } from './free-memory.js';
export { type Gpu, listGpus, nvidiaDriver, ownGpus, usableGpus } from './gpus.js';
export { fnv1a, mixBits } from './hash.js';
export { shortId } from './ids.js';
export { InTurn } from './in-turn.js';
export { isLoopback, isUnspecified } from './ip-addresses.js';
export { jsonFault } from './json-fault.js';
export { KeepAlive } from './keep-alive.js';
export { loadedModels, type ModelNote, noteModel } from './loaded-models.js';
export { createLog, type Log } from './log.js';
export { methodNotes, noteKind, noteMethod } from './method-notes.js';
export { nearest } from './nearest.js';
export { markOwn } from './own-handle.js';
export { expectInterrupts, inOwnTurn } from './own-turn.js';
export { patience } from './patience.js';
export { isOurs, isPrivateFolder, privateFolder, refuseForeign } from './private-folder.js';
export { ageMs, isAlive, isLeft, isOfThisPlace, markIn, markProcess, markText, type ProcessMark } from './process-mark.js';
export { beginProgress, hasProgressDisplay, type Progress } from './progress.js';
export { isNews, shareWhatIsSaid } from './said-once.js';
export {
  duration,
  group,
  InvalidOption,
  integer,
  isRecord,
  type OptionSpec,
  type OptionValues,
  parseOptions,
  positive,
} from './schema.js';
export { plainText, shownValue } from './shown-value.js';
export { CODE_ENDINGS } from './source-endings.js';
export { collectStart, collectWithin, duringStart } from './start.js';
export { beginningOf } from './surrogate-pairs.js';
export { CLEAR_LINE, type LineOutput, replaceLine } from './terminal-line.js';
export { afterArrivals, type Clock, MAX_TIMER_MS, systemClock, timerMs, toMs } from './time.js';
export { tellClients, toldText } from './told-text.js';
export { wholeStack } from './whole-stack.js';
export { exposeOf, fromWireError, isErrorStatus, statusOf, toWireError, type WireError } from './wire-error.js';
export { withoutSlashes } from './without-slashes.js';
