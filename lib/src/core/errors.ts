/**
 * Coded errors: every error that a user can meet has a code, a message that names what would be valid, and an HTTP status.
 * It is the entry `nbserve/errors` as well, and imports nothing: the kernel loads it before it answers Jupyter.
 */

// A parameter's name has no space in it: `{ routePrefix }` in a message is code that the message shows.
type Params<T extends string> = T extends `${string}{${infer Name}}${infer Rest}`
  ? (Name extends `${string} ${string}` ? never : Name) | Params<Rest>
  : never;
type ParamValues<T extends string> = { readonly [K in Params<T>]: string | number };

export interface NbserveErrorInit {
  readonly code: string;
  readonly status: number;
  readonly message: string;
  readonly details?: Readonly<Record<string, string | number>>;
  readonly cause?: unknown;
  readonly expose?: boolean;
}

const MARK = Symbol.for('nbserve.error');

/** An error with a stable code. Recognise it with {@link isNbserveError}, which works across copies of this module. */
export class NbserveError extends Error {
  /** Stable identifier, `NBS_…`; the list is in `docs/errors.md`. */
  readonly code: string;
  /** The HTTP status with which the error is sent to an HTTP client. */
  readonly status: number;
  /** The values that the message was made of. */
  readonly details: Readonly<Record<string, string | number>>;
  /** Whether an HTTP client without the cluster's token may read the message. If it is `undefined`, the code decides. */
  declare readonly expose?: boolean;

  constructor(init: NbserveErrorInit) {
    super(init.message, init.cause === undefined ? undefined : { cause: init.cause });
    this.name = 'NbserveError';
    this.code = init.code;
    this.status = init.status;
    this.details = init.details ?? {};
    if (init.expose !== undefined) this.expose = init.expose;
    Object.defineProperty(this, MARK, { value: true });
  }
}

export function isNbserveError(value: unknown): value is NbserveError {
  return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[MARK] === true;
}

/** Gives an error that explains another one the frames of that one, which say where in the user's code it happened. */
export function withFramesOf(error: NbserveError, thrown: Error): NbserveError {
  const frames = /\n {4}at [\s\S]*$/.exec(String(thrown.stack))?.[0];
  if (frames !== undefined) Object.defineProperty(error, 'stack', { value: `${error.name}: ${error.message}${frames}` });
  return error;
}

const INPUT = Symbol.for('nbserve.error.input');

/**
 * Marks a coded error as one about data from outside, such as the bytes of an upload. If the code that answers a request does not catch it, the
 * client gets the error's own status, because the request was wrong and not the code.
 */
export function aboutInput(error: NbserveError): NbserveError {
  Object.defineProperty(error, INPUT, { value: true });
  return error;
}

export function isAboutInput(value: unknown): value is NbserveError {
  return isNbserveError(value) && (value as unknown as Record<symbol, unknown>)[INPUT] === true;
}

/** True if `value` is a coded error with this code. */
export function hasCode(value: unknown, definition: { readonly code: string }): boolean {
  return isNbserveError(value) && value.code === definition.code;
}

export interface ErrorDefinition<T extends string = string> {
  (
    ...args: Params<T> extends never
      ? [params?: Record<string, never>, cause?: unknown]
      : [params: ParamValues<T>, cause?: unknown]
  ): NbserveError;
  readonly code: string;
  readonly status: number;
  readonly template: T;
}

const codes = new Set<string>();

/**
 * Defines a coded error and returns the function that makes it.
 * @param status HTTP status, 400–599
 * @param template message; `{name}` stands for a parameter
 * @throws Error if the code exists already
 */
export function defineError<const T extends string>(code: `NBS_${string}`, status: number, template: T): ErrorDefinition<T> {
  if (codes.has(code)) throw new Error(`error code ${code} is defined twice`);
  const make = (params: Readonly<Record<string, string | number>> = {}, cause?: unknown): NbserveError => {
    const message = template.replace(/\{(\w+)\}/g, (_, name: string) => String(params[name]));
    const error = new NbserveError({ code, status, message, details: params, cause });
    Error.captureStackTrace(error, make);
    return error;
  };
  codes.add(code);
  return Object.assign(make, { code, status, template }) as unknown as ErrorDefinition<T>;
}

const MOST = 20;

/** Names for a message: `a, b, c`, or `none`. Of more than 20 names, only the first 20. */
export function listOf(names: readonly string[]): string {
  if (names.length === 0) return 'none';
  if (names.length <= MOST) return names.join(', ');
  return `${names.slice(0, MOST).join(', ')} and ${names.length - MOST} more`;
}
