import type { NbserveError } from '../../core/index.js';
import { BadForm, BadJson } from './errors.js';

/** What a body was read as when it turned out to be something else. */
export type BodyForm = 'json' | 'form';

/** Errors of `request.json()` and `request.formData()`: if user code lets one pass, the client gets a 400 and not a 500. */
const marked = new WeakMap<object, BodyForm>();

export function markBadBody(error: unknown, form: BodyForm): unknown {
  if (typeof error === 'object' && error !== null) marked.set(error, form);
  return error;
}

/** The error for the client, if `thrown` is one of these. */
export function badBody(thrown: unknown): NbserveError | null {
  const form = typeof thrown === 'object' && thrown !== null ? marked.get(thrown) : undefined;
  if (form === undefined) return null;
  const reason = (thrown as Error).message;
  return form === 'json' ? BadJson({ reason }, thrown) : BadForm({ reason }, thrown);
}
