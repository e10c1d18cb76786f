import { defineError } from '../core/index.js';

/** The other end of a connection ended (its process ended or closed the socket) before the answer was complete. */
export const PeerGone = defineError('NBS_PEER_GONE', 503, '{peer} went away before it answered');
export const DeadlineExceeded = defineError('NBS_DEADLINE', 504, '{what} took longer than {timeoutMs} ms');
export const Cancelled = defineError('NBS_CANCELLED', 499, '{what} was cancelled: {reason}');
export const ConnectFailed = defineError('NBS_CONNECT_FAILED', 503, 'cannot connect to {address}: {reason}');
export const AuthFailed = defineError(
  'NBS_AUTH_FAILED',
  401,
  '{address} refused: the two sides do not hold the same cluster token',
);
export const VersionSkew = defineError(
  'NBS_VERSION_SKEW',
  409,
  '{peer} runs nbserve {theirs} (protocol {theirProtocol}), this process {ours} (protocol {ourProtocol}); both need the same minor version',
);
export const ListenFailed = defineError('NBS_LISTEN_FAILED', 500, 'cannot listen on {address}: {reason}');
export const ProtocolViolation = defineError('NBS_PROTOCOL', 502, 'malformed message from {peer}: {reason}');
export const HeadTooLarge = defineError(
  'NBS_HEAD_TOO_LARGE',
  431,
  'the head of a message has {bytes} bytes; at most {max} are allowed',
);
export const BodyTooLarge = defineError('NBS_BODY_TOO_LARGE', 413, 'the body has over {max} bytes');
export const AnswerTooLarge = defineError(
  'NBS_ANSWER_TOO_LARGE',
  502,
  '{what} answered with over {max} bytes, which is more than one value may have: answer in parts, with a generator or over HTTP',
);
export const NoHandler = defineError('NBS_NO_HANDLER', 501, '{peer} answers no {kind} calls');
export const UnknownOp = defineError('NBS_UNKNOWN_OP', 400, 'unknown operation {op}; the operations are {valid}');
export const CannotClone = defineError('NBS_CANNOT_CLONE', 400, '{path}: {what} cannot be sent to another process{hint}');
export const InvalidValue = defineError('NBS_INVALID_VALUE', 502, 'a value could not be read: {reason}');
export const FeedUnacknowledged = defineError(
  'NBS_FEED_UNACKED',
  504,
  '{topic} version {version} was not applied by {peers} within {timeoutMs} ms',
);

/** After an error while writing, what had arrived may not have been read. */
export const isResetByPeer = ({ code, syscall }: NodeJS.ErrnoException): boolean => code === 'ECONNRESET' && syscall === 'read';
