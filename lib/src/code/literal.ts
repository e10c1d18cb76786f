import { isFunctionLike, type Node, staticKey, unwrap } from './parse.js';
import type { PathKey } from './value-encode.js';

/** A function inside an object or array literal. */
export interface LiteralMember {
  readonly node: Node;
  /** A method or property must stay in braces; `before` and `after` are the text around it. */
  readonly before: string;
  readonly after: string;
}

type AnyFunction = (...args: never[]) => unknown;

/**
 * Finds the source of `value`, which is at `path` in the value that the initialiser `init` made. Undefined if the initialiser has no function there, or
 * another one: then something was assigned later.
 */
export function literalMember(init: Node, path: readonly PathKey[], value: AnyFunction): LiteralMember | undefined {
  let at: Node = unwrap(init);
  let property: Node | undefined;
  for (const key of path) {
    property = undefined;
    if (at.type === 'ObjectExpression') {
      property = (at.properties as Node[]).findLast((candidate) => staticKey(candidate) === key);
      if (!property) return undefined;
      at = property.type === 'ObjectMethod' ? property : unwrap(property.value as Node);
    } else if (at.type === 'ArrayExpression' && typeof key === 'string') {
      const element = (at.elements as (Node | null)[])[Number(key)];
      if (!element) return undefined;
      at = unwrap(element);
    } else if (at.type === 'ArrayExpression' && typeof key === 'number') {
      const element = (at.elements as (Node | null)[])[key];
      if (!element) return undefined;
      at = unwrap(element);
    } else return undefined;
  }
  if (at.type === 'ObjectMethod' && at.kind !== 'method') return undefined;
  if (isReference(at)) return { node: at, before: '(', after: ')' };
  if (!(isFunctionLike(at) || at.type === 'ObjectMethod') || !looksLike(at, value, path.at(-1))) return undefined;
  if (!property) return { node: at, before: '(', after: ')' };
  return { node: property, before: '({', after: `})[${JSON.stringify(staticKey(property))}]` };
}

// A function that was assigned later almost always has another name or other parameters.
function looksLike(node: Node, value: AnyFunction, key: PathKey | undefined): boolean {
  const own = (node.id as Node | null | undefined)?.name as string | undefined;
  const isClass = node.type === 'ClassExpression';
  if (isClass !== /^class\b/.test(Function.prototype.toString.call(value))) return false;
  if (value.name !== (own ?? (typeof key === 'string' ? key : ''))) return false;
  return isClass || value.length === expectedLength(node.params as Node[]);
}

function expectedLength(parameters: readonly Node[]): number {
  const real = parameters.filter((parameter) => parameter.name !== 'this');
  const optional = real.findIndex((parameter) => parameter.type === 'AssignmentPattern' || parameter.type === 'RestElement');
  return optional < 0 ? real.length : optional;
}

/** True for `a`, `a.b.c`, `require('m')`: expressions that refer to a value and do not make a new one. */
export function isReference(expression: Node): boolean {
  const node = unwrap(expression);
  if (node.type === 'Identifier') return true;
  if (node.type === 'MemberExpression') return node.computed !== true && isReference(node.object as Node);
  return requiredModule(node) !== undefined;
}

/** The module of `require('m')`. */
function requiredModule(node: Node): string | undefined {
  return node.type === 'CallExpression' && (node.callee as Node).name === 'require' ? literalArgument(node) : undefined;
}

/** The module of `await import('m')`. */
export function awaitedModule(expression: Node): string | undefined {
  const node = unwrap(expression);
  if (node.type !== 'AwaitExpression') return undefined;
  const call = unwrap(node.argument as Node);
  return call.type === 'CallExpression' && (call.callee as Node).type === 'Import' ? literalArgument(call) : undefined;
}

function literalArgument(call: Node): string | undefined {
  const first = (call.arguments as Node[])[0];
  return first?.type === 'StringLiteral' ? (first.value as string) : undefined;
}
