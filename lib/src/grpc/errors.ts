import { defineError } from '../core/index.js';

export const GrpcNotInstalled = defineError(
  'NBS_GRPC_NOT_INSTALLED',
  400,
  'gRPC needs the package @grpc/grpc-js, which was not found from {folder}: npm install @grpc/grpc-js',
);
export const BadProto = defineError('NBS_BAD_PROTO', 400, '{file} is not valid: {reason}');
export const BadCertificate = defineError(
  'NBS_BAD_CERTIFICATE',
  400,
  'nothing can be answered over TLS with the certificate {cert} and the key {key}: {reason}; both files must be PEM, and the key that of the certificate',
);
/** The bytes of a message are not of the type that the RPC takes. */
export const BadMessage = defineError('NBS_BAD_MESSAGE', 400, 'the message is not a valid {type}: {reason}');
export const MessageTooLarge = defineError(
  'NBS_MESSAGE_TOO_LARGE',
  413,
  'a message has {bytes} bytes, more than maxMessageBytes ({max}); send less, or raise that option of gRPC',
);
export const BadMetadata = defineError('NBS_BAD_METADATA', 500, 'the metadata {name} cannot be sent over gRPC: {reason}');
export const WrongKindOfCall = defineError('NBS_WRONG_KIND_OF_CALL', 400, 'the method {method} {answers}; call it with {rpc}');
export const WrongMessageCount = defineError('NBS_WRONG_MESSAGE_COUNT', 400, '{rpc} takes one message, and {count} came');
