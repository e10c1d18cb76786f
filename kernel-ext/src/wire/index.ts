export { toCodePoints, toUtf16 } from './code-points.js';
export {
  type ChannelName,
  type Connection,
  endpoint,
  parseConnection,
  readConnectionFile,
  removeSocketFiles,
  socketPath,
} from './connection.js';
export { DELIMITER, type Decoded, Decoder, type Refusal } from './decoder.js';
export { Encoder, type Envelope, type Frame } from './encoder.js';
export { KernelError } from './errors.js';
export {
  type Content,
  type ErrorContent,
  type ExecuteRequest,
  type ExecutionState,
  type Header,
  type HistoryRequest,
  type Incoming,
  PROTOCOL_VERSION,
  readCode,
  readExecute,
  readHistory,
} from './message.js';
export { Receiver } from './receiver.js';
export { logToStderr, Refusals } from './refusals.js';
export { ReplayGuard } from './replay-guard.js';
export { Signer } from './signer.js';
export { bindPublisher, bindRouter } from './sockets.js';
