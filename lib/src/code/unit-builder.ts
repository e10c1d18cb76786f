import { builtinPath } from './builtins.js';
import { type Catalog, declarationKey, type FunctionSource } from './catalog.js';
import { type Declaration, isVariable } from './declaration.js';
import { isFile } from './hooks.js';
import { awaitedModule, isReference, literalMember } from './literal.js';
import { isNode, type Node } from './parse.js';
import { Refusal } from './refusal.js';
import type { SourceRegistryOptions } from './types.js';
import type { Unit } from './unit.js';
import type { UnitTable } from './unit-table.js';
import { type PathKey, ValueEncoder } from './value-encode.js';

type AnyFunction = (...args: never[]) => unknown;

/** Makes the unit for a name or a function value: from its source if it has one, else from its value. */
export class UnitBuilder {
  readonly values = new ValueEncoder();
  readonly notes = new Map<string, string>();

  readonly #table: UnitTable;
  readonly #catalog: Catalog;
  readonly #options: SourceRegistryOptions;

  constructor(table: UnitTable, catalog: Catalog, options: SourceRegistryOptions) {
    this.#table = table;
    this.#catalog = catalog;
    this.#options = options;
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
    return this.#table.add({ key, name, cell, order, form, links: [], needs: [] }, user);
  }

  /** The unit of a class or function. */
  functionUnit(source: FunctionSource, user: Unit | undefined): Unit {
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
    return this.#table.add({ key: source.id, name, cell, order: [cell.order, node.start], form, links: [], needs: [] }, user);
  }

  #variableUnit(key: string, declaration: Declaration, user: Unit | undefined): Unit {
    const { name, cell, node, path } = declaration;
    const keyword = declaration.kind === 'let' ? 'let' : 'const';
    const order = [cell.order, node?.start ?? 0] as const;
    const module = node === null ? undefined : awaitedModule(node);
    if (module !== undefined && path !== undefined) {
      const form = isFile(module, this.#options)
        ? { as: 'import' as const, module, imported: `*${path}` }
        : { as: 'preload' as const, keyword, module, path };
      return this.#table.add({ key, name, cell, order, form, links: [], needs: [] } as Unit, user);
    }
    const value = this.#valueOf(declaration, user);
    const source = this.#catalog.sourceOf(value, this.#options.lookup);
    if (source) {
      if (source.declaration === declaration) return this.functionUnit(source, user);
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
      unit.form = { as: 'alias', keyword, target: this.functionUnit(source, unit) };
      unit.needs = [unit.form.target];
      return unit;
    }
    const own = cell.functionNode(name);
    if (value === undefined && own) {
      // The host reported no value, so the source is used.
      return this.functionUnit({ id: key, cell, name, node: own, declaration }, user);
    }
    try {
      return this.valueUnit(key, name, keyword, value, user, declaration);
    } catch (error) {
      if (!node || path === undefined || !isReference(node) || builtinPath(value as object) !== undefined) throw error;
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

  /** The value of the latest declaration is the current value of its name; the value of an older one is the last that its own cell gave it. */
  #valueOf(declaration: Declaration, user: Unit | undefined): unknown {
    const { cell, name } = declaration;
    const own = cell.valueOf(name);
    if (this.#catalog.isLatest(declaration)) return this.#currentValue(name, user) ?? own?.value;
    if (own) return own.value;
    if (cell.functionNode(name)) return undefined;
    throw this.#table.refusal(user, name, `its value in ${cell.id} is not known any more; run that cell again`);
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
        Object.assign(() => this.functionUnit(source, user), { node: source.node }),
      );
      return source.id;
    }
    if (!declaration?.node || declaration.path !== '' || path === null) return undefined;
    const literal = literalMember(declaration.node, path, member);
    if (!literal) return undefined;
    const { node, before, after } = literal;
    const key = `${declarationKey(declaration)}${JSON.stringify(path)}`;
    const make = (): Unit => {
      const form = {
        as: 'expression',
        keyword: 'const',
        part: { start: node.start, end: node.end },
        node,
        before,
        after,
      } as const;
      const name = [declaration.name, ...path].join('_').replace(/[^\p{ID_Continue}$]/gu, '_');
      const { cell } = declaration;
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
