/** What is shown as an error: one, or an object that looks like one, as errors of other programs do. */
export interface ErrorLike {
  readonly name: string;
  readonly message: string;
  readonly stack?: unknown;
  readonly cause?: unknown;
  readonly code?: unknown;
}

/** Never throws, whatever the value is: a getter, or a proxy that was revoked, may throw. */
export function isErrorLike(value: unknown): value is ErrorLike {
  try {
    return (
      typeof value === 'object' &&
      value !== null &&
      typeof (value as ErrorLike).message === 'string' &&
      typeof (value as ErrorLike).name === 'string'
    );
  } catch {
    return false;
  }
}

/** The stack of an error, '' if it has none or if reading it fails. */
export function stackOf(error: unknown): string {
  try {
    return typeof error === 'object' && error !== null ? String((error as { stack?: unknown }).stack ?? '') : '';
  } catch {
    return '';
  }
}

/** The error of a disposal that came while another error was on its way. Node 20 has no class for it. */
export const isSuppressed = (error: ErrorLike): error is ErrorLike & Readonly<Record<'error' | 'suppressed', unknown>> =>
  error.name === 'SuppressedError' && 'error' in error && 'suppressed' in error;

const BUILTIN = /^(Aggregate|Eval|Range|Reference|Suppressed|Syntax|Type|URI)?Error$/;
/** Programs that make code smaller call classes `e`, `t` or `Xt`, which says nothing. */
const WRITTEN_BY_A_PERSON = /^(?!\p{Ll}).{3}/u;

/** The name of an error. A class of errors without a name of its own has inherited one, such as `Error`, and is called by its own. */
export function nameOf(error: ErrorLike): string {
  const name = String(error.name || 'Error');
  if (Object.hasOwn(error, 'name') || !BUILTIN.test(name)) return name;
  const own = (error as { readonly constructor?: { readonly name?: unknown } }).constructor?.name;
  return typeof own === 'string' && WRITTEN_BY_A_PERSON.test(own) && own !== 'Object' ? own : name;
}
