import { aboutInput, isAboutInput, isNbserveError, NbserveError } from './errors.js';
import { plainText } from './shown-value.js';
import { tellClients, toldText } from './told-text.js';

/** An error as it is sent to another process: JSON, with the stack of the process that threw it. */
export interface WireError {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  readonly code?: string;
  readonly status?: number;
  readonly details?: Readonly<Record<string, string | number>>;
  readonly cause?: WireError;
  /** True if it is about data from outside (`aboutInput`). */
  readonly input?: true;
  /** The HTTP status that user code gave the error. */
  readonly saidStatus?: number;
  /** As in http-errors: whether an HTTP client may read the message. */
  readonly expose?: boolean;
  /** What such a client reads of the message, if that is not all of it (`tellClients`). */
  readonly told?: string;
}

const MAX_CAUSES = 8;
const OURS = /^NBS_[A-Z\d_]+$/;
/** Classes that exist in every process, so that `instanceof` is true there too. */
const NATIVE: ReadonlyMap<string, ErrorConstructor> = new Map(
  [EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError].map((type) => [type.name, type]),
);

export function toWireError(value: unknown, depth = 0): WireError {
  if (!(value instanceof Error) && !isErrorLike(value)) return { name: 'Error', message: plainText(value) };
  const cause = (value as { cause?: unknown }).cause;
  const told = toldText(value);
  return {
    name: value.name,
    message: value.message,
    ...(typeof value.stack === 'string' ? { stack: value.stack } : {}),
    ...codeOf(value),
    ...saidStatus(value),
    ...(isAboutInput(value) ? { input: true } : {}),
    ...exposeOf(value),
    ...(told === value.message ? {} : { told }),
    ...(cause !== undefined && depth < MAX_CAUSES ? { cause: toWireError(cause, depth + 1) } : {}),
  };
}

/**
 * Rebuilds the error. A coded error becomes a `NbserveError` again. Another error keeps its name, message, stack, `code` and `status`, and its class if
 * that is a native one. It never throws: a field that has the wrong type, or a number that is no status, is left out.
 */
export function fromWireError(wire: WireError, depth = 0): Error {
  const { name, message, stack, code, status, details, cause: inner, saidStatus: said, expose, input, told } = fieldsOf(wire);
  const cause = inner === undefined || depth > MAX_CAUSES ? undefined : fromWireError(inner as WireError, depth + 1);
  const text = textOf(message) ?? '';
  const init = { message: text, details: detailsOf(details), cause, ...(typeof expose === 'boolean' ? { expose } : {}) };
  const error =
    typeof code === 'string' && OURS.test(code) && isErrorStatus(status)
      ? new NbserveError({ ...init, code, status })
      : Object.assign(
          new (NATIVE.get(name as string) ?? Error)(text, cause === undefined ? undefined : { cause }),
          typeof code === 'string' ? { code } : {},
          isErrorStatus(said) ? { status: said } : {},
          typeof expose === 'boolean' ? { expose } : {},
        );
  if (input === true && isNbserveError(error)) aboutInput(error);
  if (typeof told === 'string') tellClients(error, told);
  Object.defineProperty(error, 'name', { value: textOf(name) ?? 'Error', configurable: true, writable: true, enumerable: false });
  if (typeof stack === 'string') Object.defineProperty(error, 'stack', { value: stack, configurable: true, writable: true });
  return error;
}

type Fields = { readonly [K in keyof WireError]?: unknown };

const fieldsOf = (wire: unknown): Fields => (typeof wire === 'object' && wire !== null ? wire : { message: textOf(wire) });

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : undefined;
}

function detailsOf(details: unknown): Record<string, string | number> {
  if (typeof details !== 'object' || details === null) return {};
  const known = Object.entries(details).filter(([, value]) => typeof value === 'string' || typeof value === 'number');
  return Object.fromEntries(known) as Record<string, string | number>;
}

/** A whole number from 400 to 599. */
export function isErrorStatus(status: unknown): status is number {
  return Number.isInteger(status) && (status as number) >= 400 && (status as number) <= 599;
}

// An error of another realm, such as a notebook's vm context, is not an `instanceof Error` here.
function isErrorLike(value: unknown): value is Error {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as Error).message === 'string' &&
    typeof (value as Error).name === 'string'
  );
}

/** An error may name its HTTP status, in `statusCode` or `status`. This is a convention of Fastify, Koa and http-errors. */
export function statusOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || isNbserveError(error)) return undefined;
  const { statusCode, status } = error as { statusCode?: unknown; status?: unknown };
  return [statusCode, status].find(isErrorStatus);
}

/** An error may say in `expose` whether its message is for the client. This is a convention of http-errors and Koa. */
export function exposeOf(error: unknown): { readonly expose?: boolean } {
  if (typeof error !== 'object' || error === null) return {};
  const { expose } = error as { expose?: unknown };
  return typeof expose === 'boolean' ? { expose } : {};
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
