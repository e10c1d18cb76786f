import { types } from 'node:util';
import type { Catalog } from './catalog.js';
import type { Cell } from './cell.js';
import type { Declaration } from './declaration.js';
import { childrenOf, isNode, type Node, unwrap } from './parse.js';
import { patternParts } from './pattern.js';
import { isCall } from './run-at-once.js';
import { resolve } from './scope.js';

type AnyFunction = (...args: never[]) => unknown;

/** A property that code has put on a class or function, which its declaration does not show. */
export interface SetProperty {
  readonly key: string;
  readonly value: unknown;
}

/** Methods that change a Map, Set or array. */
const CHANGES = /^(set|add|delete|clear|push|pop|shift|unshift|splice|sort|reverse|fill|copyWithin)$/;
/** Functions that change their first argument. */
const CHANGERS = /^(assign|defineProperty|defineProperties|set)$/;

/**
 * The properties of a function, and the static fields of a class that a statement outside of the class has changed: `Config.limit = 5`,
 * `Config.names.push('x')`. The other static fields are what their initialisers give in each process.
 */
export function setProperties(value: AnyFunction, declaration: Declaration | null, catalog: Catalog): readonly SetProperty[] {
  if (types.isProxy(value)) return [];
  const set = Object.entries(Object.getOwnPropertyDescriptors(value)).filter(([, one]) => one.enumerable && 'value' in one);
  if (set.length === 0) return [];
  const written = declaration ? writesTo(declaration, catalog) : [];
  const isClass = /^class\b/.test(Function.prototype.toString.call(value));
  // A namespace of the same name has properties, too.
  const declaresSome = isClass || (declaration?.parts.length ?? 0) > 1;
  return set.flatMap(([key, descriptor]) => {
    if (declaresSome && !written.some((one) => one.key === key || one.key === null)) return [];
    return [{ key, value: descriptor.value as unknown }];
  });
}

/** A place at which code changes what a name means. */
interface Write {
  readonly name: string;
  /** Where the name is. */
  readonly start: number;
  /** The property of the name's value; null if it is not known. */
  readonly key: string | null;
}

/** The writes outside of a class or function: inside of a class, its name is another one. */
export function writesTo(declaration: Declaration, catalog: Catalog): readonly Write[] {
  const { name } = declaration;
  return catalog.cellsThatUse(declaration).flatMap((cell) => {
    const { references, scope } = cell.analysis;
    const target = cell === declaration.cell ? scope : null;
    // What an older cell did at once, it did to something else.
    const isOlder = cell.order < declaration.cell.order;
    const isMeant = (start: number): boolean =>
      references.some(
        (one) => one.start === start && one.name === name && resolve(one) === target && !(isOlder && one.depth === 0),
      );
    return writesIn(cell).filter((one) => one.name === name && isMeant(one.start));
  });
}

const known = new WeakMap<Cell, readonly Write[]>();

function writesIn(cell: Cell): readonly Write[] {
  const before = known.get(cell);
  if (before) return before;
  const found: Write[] = [];
  const visit = (node: Node): void => {
    found.push(...writesOf(node));
    for (const child of childrenOf(node)) visit(child);
  };
  for (const statement of cell.statements) visit(statement);
  known.set(cell, found);
  return found;
}

function writesOf(node: Node): readonly Write[] {
  const isLoop = node.type === 'ForOfStatement' || node.type === 'ForInStatement';
  if (node.type !== 'AssignmentExpression' && !isLoop) return [writeOf(node)].filter((write) => write !== undefined);
  // A declaration has no properties as targets.
  const targets = [...patternParts(node.left)].filter(({ isTarget }) => isTarget);
  return targets.map((one) => through(one.node)).filter((write) => write !== undefined);
}

function writeOf(node: Node): Write | undefined {
  if (node.type === 'UpdateExpression') return through(node.argument as Node);
  if (!isCall(node)) return undefined;
  const { object, property, computed } = unwrap(node.callee as Node);
  if (!isNode(object) || !isNode(property) || computed === true) return undefined;
  const method = property.name as string;
  if (CHANGES.test(method) && isMember(unwrap(object))) return through(object);
  const isChanger = (object.name === 'Object' || object.name === 'Reflect') && CHANGERS.test(method);
  const [first] = node.arguments as Node[];
  if (!isChanger || !first) return undefined;
  const changed = unwrap(first);
  if (changed.type !== 'Identifier') return through(changed);
  return { name: changed.name as string, start: changed.start, key: null };
}

const isMember = ({ type }: Node): boolean => type === 'MemberExpression' || type === 'OptionalMemberExpression';

/** The name and the first property of `Name.key.other`. */
function through(target: Node): Write | undefined {
  let at = unwrap(target);
  let first: Node | undefined;
  for (; isMember(at); at = unwrap(at.object as Node)) first = at;
  if (at.type !== 'Identifier' || !first) return undefined;
  const property = first.property as Node;
  const key = (first.computed === true ? property.value : property.name) as string | number | undefined;
  return { name: at.name as string, start: at.start, key: key === undefined ? null : String(key) };
}
