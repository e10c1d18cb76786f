import { type Node, unwrap } from './parse.js';

/** Methods whose callback has run when the statement has ended, or when what it awaits is there. */
const AT_ONCE = new Set('forEach map filter reduce some every flatMap then'.split(' '));

const isFunction = ({ type }: Node): boolean => type === 'FunctionExpression' || type === 'ArrowFunctionExpression';

export const isCall = ({ type }: Node): boolean => type === 'CallExpression' || type === 'OptionalCallExpression';

/** The function expressions whose code runs at the place of a call: its callee and, with `callbacks`, what `forEach`, `map` and the like get. */
export function functionsRunBy(call: Node, callbacks = true): readonly Node[] {
  const callee = unwrap(call.callee as Node);
  if (isFunction(callee)) return [callee];
  if (!callbacks || !callee.type.endsWith('MemberExpression') || callee.computed === true) return [];
  return AT_ONCE.has((callee.property as Node).name as string) ? (call.arguments as Node[]).filter(isFunction) : [];
}
