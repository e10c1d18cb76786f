import { aboutInput, isAboutInput, isNbserveError, NbserveError } from './errors.js';

/** An error as it crosses a process boundary: plain JSON, the thrower's own stack included. */
export interface WireError {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  readonly code?: string;
  readonly status?: number;
  readonly details?: Readonly<Record<string, string | number>>;
  readonly cause?: WireError;
  /** It is about data that came from outside (`aboutInput`). */
  readonly input?: true;
  /** The HTTP status that an error of user code says it stands for. */
  readonly saidStatus?: number;
}

const MAX_CAUSES = 8;
/** Classes that are the same in every process, so that `instanceof` holds there too. */
const NATIVE: ReadonlyMap<string, ErrorConstructor> = new Map(
  [EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError].map((type) => [type.name, type]),
);

export function toWireError(value: unknown, depth = 0): WireError {
  if (!(value instanceof Error) && !isErrorLike(value))
    return { name: 'Error', message: typeof value === 'string' ? value : String(value) };
  const cause = (value as { cause?: unknown }).cause;
  return {
    name: value.name,
    message: value.message,
    ...(typeof value.stack === 'string' ? { stack: value.stack } : {}),
    ...codeOf(value),
    ...saidStatus(value),
    ...(isAboutInput(value) ? { input: true } : {}),
    ...(cause !== undefined && depth < MAX_CAUSES ? { cause: toWireError(cause, depth + 1) } : {}),
  };
}

/** Rebuilds the error. A coded one is a `NbserveError` again; another keeps its name, message, stack, `code` and `status`, and its class where that is a native one. */
export function fromWireError(wire: WireError): Error {
  const cause = wire.cause === undefined ? undefined : fromWireError(wire.cause);
  const error =
    wire.code !== undefined && wire.status !== undefined
      ? new NbserveError({ code: wire.code, status: wire.status, message: wire.message, details: wire.details ?? {}, cause })
      : Object.assign(
          new (NATIVE.get(wire.name) ?? Error)(wire.message, cause === undefined ? undefined : { cause }),
          wire.code === undefined ? {} : { code: wire.code },
          wire.saidStatus === undefined ? {} : { status: wire.saidStatus },
        );
  if (wire.input === true && isNbserveError(error)) aboutInput(error);
  Object.defineProperty(error, 'name', { value: wire.name, configurable: true, writable: true, enumerable: false });
  if (wire.stack !== undefined) Object.defineProperty(error, 'stack', { value: wire.stack, configurable: true, writable: true });
  return error;
}

// Errors of another realm (a notebook's vm context) are no `instanceof Error` here.
function isErrorLike(value: unknown): value is Error {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as Error).message === 'string' &&
    typeof (value as Error).name === 'string'
  );
}

/** The convention of Fastify, Koa and http-errors: an error may say its HTTP status, as `statusCode` or `status`. */
export function statusOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || isNbserveError(error)) return undefined;
  const { statusCode, status } = error as { statusCode?: unknown; status?: unknown };
  return [statusCode, status].find(
    (code): code is number => Number.isInteger(code) && (code as number) >= 400 && (code as number) <= 599,
  );
}

function saidStatus(value: Error): Pick<WireError, 'saidStatus'> {
  const status = statusOf(value);
  return status === undefined ? {} : { saidStatus: status };
}

function codeOf(value: Error): Pick<WireError, 'code' | 'status' | 'details'> {
  if (isNbserveError(value)) return { code: value.code, status: value.status, details: value.details };
  const code = (value as { code?: unknown }).code;
  return typeof code === 'string' ? { code } : {};
}
