/** The statuses of gRPC, by number. */
const STATUS_NAMES = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
] as const;
export type StatusName = (typeof STATUS_NAMES)[number];

/** Number of each status. */
export const Status = Object.fromEntries(STATUS_NAMES.map((name, number) => [name, number])) as Readonly<
  Record<StatusName, number>
>;

/** The nearest status for each HTTP status that coded errors and user code have. */
const OF_HTTP: Readonly<Record<number, StatusName>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  405: 'UNIMPLEMENTED',
  408: 'DEADLINE_EXCEEDED',
  409: 'ABORTED',
  410: 'NOT_FOUND',
  412: 'FAILED_PRECONDITION',
  413: 'RESOURCE_EXHAUSTED',
  415: 'INVALID_ARGUMENT',
  416: 'OUT_OF_RANGE',
  422: 'INVALID_ARGUMENT',
  428: 'FAILED_PRECONDITION',
  429: 'RESOURCE_EXHAUSTED',
  499: 'CANCELLED',
  501: 'UNIMPLEMENTED',
  502: 'UNAVAILABLE',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
};

/** Coded errors whose gRPC status says more than their HTTP status. */
const OF_CODE: Readonly<Record<string, StatusName>> = {
  NBS_QUEUE_FULL: 'RESOURCE_EXHAUSTED',
  // It hung and was ended: another try may work, and the caller's deadline has not passed.
  NBS_REPLICA_HUNG: 'UNAVAILABLE',
  NBS_ANSWER_TOO_LARGE: 'RESOURCE_EXHAUSTED',
  NBS_INVALID_VALUE: 'INTERNAL',
  NBS_PROTOCOL: 'INTERNAL',
};

/** Whether this is the number of a status, OK among them. */
export const isStatus = (code: unknown): code is number =>
  Number.isInteger(code) && (code as number) >= 0 && (code as number) < STATUS_NAMES.length;

/** The gRPC status of an error with this code and HTTP status. */
export function statusOfError(code: string, httpStatus: number): number {
  const name = OF_CODE[code] ?? OF_HTTP[httpStatus] ?? (httpStatus < 500 ? 'FAILED_PRECONDITION' : 'INTERNAL');
  return Status[name];
}

/**
 * The status that user code gave an error: a number from 1 to 16, as errors of grpc-js have, or its name. `undefined` if it gave none.
 * OK is no status for an error.
 */
export function givenStatus(code: unknown): number | undefined {
  if (typeof code === 'number') return isStatus(code) && code >= 1 ? code : undefined;
  const number = typeof code === 'string' ? STATUS_NAMES.indexOf(code as StatusName) : -1;
  return number >= 1 ? number : undefined;
}
