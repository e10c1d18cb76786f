export { compilePlan, type GrpcSources } from './compile.js';
export { BadMessage, BadMetadata, MessageTooLarge, WrongKindOfCall, WrongMessageCount } from './errors.js';
export { FrameSplitter, messageFrame, type Trailers, trailersFrame } from './message-frames.js';
export { MessageTypes } from './message-types.js';
export { metadataFault } from './metadata-fault.js';
export { findPackages, type GrpcJs, loadGrpcJs, type Protobuf } from './packages.js';
export { type DescribedFile, GENERIC_SERVICE, type GrpcPlan, type Rpc, readPlan } from './plan.js';
export { givenStatus, Status, statusOfError } from './status.js';
export { readTlsFiles, type TlsFiles } from './tls-files.js';
