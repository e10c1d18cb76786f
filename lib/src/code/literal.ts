import { isFunctionLike, type Node, staticKey, unwrap } from './parse.js';
import { type AccessorKey, isAccessorKey, type PathKey } from './path-key.js';

/** A function inside an object or array literal. */
export interface LiteralMember {
  readonly node: Node;
  /** A method or property must stay in braces; `before` and `after` are the text around it. */
  readonly before: string;
  readonly after: string;
}

/** A function that a literal took from elsewhere: `reference` stands in the literal, and `path` leads from its value to the function. */
export interface ReferredMember {
  readonly reference: Node;
  readonly path: readonly PathKey[];
  /** The literal copies all members: `{ ...reference }`. */
  readonly isSpread: boolean;
}

type AnyFunction = (...args: never[]) => unknown;
/** The value of an expression such as `a.b`, if it is known. */
type ValueOf = (reference: Node) => { readonly value: unknown } | undefined;

/**
 * Finds the source of `value`, which is at `path` in the value that the initialiser `init` made. Undefined if the initialiser has no function there, or
 * another one: then something was assigned later.
 * @param isMadeBy whether a node is the source of `value`
 */
export function literalMember(
  init: Node,
  path: readonly PathKey[],
  value: AnyFunction,
  known: ValueOf,
  isMadeBy: (node: Node) => boolean,
): LiteralMember | ReferredMember | undefined {
  let at: Node = unwrap(init);
  let property: Node | undefined;
  for (const [n, key] of path.entries()) {
    const rest = path.slice(n);
    if (isReference(at)) return { reference: at, path: rest, isSpread: false };
    if (isAccessorKey(key)) return accessor(at, key, value, isMadeBy);
    const found = at.type === 'ObjectExpression' ? propertyAt(at, key, known) : elementAt(at, key);
    if (!found) return undefined;
    if (found.type === 'SpreadElement') return { reference: unwrap(found.argument as Node), path: rest, isSpread: true };
    property = at.type === 'ObjectExpression' ? found : undefined;
    at = found.type === 'ObjectProperty' ? unwrap(found.value as Node) : unwrap(found);
  }
  if (isReference(at)) return { reference: at, path: [], isSpread: false };
  // The functions that a variable itself was given are found by its name.
  const isMember = path.length > 0 && (isFunctionLike(at) || (at.type === 'ObjectMethod' && at.kind === 'method'));
  if (!isMember || !looksLike(at, value, path.at(-1)) || !isMadeBy(at)) return undefined;
  if (!property) return { node: at, before: '(', after: ')' };
  return { node: property, before: '({', after: `})[${JSON.stringify(path.at(-1))}]` };
}

/** The part of an object literal that made a property: the last one counts. Undefined if that may be a part whose keys are not known. */
function propertyAt(literal: Node, key: PathKey, known: ValueOf): Node | undefined {
  if (typeof key !== 'string') return undefined;
  for (const part of (literal.properties as Node[]).toReversed()) {
    if (part.type === 'SpreadElement') {
      const spread = known(part.argument as Node);
      if (spread === undefined || Object.hasOwn(Object(spread.value) as object, key)) return spread && part;
    } else {
      const own = part.computed === true ? known(part.key as Node)?.value : staticKey(part);
      if (own === key || (typeof own === 'number' && String(own) === key)) return part;
    }
  }
  return undefined;
}

function elementAt(literal: Node, key: PathKey): Node | undefined {
  if (literal.type !== 'ArrayExpression' || (typeof key !== 'string' && typeof key !== 'number')) return undefined;
  const upTo = (literal.elements as (Node | null)[]).slice(0, Number(key) + 1);
  // What `...` adds moves the elements behind it.
  if (upTo.some((element) => element?.type === 'SpreadElement')) return undefined;
  return upTo[Number(key)] ?? undefined;
}

/** The function of a getter or setter. It has no name in the code, so it is read from a property. */
function accessor(
  literal: Node,
  { kind, of }: AccessorKey,
  value: AnyFunction,
  isMadeBy: (node: Node) => boolean,
): LiteralMember | undefined {
  if (literal.type !== 'ObjectExpression') return undefined;
  const node = (literal.properties as Node[]).findLast((one) => one.kind === kind && staticKey(one) === of);
  // One that `Object.defineProperty` has put there has another name.
  if (!node || value.name !== `${kind} ${of}` || value.length !== expectedLength(node.params as Node[]) || !isMadeBy(node))
    return undefined;
  return { node, before: 'Object.getOwnPropertyDescriptor({', after: `}, ${JSON.stringify(of)}).${kind}` };
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
export function requiredModule(node: Node): string | undefined {
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
