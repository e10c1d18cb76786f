import { builtinPath } from './builtins.js';
import { type Catalog, declarationKey, type FunctionSource } from './catalog.js';
import { type Declaration, isVariable } from './declaration.js';
import { isFile } from './hooks.js';
import { awaitedModule, isReference } from './literal.js';
import { MemberSources } from './member-sources.js';
import { isNode, type Node } from './parse.js';
import type { PathKey } from './path-key.js';
import { Refusal } from './refusal.js';
import { setProperties } from './set-properties.js';
import type { SourceRegistryOptions } from './types.js';
import type { Unit } from './unit.js';
import type { UnitTable } from './unit-table.js';
import { OwnProperty, ValueEncoder } from './value-encode.js';

type AnyFunction = (...args: never[]) => unknown;

/** Makes the unit for a name or a function value: from its source if it has one, else from its value. */
export class UnitBuilder {
  readonly values = new ValueEncoder();
  readonly notes = new Map<string, string>();

  readonly #table: UnitTable;
  readonly #catalog: Catalog;
  readonly #options: SourceRegistryOptions;
  readonly #members: MemberSources;

  constructor(table: UnitTable, catalog: Catalog, options: SourceRegistryOptions) {
    this.#table = table;
    this.#catalog = catalog;
    this.#options = options;
    this.#members = new MemberSources(catalog, options);
  }

  /** A unit that no cell declares. */
  simple(key: string, name: string, form: Unit['form'], user: Unit): Unit {
    return this.#table.get(key) ?? this.#table.add({ key, name, cell: null, order: [-1, 0], form, links: [], needs: [] }, user);
  }

  declarationUnit(declaration: Declaration, user: Unit | undefined): Unit {
    const key = declarationKey(declaration);
    const known = this.#table.get(key);
    if (known) return known;
    const { name, cell, from } = declaration;
    if (isVariable(declaration)) return this.#variableUnit(key, declaration, user);
    const order = [cell.order, declaration.parts[0]?.start ?? 0] as const;
    const form: Unit['form'] = from
      ? { as: 'import', ...from }
      : { as: 'statements', parts: declaration.parts, names: declaration.names, node: declaration.node };
    const unit = this.#table.add({ key, name, cell, order, form, links: [], needs: [] }, user);
    if (!from) this.#addProperties(unit, this.#valueIfKnown(declaration), declaration);
    return unit;
  }

  /** The unit of a class or function. @param value the class or function, if it is at hand */
  functionUnit(source: FunctionSource, user: Unit | undefined, value?: unknown): Unit {
    const known = this.#table.get(source.id);
    if (known) return known;
    const { declaration, cell, node } = source;
    if (declaration && !isVariable(declaration)) return this.declarationUnit(declaration, user);
    const name = source.name === '' ? 'deployment' : source.name;
    const keyword = declaration?.kind === 'let' ? 'let' : 'const';
    const form = {
      as: 'expression',
      keyword,
      part: { start: node.start, end: node.end },
      node,
      before: '(',
      after: ')',
    } as const;
    const order = [cell.order, node.start] as const;
    const unit = this.#table.add({ key: source.id, name, cell, order, form, links: [], needs: [] }, user);
    this.#addProperties(unit, value, declaration ?? source.variable ?? null);
    return unit;
  }

  /** Adds what statements have put on a class or function. What is no data is not sent. */
  #addProperties(unit: Unit, value: unknown, declaration: Declaration | null): void {
    if (typeof value !== 'function') return;
    const own: number[] = [];
    for (const one of setProperties(value as AnyFunction, declaration, this.#catalog)) {
      const property = new OwnProperty(unit.key, one.key, one.value);
      try {
        own.push(this.values.add(property, { sourceOf: () => undefined, privateMember: () => undefined }).index);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        const name = `${unit.name}.${one.key}`;
        this.notes.set(`${unit.key}.${one.key}`, `${name} was set by a statement and is not sent, because it is no data`);
      }
    }
    if (own.length > 0) unit.own = own;
  }

