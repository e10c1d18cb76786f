import type { CallHead, ResponseHead } from './messages.js';

type Fields<T> = { readonly [K in keyof T]?: unknown };
/** All fields that any of the heads has. */
type AnyOf<T> = T extends unknown ? Fields<T> : never;

const isText = (value: unknown): boolean => typeof value === 'string';
const isAbsent = (value: unknown): boolean => value === undefined;
/** JSON has no NaN and no Infinity, but `1e999` becomes one. */
const isAmount = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value) && value >= 0;

/** What is wrong with the head of a call, or null: whoever takes the call may rely on its types. */
export function callHeadFault(head: CallHead): string | null {
  const given = head as AnyOf<CallHead> &
    Fields<Extract<CallHead, { kind: 'http' }>> & { readonly op?: unknown; readonly modelId?: unknown };
  if (!isAbsent(given.length) && !Number.isSafeInteger(given.length)) return 'its length is no whole number';
  if (given.kind === 'control') return isText(given.op) ? null : 'its operation has no name';
  if (given.kind !== 'http' && given.kind !== 'method') return 'it is of no kind that is known';
  if (!isText(given.method) || !isText(given.requestId)) return 'it has no method or no id';
  if (![given.deadlineMs, given.budgetMs].every((ms) => isAbsent(ms) || isAmount(ms))) return 'its time is no number';
  if (!isAbsent(given.budgetOf) && !isText(given.budgetOf)) return 'its deadline is of nobody';
  if (given.kind === 'method') return isAbsent(given.modelId) || isText(given.modelId) ? null : 'its model has no name';
  if (![given.url, given.host, given.prefix].every(isText)) return 'it has no URL, host or prefix';
  return headersFault(given.headers);
}

/** Why this is no answer to that call, or null. What HTTP asks of it is for those to see who pass it on over HTTP. */
export function responseHeadFault(call: CallHead, { kind }: ResponseHead): string | null {
  if (call.kind === 'http') return null;
  const fits = kind === 'value' || (kind === 'items' && call.kind === 'method');
  return fits ? null : `an answer of the kind ${JSON.stringify(kind)} to a ${call.kind} call`;
}

/** What is wrong with a list of name, value, name, value, …, or null. */
export function headersFault(headers: unknown): string | null {
  if (!Array.isArray(headers) || headers.length % 2 !== 0) return 'its headers are no list of names and values';
  return headers.every(isText) ? null : 'a header is no text';
}
