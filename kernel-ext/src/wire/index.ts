export { toCodePoints, toUtf16 } from './code-points.js';
export {
  type ChannelName,
  type Connection,
  endpoint,
  readConnectionFile,
  removeSocketFiles,
  socketPath,
} from './connection.js';
export { Decoder } from './decoder.js';
export { Encoder, type Envelope, type Frame } from './encoder.js';
export { CannotBind, NoConnectionFile } from './errors.js';
export {
  type Content,
  type ExecuteRequest,
  type Header,
  type HistoryRequest,
  type Incoming,
  isKernelSession,
  kernelSession,
  PROTOCOL_VERSION,
  readCode,
  readExecute,
  readHistory,
  replyTo,
} from './message.js';
export { PacedSender } from './paced-sender.js';
export { Receiver } from './receiver.js';
export { logTo, logToStderr, Refusals } from './refusals.js';
export { ReplayGuard } from './replay-guard.js';
export { Sender } from './sender.js';
export { Signer } from './signer.js';
export { bindPublisher, bindRouter, boundPorts } from './sockets.js';
