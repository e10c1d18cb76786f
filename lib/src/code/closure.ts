import { builtinPath, GLOBAL_NAMES } from './builtins.js';
import { type Catalog, declarationKey, type FunctionSource } from './catalog.js';
import type { Cell } from './cell.js';
import { type Declaration, isVariable, type Range } from './declaration.js';
import { CannotShip } from './errors.js';
import { awaitedModule, isReference, literalMember } from './literal.js';
import { isNode, type Node } from './parse.js';
import { Refusal } from './refusal.js';
import { labelOf, type Reference, resolve } from './scope.js';
import type { SourceRegistryOptions } from './types.js';
import { type Link, partsOf, type Unit } from './unit.js';
import { type PathKey, ValueEncoder } from './value-encode.js';

type AnyFunction = (...args: never[]) => unknown;

/** Everything that one class or function needs. */
export interface Closure {
  readonly entry: Unit;
  readonly units: readonly Unit[];
  readonly values: ValueEncoder;
  /** Names that have to keep meaning the realm's own. */
  readonly globals: ReadonlySet<string>;
  readonly notes: readonly { readonly key: string; readonly text: string }[];
}

/** @throws NBS_CANNOT_SHIP with the chain from the entry to what can't go */
export function closureOf(source: FunctionSource, catalog: Catalog, options: SourceRegistryOptions): Closure {
  return new ClosureBuilder(catalog, options).build(source);
}

class ClosureBuilder {
  private readonly units = new Map<string, Unit>();
  private readonly queue: Unit[] = [];
  /** Who needed a unit first. */
  private readonly users = new Map<string, Unit>();
  private readonly values = new ValueEncoder();
  private readonly globals = new Set<string>();
  private readonly notes = new Map<string, string>();

  constructor(
    private readonly catalog: Catalog,
    private readonly options: SourceRegistryOptions,
  ) {}

  build(source: FunctionSource): Closure {
    const entry = this.functionUnit(source, undefined);
    for (let unit = this.queue.shift(); unit; unit = this.queue.shift()) this.link(unit);
    const notes = [...this.notes].map(([key, text]) => ({ key, text }));
    return { entry, units: [...this.units.values()], values: this.values, globals: this.globals, notes };
  }

  /** "Chat uses helper, which uses db.conn: a Socket cannot be sent; …" */
  private refuse(user: Unit | undefined, name: string, reason: string, cause?: unknown): Error {
    const chain = [name];
    for (let at = user; at; at = this.users.get(at.key)) if (chain[0] !== at.name) chain.unshift(at.name);
    const [first, second, ...rest] = chain;
    const words = second === undefined ? first : `${first} uses ${second}${rest.map((link) => `, which uses ${link}`).join('')}`;
    return CannotShip({ chain: `${words}: ${reason}` }, cause);
  }

  private add(unit: Unit, user: Unit | undefined): Unit {
    this.units.set(unit.key, unit);
    if (user) this.users.set(unit.key, user);
    this.queue.push(unit);
    return unit;
  }

  private link(unit: Unit): void {
    const cell = unit.cell;
    const links: Link[] = [];
    for (const part of partsOf(unit)) {
      if (!cell) continue;
      const base = baseDepth(unit, cell);
      for (const reference of cell.analysis.references) {
        if (reference.start < part.start || reference.end > part.end) continue;
        const eager = reference.depth <= base;
        const target = this.target(unit, cell, part, reference, eager);
        if (!target) continue;
        links.push({ reference, target, eager });
        if (reference.kind === 'write' || reference.kind === 'mutate') this.note(target);
      }
    }
    unit.links = links;
  }

  /** What a reference stands for; undefined where it needs nothing from outside. */
  private target(unit: Unit, cell: Cell, part: Range, reference: Reference, eager: boolean): Unit | undefined {
    const { name } = reference;
    const scope = resolve(reference);
    if (scope && scope !== cell.analysis.scope) {
      const isOwnClass = scope.kind === 'class' && unit.form.as === 'statements' && scope.start === unit.form.node?.start;
      if (isOwnClass) return unit;
      if (part.start <= scope.start && scope.end <= part.end) return undefined;
      const owner = labelOf(scope);
      const where = owner === undefined ? 'the block around it' : owner;
      throw this.refuse(
        unit,
        name,
        `it is a local variable of ${where}; declare it at the top level of a cell or pass it to bind()`,
      );
    }
    const declaration = scope ? cell.declarations.get(name) : this.crossCell(name, cell, eager);
    if (declaration) return this.declarationUnit(declaration, unit);
    if (!scope) {
      const module = this.options.globals?.[name];
      if (module !== undefined) return this.simple(`global:${name}`, name, { as: 'global', module }, unit);
      if (GLOBAL_NAMES.has(name)) {
        this.globals.add(name);
        return undefined;
      }
    }
    const value = this.options.lookup(name) ?? (globalThis as Record<string, unknown>)[name];
    if (value !== undefined || scope) return this.valueUnit(`global:${name}`, name, 'let', value, unit, undefined);
    if (reference.kind === 'typeof') {
      this.globals.add(name);
      return undefined;
    }
    throw this.refuse(unit, name, 'no cell declares it, and it has no value');
  }

  private crossCell(name: string, cell: Cell, eager: boolean): Declaration | undefined {
    const found = this.catalog.find(name, cell, eager);
    // A cell that used `fetch` before another declared one means Node's.
    const isGlobal = GLOBAL_NAMES.has(name) || this.options.globals?.[name] !== undefined;
    if (found && isGlobal && (this.catalog.declarations(name)[0]?.cell.order ?? 0) > cell.order) return undefined;
    return found;
  }

