import { types } from 'node:util';
import { type Catalog, declarationKey } from './catalog.js';
import type { Cell } from './cell.js';
import { type Declaration, isVariable } from './declaration.js';
import { awaitedModule, isReference, type LiteralMember, literalMember, type ReferredMember } from './literal.js';
import { type Node, unwrap } from './parse.js';
import { isAccessorKey, type PathKey } from './path-key.js';
import type { SourceRegistryOptions } from './types.js';

type AnyFunction = (...args: never[]) => unknown;
type Known = { readonly value: unknown } | undefined;

/** The source of a function in a value. */
export interface MemberSource extends LiteralMember {
  /** It is the same for the same function, whichever variable led to it. */
  readonly key: string;
  readonly cell: Cell;
  readonly name: string;
}

/** So many variables may lead from one to another. */
const MOST_STEPS = 20;

/** Finds the sources of functions that have no name of their own, in the literals from which the variables were made. */
export class MemberSources {
  readonly #catalog: Catalog;
  readonly #options: SourceRegistryOptions;

  constructor(catalog: Catalog, options: SourceRegistryOptions) {
    this.#catalog = catalog;
    this.#options = options;
  }

  /** The source of `member`, which is at `path` in the value of a variable. */
  find(member: AnyFunction, path: readonly PathKey[], declaration: Declaration): MemberSource | undefined {
    const { node } = declaration;
    // A variable that is another name for something is sent as a whole.
    if (!node || declaration.path !== '' || (path.length > 0 && isReference(node))) return undefined;
    return this.#find(member, path, declaration, 0);
  }

  #find(member: AnyFunction, path: readonly PathKey[], declaration: Declaration, steps: number): MemberSource | undefined {
    const { cell, node } = declaration;
    if (!node || declaration.path === undefined || steps > MOST_STEPS) return undefined;
    const isMadeBy = (source: Node): boolean => {
      const likeness = this.#catalog.likeness(member, { cell, node: source });
      return likeness === 'same' || (likeness === 'unknown' && !this.#catalog.isChanged(declaration, path));
    };
    const keys = [...keysIn(declaration.path), ...path];
    const found = literalMember(node, keys, member, (one) => this.valueOf(one, cell), isMadeBy);
    if (!found) return undefined;
    const words = path.map((key) => (isAccessorKey(key) ? `${key.of}_${key.kind}` : key));
    const source = {
      key: `${declarationKey(declaration)}${JSON.stringify(path)}`,
      cell,
      name: [declaration.name, ...words].join('_').replace(/[^\p{ID_Continue}$]/gu, '_'),
    };
    if ('node' in found) return { ...source, ...found };
    const { reference, path: rest, isSpread } = found;
    const known = this.valueOf(reference, cell);
    const there = known && dataAt(known.value, rest);
    // Something else was assigned later. If only a getter gives the value, there is nothing to compare.
    if (there && there.value !== member) return undefined;
    const variable = this.#variableOf(reference, cell);
    // If the literal of another variable made it, both variables have the same function in the replica, too.
    const other = variable && this.#find(member, [...variable.keys, ...rest], variable.declaration, steps + 1);
    if (other) return other;
    // An object of a package is not sent in parts.
    if (rest.some(isAccessorKey) || (rest.length > 0 && !isSpread && steps === 0)) return undefined;
    // That variable's value would be sent with the function, whose source is not known.
    if (variable && !isModule(variable.declaration) && this.#isOwn(found, cell)) return undefined;
    return { ...source, node: reference, before: '(', after: `)${rest.map((key) => `[${JSON.stringify(key)}]`).join('')}` };
  }

  /** True for an own member of an object, and not of its class, and for a variable. */
  #isOwn({ reference, path }: ReferredMember, cell: Cell): boolean {
    const keys = [...path];
    let holder = reference;
    if (keys.length === 0) {
      if (reference.type !== 'MemberExpression') return true;
      keys.push((reference.property as Node).name as string);
      holder = reference.object as Node;
    }
    const key = keys.pop() as string;
    const known = this.valueOf(holder, cell);
    const object = known && dataAt(known.value, keys)?.value;
    return typeof object === 'object' && object !== null && Object.hasOwn(object, key);
  }

  /** False if a variable that is another name for something was given something else. */
  isInitial(declaration: Declaration, value: unknown): boolean {
    const { node, path, cell } = declaration;
    if (!this.#catalog.isAssigned(declaration)) return true;
    const known = node === null ? undefined : this.valueOf(node, cell);
    return known !== undefined && dataAt(known.value, keysIn(path ?? ''))?.value === value;
  }

  /** The variable of `a` or `a.b.c`, and the keys behind it. */
  #variableOf(reference: Node, cell: Cell): { readonly declaration: Declaration; readonly keys: string[] } | undefined {
    const keys: string[] = [];
    let at = unwrap(reference);
    for (; at.type === 'MemberExpression'; at = unwrap(at.object as Node)) keys.unshift((at.property as Node).name as string);
    const declaration = at.type === 'Identifier' ? this.#declarationOf(at.name as string, cell) : undefined;
    return declaration && isVariable(declaration) ? { declaration, keys } : undefined;
  }

  #declarationOf(name: string, cell: Cell): Declaration | undefined {
    return cell.declarations.get(name) ?? this.#catalog.find(name, cell, true);
  }

  /** The value of `a`, `a.b` or a literal in the code of a cell. Undefined if it is not known, or only code that would have to run knows it. */
  valueOf(expression: Node, cell: Cell): Known {
    const node = unwrap(expression);
    if (node.type === 'StringLiteral' || node.type === 'NumericLiteral') return { value: node.value };
    if (node.type === 'MemberExpression' && node.computed !== true) {
      const object = this.valueOf(node.object as Node, cell);
      return object && dataAt(object.value, [(node.property as Node).name as string]);
    }
    if (node.type !== 'Identifier') return undefined;
    const name = node.name as string;
    const declaration = this.#declarationOf(name, cell);
    if (declaration && !this.#catalog.isLatest(declaration)) return declaration.cell.valueOf(name);
    const value = this.#valueNow(name);
    if (value !== undefined || this.#options.has?.(name) === true) return { value };
    return declaration ? undefined : dataAt(globalThis, [name]);
  }

  #valueNow(name: string): unknown {
    try {
      return this.#options.lookup(name);
    } catch {
      // Its declaration has not run.
      return undefined;
    }
  }
}

const isModule = ({ node }: Declaration): boolean => node !== null && awaitedModule(node) !== undefined;

/** The keys of a declaration's path: `["a"][0]`. */
const keysIn = (path: string): PathKey[] =>
  Array.from(path.matchAll(/\[("(?:[^"\\]|\\.)*"|\d+)\]/g), ([, key]) => JSON.parse(key as string) as string | number);

/** What is at a path, if no getter has to run for it. */
function dataAt(value: unknown, path: readonly PathKey[]): Known {
  let known: Known = { value };
  for (const key of path) known = known && memberOf(known.value, key);
  return known;
}

function memberOf(holder: unknown, key: PathKey): Known {
  const isObject = (typeof holder === 'object' && holder !== null) || typeof holder === 'function';
  if (!isObject || types.isProxy(holder)) return undefined;
  if (isAccessorKey(key)) return { value: Object.getOwnPropertyDescriptor(holder, key.of)?.[key.kind] };
  for (let at: object | null = holder; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    const descriptor = Object.getOwnPropertyDescriptor(at, key as string);
    if (descriptor) return 'value' in descriptor ? { value: descriptor.value } : undefined;
  }
  return { value: undefined };
}
