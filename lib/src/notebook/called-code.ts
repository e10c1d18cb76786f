import { childrenOf, isNode, type Node, type Reference, unwrap } from '../code/index.js';
import type { Statement } from './statement.js';

type Find = (name: string) => Statement | undefined;

/** The statements that declare the functions and classes with these names, and those that these call in turn. */
export function codeOf(called: Iterable<string>, declaring: Find): ReadonlySet<Statement> {
  const found = new Set<Statement>();
  const add = (names: Iterable<string>): void => {
    for (const name of names) {
      const code = declaring(name);
      if (code === undefined || found.has(code)) continue;
      found.add(code);
      add(code.inside.called);
    }
  };
  add(called);
  return found;
}

export const isWritten = ({ kind }: Reference): boolean => kind === 'write' || kind === 'mutate';

/** Names that the functions of a statement give a value, or whose values they change. */
export function changedInside({ uses, inside }: Statement): ReadonlySet<string> {
  const written = uses.filter((use) => use.depth > 0 && isWritten(use));
  return new Set([...written, ...inside.calls.filter(({ isKnown }) => isKnown)].map(({ name }) => name));
}

const FUNCTION = /Function|Method/;

/** Whether a name is a function that returns nothing, so that it is called only for what it does. */
export function returnsNothing(name: string, { values }: Statement): boolean {
  const declared = values.get(name)?.node;
  const node = isNode(declared) ? unwrap(declared) : undefined;
  if (node === undefined || !FUNCTION.test(node.type) || node.generator === true) return false;
  const returns = (one: Node): boolean =>
    (one.type === 'ReturnStatement' && isNode(one.argument)) ||
    (!FUNCTION.test(one.type) && !one.type.startsWith('Class') && childrenOf(one).some(returns));
  return isNode(node.body) && node.body.type === 'BlockStatement' && !returns(node.body);
}

/** Whether a variable is declared without a value. */
export function isUnset(name: string, { values }: Statement): boolean {
  const { kind, node } = values.get(name) ?? {};
  if (kind !== 'let') return false;
  return !isNode(node) || node.type === 'NullLiteral' || (node.type === 'Identifier' && node.name === 'undefined');
}
