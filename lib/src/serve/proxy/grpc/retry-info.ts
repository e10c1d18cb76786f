/** How long a client should wait before it tries again: as long as HTTP's `retry-after` says. */
const RETRY_SECONDS = 1;
const RETRY_INFO = 'type.googleapis.com/google.rpc.RetryInfo';

const varint = (value: number): number[] => (value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))]);

/** One field of a protobuf message: a number, or bytes with their length. */
function field(number: number, value: number | Uint8Array): Buffer {
  if (typeof value === 'number') return Buffer.from([...varint(number * 8), ...varint(value)]);
  return Buffer.concat([Buffer.from([...varint(number * 8 + 2), ...varint(value.length)]), value]);
}

/**
 * The metadata that tell a client to try again: `grpc-status-details-bin`, a `google.rpc.Status` with a `google.rpc.RetryInfo`, as base64, and
 * `grpc-retry-pushback-ms`, which clients with a retry policy read.
 */
export function retryMetadata(code: number, message: string): readonly string[] {
  const delay = field(1, RETRY_SECONDS);
  const info = field(1, delay);
  const any = Buffer.concat([field(1, Buffer.from(RETRY_INFO)), field(2, info)]);
  const status = Buffer.concat([field(1, code), field(2, Buffer.from(message)), field(3, any)]);
  return ['grpc-status-details-bin', status.toString('base64'), 'grpc-retry-pushback-ms', String(RETRY_SECONDS * 1000)];
}
