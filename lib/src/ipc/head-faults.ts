import type { CallKinds } from './channel.js';
import type { CallHead, ControlCallHead, ResponseHead } from './messages.js';

/** A call of the control plane. */
export const isControl = (head: CallHead): head is ControlCallHead => head.kind === 'control';

/** What is wrong with the head of a call that came in, or null. */
export function callHeadFault(head: CallHead, kinds: CallKinds | null): string | null {
  const given = head as { readonly [K in keyof ControlCallHead]?: unknown };
  if (given.length !== undefined && !Number.isSafeInteger(given.length)) return 'its length is not an integer';
  if (given.kind === 'control') return typeof given.op === 'string' ? null : 'its operation has no name';
  if (typeof given.kind !== 'string') return 'its kind is not a text';
  return kinds?.headFault(head) ?? null;
}

/** Why this cannot be the head of an answer to that call, or null. */
export function responseHeadFault(call: CallHead, answer: ResponseHead, kinds: CallKinds | null): string | null {
  if (!isControl(call)) return kinds?.answerFault(call, answer) ?? null;
  return answer.kind === 'value' ? null : `an answer of the kind ${JSON.stringify(answer.kind)} to a control call`;
}

/** Names a call in messages. */
export function callName(head: CallHead, kinds: CallKinds | null): string {
  if (isControl(head)) return `operation ${head.op}`;
  return kinds?.nameOf(head) ?? `${head.kind} call`;
}
