import { isNode, type SyntaxNode, walk } from '../syntax.js';

/** Methods that store their arguments in their object and do not call them. */
const STORES = /^(push|unshift|splice|set|add|fill|with)$/;

/** Functions that change their first argument. */
const CHANGES = /^(assign|defineProperty|defineProperties|setPrototypeOf|set)$/;

/** With these, reading a property runs code, and the type of the object does not show it. */
export const DYNAMIC = /\b(?:Proxy|definePropert(?:y|ies)|__defineGetter__)\b/;

const CALL = /^(Optional)?CallExpression$/;
const MEMBER = /^(Optional)?MemberExpression$/;

/** Tells whether a node is a call like `x.push(f)`, which stores its arguments and does not call them. */
export function isStoringCall({ type, callee }: SyntaxNode): boolean {
  return (
    CALL.test(type) && isNode(callee) && MEMBER.test(callee.type) && STORES.test(String((callee.property as SyntaxNode).name))
  );
}

/** Returns the names whose values code changes without assigning them. */
export function mutatedNames(program: SyntaxNode, text: string): ReadonlySet<string> {
  const found = new Set<string>();
  const add = (node: unknown): void => {
    const name = rootOf(node);
    if (name !== undefined) found.add(name);
  };
  if (!/\.\s*(?:push|unshift|splice|set|add|fill|with|assign|define\w+)\b|\]\s*\W?=|\.\s*[\w$#]+\s*\W{0,3}=/.test(text))
    return found;
  walk(program, (node) => {
    if (isStoringCall(node)) add((node.callee as SyntaxNode).object);
    if (CALL.test(node.type)) {
      const { callee, arguments: given } = node as unknown as { callee: SyntaxNode; arguments: SyntaxNode[] };
      const isChange = MEMBER.test(callee.type) && /^(Object|Reflect)$/.test(String((callee.object as SyntaxNode).name));
      if (isChange && CHANGES.test(String((callee.property as SyntaxNode).name))) add(given[0]);
    }
    if (node.type === 'AssignmentExpression' && isNode(node.left) && MEMBER.test(node.left.type)) add(node.left);
    return undefined;
  });
  return found;
}

/** Returns `a` of `a.b().c`. */
export function rootOf(node: unknown): string | undefined {
  let root: unknown = node;
  while (isNode(root) && root.type !== 'Identifier') root = root.object ?? root.callee ?? root.expression;
  return isNode(root) ? (root.name as string) : undefined;
}