  private simple(key: string, name: string, form: Unit['form'], user: Unit): Unit {
    return this.units.get(key) ?? this.add({ key, name, cell: undefined, order: [-1, 0], form, links: [], needs: [] }, user);
  }

  private declarationUnit(declaration: Declaration, user: Unit | undefined): Unit {
    const key = declarationKey(declaration);
    const known = this.units.get(key);
    if (known) return known;
    const { name, cell, from } = declaration;
    if (isVariable(declaration)) return this.variableUnit(key, declaration, user);
    const order = [cell.order, declaration.parts[0]?.start ?? 0] as const;
    const form: Unit['form'] = from
      ? { as: 'import', ...from }
      : { as: 'statements', parts: declaration.parts, names: declaration.names, node: declaration.node };
    return this.add({ key, name, cell, order, form, links: [], needs: [] }, user);
  }

  /** A class or function, by where it came from. */
  private functionUnit(source: FunctionSource, user: Unit | undefined): Unit {
    const known = this.units.get(source.id);
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
    return this.add({ key: source.id, name, cell, order: [cell.order, node.start], form, links: [], needs: [] }, user);
  }

  private variableUnit(key: string, declaration: Declaration, user: Unit | undefined): Unit {
    const { name, cell, node, path } = declaration;
    const keyword = declaration.kind === 'let' ? 'let' : 'const';
    const order = [cell.order, node?.start ?? 0] as const;
    const module = node && awaitedModule(node);
    if (module !== undefined && path !== undefined) {
      const relative = /^[./]/.test(module);
      const form = relative
        ? { as: 'import' as const, module, imported: `*${path}` }
        : { as: 'preload' as const, keyword, module, path };
      return this.add({ key, name, cell, order, form, links: [], needs: [] } as Unit, user);
    }
    const value = this.valueOf(declaration, user);
    const source = this.catalog.sourceOf(value, this.options.lookup);
    if (source) {
      if (source.declaration === declaration) return this.functionUnit(source, user);
      // Registered first: the target may need this name again.
      const unit: { -readonly [K in keyof Unit]: Unit[K] } = {
        key,
        name,
        cell,
        order,
        form: { as: 'import', module: '', imported: '' },
        links: [],
        needs: [],
      };
      this.add(unit, user);
      unit.form = { as: 'alias', keyword, target: this.functionUnit(source, unit) };
      unit.needs = [unit.form.target];
      return unit;
    }
    const own = cell.functionNode(name);
    if (value === undefined && own) {
      // The host told of no value: the source is what there is.
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
      return this.add({ key, name, cell, order, form, links: [], needs: [] }, user);
    }
  }

  /** The latest declaration's value is what the name stands for now; an older one's is what its own cell last told. */
  private valueOf(declaration: Declaration, user: Unit | undefined): unknown {
    const { cell, name } = declaration;
    const own = cell.valueOf(name);
    if (this.catalog.isLatest(declaration)) return this.options.lookup(name) ?? own?.value;
    if (own) return own.value;
    if (cell.functionNode(name)) return undefined;
    throw this.refuse(user, name, `its value in ${cell.id} is not known any more; run that cell again`);
  }

  private valueUnit(
    key: string,
    name: string,
    keyword: 'const' | 'let',
    value: unknown,
    user: Unit | undefined,
    declaration: Declaration | undefined,
  ): Unit {
    const known = this.units.get(key);
    if (known) return known;
    const order = [declaration?.cell.order ?? -1, declaration?.node?.start ?? 0] as const;
    // Members of its literal are found while it is encoded, and are used by it.
    const unit: { -readonly [K in keyof Unit]: Unit[K] } = {
      key,
      name,
      cell: declaration?.cell,
      order,
      form: { as: 'value', keyword, index: -1 },
      links: [],
      needs: [],
    };
    const found = new Map<string, () => Unit>();
    try {
      const { index, uses } = this.values.add(value, {
        sourceOf: (member, path) => this.sourceKey(member, path, declaration, unit, found),
        privateMember: (source) => privateMember(found.get(source)),
      });
      unit.form = { as: 'value', keyword, index };
      this.add(unit, user);
      unit.needs = uses.map((use) => (found.get(use) as () => Unit)());
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      throw this.refuse(user, `${name}${error.path}`, error.reason, error.cause);
    }
    if (keyword === 'let' && declaration) this.note(unit);
    return unit;
  }

  private sourceKey(
    member: AnyFunction,
    path: readonly PathKey[] | null,
    declaration: Declaration | undefined,
    user: Unit,
    found: Map<string, () => Unit>,
  ): string | undefined {
    const source = this.catalog.sourceOf(member, this.options.lookup);
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
        this.units.get(key) ?? this.add({ key, name, cell, order: [cell.order, node.start], form, links: [], needs: [] }, user)
      );
    };
    found.set(key, make);
    return key;
  }

  private note(unit: Unit): void {
    if (unit.form.as !== 'value') return;
    this.notes.set(
      unit.key,
      `${unit.name} is a snapshot: replicas get the value that it has now, and what one process changes no other sees`,
    );
  }
}

/** Depth at which the unit's own code stands: what is deeper runs later. */
function baseDepth(unit: Unit, cell: Cell): number {
  return unit.form.as === 'expression' ? (cell.analysis.depths.get(unit.form.node.start) ?? 0) : 0;
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
