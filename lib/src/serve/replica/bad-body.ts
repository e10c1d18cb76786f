import { type NbserveError, tellClients, withFramesOf } from '../../core/index.js';
import { BadForm, BadJson, BodyNotObject } from './errors.js';

/** The format in which the body was read although it has another one. */
export type BodyForm = 'json' | 'form';

/** Errors of `request.json()` and `request.formData()`. If user code does not catch one, the client gets status 400 and not 500. */
const marked = new WeakMap<object, BodyForm>();

export function markBadBody(error: unknown, form: BodyForm): unknown {
  if (typeof error === 'object' && error !== null) marked.set(error, form);
  return error;
}

/** The error for the client if `thrown` is one of these; otherwise null. */
export function badBody(thrown: unknown): NbserveError | null {
  const form = typeof thrown === 'object' && thrown !== null ? marked.get(thrown) : undefined;
  if (form === undefined) return null;
  const reason = (thrown as Error).message;
  return form === 'json' ? BadJson({ reason }, thrown) : BadForm({ reason }, thrown);
}

/**
 * The error for the client if user code failed to read a member of a body that has none; otherwise null. `const { input } = await request.json()` throws a
 * TypeError for the body `null`, and the code behind it does for a number, because `input` is undefined.
 * @param simple what the body is, if it is neither an object nor a list
 */
export function notObject(thrown: unknown, simple: string | null): NbserveError | null {
  if (simple === null || !(thrown instanceof TypeError)) return null;
  // The reason is a message of user code.
  const told = `the request body is ${simple}, but the handler expects something else; send what it reads, for example a JSON object`;
  return tellClients(withFramesOf(BodyNotObject({ what: simple, reason: thrown.message }, thrown), thrown), told);
}
