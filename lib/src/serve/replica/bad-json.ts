/** Errors of `request.json()`: where user code lets one pass, the client gets a 400 and not a 500. */
const marked = new WeakSet<object>();

export function markBadJson(error: unknown): unknown {
  if (typeof error === 'object' && error !== null) marked.add(error);
  return error;
}

export const isBadJson = (error: unknown): boolean => typeof error === 'object' && error !== null && marked.has(error);
