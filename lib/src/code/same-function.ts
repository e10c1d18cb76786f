import { childrenOf, isNode, isTypeWrapper, type Node, parseCell, unwrap } from './parse.js';

/**
 * True for the syntax from which the text of a function was compiled, as far as can be told: it has the same names, literals and operators in the same
 * order. The compiler removes types, and the host adds calls of its own. A function with JSX, an enum or decorators is not recognised.
 */
export function compiledFrom(text: string): (node: Node) => boolean {
  const [statement] = parseCell(`return ${text}`);
  const compiled = statement === undefined ? undefined : wordsOf(statement);
  return (node) => compiled !== undefined && wordsOf(node) === compiled;
}

/** The names in code that only a host or the compiler writes. */
const OF_HOST = /^__nbs|^__name$|^exports$/;

function wordsOf(root: Node): string {
  const words: unknown[] = [];
  const visit = (node: Node): void => {
    if ((node.type.startsWith('TS') && !isTypeWrapper(node)) || node.declare === true || isOfHost(node)) return;
    const inner = insideOfHost(node);
    if (inner !== undefined) {
      if (inner !== null) visit(inner);
      return;
    }
    words.push(...ownWords(node));
    for (const child of childrenOf(node)) visit(child);
  };
  visit(root);
  return JSON.stringify(words);
}

function ownWords(node: Node): unknown[] {
  if (node.type === 'Identifier') {
    const name = node.name as string;
    // TypeScript's parameter `this` is removed.
    return name === 'this' || OF_HOST.test(name) ? [] : [name];
  }
  if (node.type === 'RegExpLiteral') return [node.pattern, node.flags];
  if (node.type === 'TemplateElement') return [(node.value as { cooked?: string }).cooked];
  if (node.type.endsWith('Literal') && 'value' in node) return [node.value];
  return typeof node.operator === 'string' ? [node.operator] : [];
}

/** True for `typeof __nbs_loop === 'function' && __nbs_loop()`, and for `typeof __nbs === 'object' ? __nbs.import : …`. */
function isOfHost(node: Node): boolean {
  const test = node.type === 'LogicalExpression' ? node.left : node.type === 'ConditionalExpression' ? node.test : undefined;
  const operand = isNode(test) && test.type === 'BinaryExpression' ? (test.left as Node) : undefined;
  return operand?.type === 'UnaryExpression' && isNameOfHost(operand.argument);
}

/** What is inside of `__nbs_source("…", f)`, `__name(f, "f")` or `(0, exports.f)`; null if nothing of the user's is. Undefined for the user's own code. */
function insideOfHost(node: Node): Node | null | undefined {
  if (node.type === 'SequenceExpression') {
    const [zero, name, ...others] = node.expressions as Node[];
    return zero?.type === 'NumericLiteral' && zero.value === 0 && others.length === 0 ? name : undefined;
  }
  if (node.type !== 'CallExpression' || !isNameOfHost(node.callee)) return undefined;
  const [first, second] = node.arguments as Node[];
  const value = (node.callee as Node).name === '__name' ? first : second;
  return value === undefined || value.type === 'Identifier' || value.type === 'ThisExpression' ? null : unwrap(value);
}

const isNameOfHost = (node: unknown): boolean => isNode(node) && node.type === 'Identifier' && OF_HOST.test(node.name as string);