  #valueIfKnown(declaration: Declaration): unknown {
    try {
      return this.#valueOf(declaration, undefined)?.value;
    } catch {
      return undefined;
    }
  }

  #variableUnit(key: string, declaration: Declaration, user: Unit | undefined): Unit {
    const { name, cell, node, path } = declaration;
    const keyword = declaration.kind === 'let' ? 'let' : 'const';
    const order = [cell.order, node?.start ?? 0] as const;
    const module = node === null ? undefined : awaitedModule(node);
    if (module !== undefined && path !== undefined && this.#isOfModule(declaration, user)) {
      const form = isFile(module, this.#options)
        ? { as: 'import' as const, module, imported: `*${path}` }
        : { as: 'preload' as const, keyword, module, path };
      return this.#table.add({ key, name, cell, order, form, links: [], needs: [] } as Unit, user);
    }
    const known = this.#valueOf(declaration, user);
    const declared = known ? undefined : this.#catalog.onlyFunctionOf(declaration);
    // The host reported no value, so the source is used.
    if (declared) return this.functionUnit(declared, user);
    const value = known?.value;
    const source = this.#catalog.sourceOf(value, this.#options.lookup);
    if (source) {
      if (source.declaration === declaration) return this.functionUnit(source, user, value);
      // It is registered first, because the target may need this name again.
      const unit: { -readonly [K in keyof Unit]: Unit[K] } = {
        key,
        name,
        cell,
        order,
        form: { as: 'import', module: '', imported: '' },
        links: [],
        needs: [],
      };
      this.#table.add(unit, user);
      unit.form = { as: 'alias', keyword, target: this.functionUnit(source, unit, value) };
      unit.needs = [unit.form.target];
      return unit;
    }
    try {
      return this.valueUnit(key, name, keyword, value, user, declaration);
    } catch (error) {
      if (!node || path === undefined || !isReference(node) || builtinPath(value as object) !== undefined) throw error;
      if (!this.#members.isInitial(declaration, value)) throw error;
      const form = {
        as: 'expression',
        keyword,
        part: { start: node.start, end: node.end },
        node,
        before: '(',
        after: `)${path}`,
      } as const;
      return this.#table.add({ key, name, cell, order, form, links: [], needs: [] }, user);
    }
  }

  #currentValue(name: string, user: Unit | undefined): unknown {
    try {
      return this.#options.lookup(name);
    } catch (error) {
      throw this.#table.refusal(user, name, 'it has no value yet: the notebook has not reached its declaration', error);
    }
  }

  /**
   * The value of the latest declaration is the current value of its name; the value of an older one is the last that its own cell gave it. Undefined if the
   * host does not know it.
   */
  #valueOf(declaration: Declaration, user: Unit | undefined): { readonly value: unknown } | undefined {
    const { cell, name } = declaration;
    const isLatest = this.#catalog.isLatest(declaration);
    if (isLatest) {
      const value = this.#currentValue(name, user);
      if (value !== undefined || this.#options.has?.(name) === true) return { value };
    }
    const own = cell.valueOf(name);
    if (own || isLatest || this.#catalog.onlyFunctionOf(declaration)) return own;
    throw this.#table.refusal(user, name, `its value in ${cell.id} is not known any more; run that cell again`);
  }

  /**
   * True for a variable that has what its module gave it, and not what code has given it since: a plain value, or a function of a cell.
   * @throws if that cannot be told
   */
  #isOfModule(declaration: Declaration, user: Unit | undefined): boolean {
    if (!this.#catalog.isAssigned(declaration)) return true;
    const { name, cell } = declaration;
    const known = this.#catalog.isLatest(declaration) ? this.#valueOf(declaration, user) : cell.valueOf(name);
    if (known === undefined || this.#catalog.isNotAssigned(declaration, known.value)) return true;
    if (Object(known.value) !== known.value || this.#catalog.sourceOf(known.value, this.#options.lookup)) return false;
    throw this.#table.refusal(
      user,
      name,
      'code assigns it, so it may no longer be what its import() returned; give what is assigned a name of its own',
    );
  }

  valueUnit(
    key: string,
    name: string,
    keyword: 'const' | 'let',
    value: unknown,
    user: Unit | undefined,
    declaration: Declaration | undefined,
  ): Unit {
    const known = this.#table.get(key);
    if (known) return known;
    const order = [declaration?.cell.order ?? -1, declaration?.node?.start ?? 0] as const;
    // The functions in its literal are found while it is encoded.
    const unit: { -readonly [K in keyof Unit]: Unit[K] } = {
      key,
      name,
      cell: declaration?.cell ?? null,
      order,
      form: { as: 'value', keyword, index: -1 },
      links: [],
      needs: [],
    };
    const found = new Map<string, () => Unit>();
    try {
      const { index, uses } = this.values.add(value, {
        sourceOf: (member, path) => this.#sourceKey(member, path, declaration, unit, found),
        privateMember: (source) => privateMember(found.get(source)),
      });
      unit.form = { as: 'value', keyword, index };
      this.#table.add(unit, user);
      unit.needs = uses.map((use) => (found.get(use) as () => Unit)());
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      throw this.#table.refusal(user, `${name}${error.path}`, error.reason, error.cause);
    }
    if (keyword === 'let' && declaration) this.note(unit);
    return unit;
  }

  #sourceKey(
    member: AnyFunction,
    path: readonly PathKey[] | null,
    declaration: Declaration | undefined,
    user: Unit,
    found: Map<string, () => Unit>,
  ): string | undefined {
    const source = this.#catalog.sourceOf(member, this.#options.lookup);
    if (source) {
      found.set(
        source.id,
        Object.assign(() => this.functionUnit(source, user, member), { node: source.node }),
      );
      return source.id;
    }
    const literal = declaration && path !== null ? this.#members.find(member, path, declaration) : undefined;
    if (!literal) return undefined;
    const { key, name, cell, node, before, after } = literal;
    const make = (): Unit => {
      const form = {
        as: 'expression',
        keyword: 'const',
        part: { start: node.start, end: node.end },
        node,
        before,
        after,
      } as const;
      return (
        this.#table.get(key) ??
        this.#table.add({ key, name, cell, order: [cell.order, node.start], form, links: [], needs: [] }, user)
      );
    };
    found.set(key, make);
    return key;
  }

  /** Adds the note that `unit` holds a snapshot. */
  note(unit: Unit): void {
    if (unit.form.as !== 'value') return;
    this.notes.set(
      unit.key,
      `${unit.name} is a snapshot: replicas get the value that it has now, and what one process changes no other sees`,
    );
  }
}

function privateMember(make: ((() => Unit) & { node?: Node }) | undefined): string | undefined {
  const body = make?.node?.body;
  if (!isNode(body) || !Array.isArray(body.body)) return undefined;
  for (const member of body.body as Node[]) {
    if (member.static === true) continue;
    const key = member.key as Node | undefined;
    if (key?.type === 'PrivateName') return `the private member #${(key.id as Node).name as string}`;
    if (member.type === 'ClassAccessorProperty') return 'an accessor field';
  }
  return undefined;
}
