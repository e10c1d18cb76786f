export { AnswerBody } from './answer-body.js';
export { ByteQueue } from './byte-queue.js';
export type {
  BodySink,
  CallHandler,
  CallKinds,
  CallOptions,
  Channel,
  ChannelServer,
  IncomingCall,
  OutgoingCall,
  ResponseSink,
} from './channel.js';
export { type ConnectOptions, connect, tlsModule } from './connect.js';
export {
  AuthFailed,
  Cancelled,
  CannotClone,
  ConnectFailed,
  DeadlineExceeded,
  FeedUnacknowledged,
  HeadTooLarge,
  ListenFailed,
  NoHandler,
  PeerGone,
  ProtocolViolation,
  UnknownOp,
  VersionSkew,
} from './errors.js';
export { FeedPublisher } from './feed-publisher.js';
export { FeedSubscriber, type FeedSubscriberOptions } from './feed-subscriber.js';
export { helloOf } from './handshake.js';
export { isControl } from './head-faults.js';
export { encodeItem, ItemDecoder } from './items.js';
export { ADMISSION_PROTOCOL, type ListenOptions, listen } from './listen.js';
export { memoryPair } from './memory-pair.js';
export type {
  Address,
  AnyCallHead,
  CallHead,
  CertificateFiles,
  ControlCallHead,
  FeedMessage,
  Hello,
  Notification,
  ResponseHead,
  TlsIdentity,
} from './messages.js';
export { PASS_MARK, showPeer } from './messages.js';
export {
  connectController,
  connectPlace,
  formatHostPort,
  formatPlace,
  isPlace,
  type NodeFile,
  nearPlaces,
  readNodeFile,
  splitHostPort,
} from './node-file.js';
export { callOp, handleOps, type OpCaller, type OpHandlers, type OpsShape, opCaller } from './ops.js';
export { readBody } from './read-body.js';
export { decodeValue, encodeValue, type ValueCodec } from './values.js';
