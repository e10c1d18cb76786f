import { type CellModule, isVariable, type Use, wordsOf } from './cell-module.js';
import { DYNAMIC } from './cell-mutations.js';
import { type ScopeName, slotOf } from './cell-scope.js';
import { fieldsIn, HeldTypes } from './held-types.js';

export interface RenewalOptions {
  readonly cells: ReadonlyMap<number, CellModule>;
  /** All names; those that were declared again have their new declaration. */
  readonly names: ReadonlyMap<string, ScopeName>;
  readonly redeclared: readonly string[];
  /** Returns a module that is not in use, a different one each time. */
  readonly free: () => number;
  /** Tells whether the type of a variable in a module contains code that now does something else. @param stale modules with such code */
  readonly hasCode: (slot: number, name: string, stale: ReadonlySet<number>) => boolean;
}

export interface Renewed {
  readonly names: ReadonlyMap<string, ScopeName>;
  /** The modules that replace old ones. */
  readonly modules: ReadonlyMap<number, CellModule>;
}

/**
 * Works out what it means for earlier cells that names were declared again. Functions look names up when they run. So a cell gets a new module if it has a
 * function that uses such a name, or if it uses a declaration of such a cell. In the new module, functions and types use the present declarations. Statements
 * ran once, so they use the old ones: the old class, but with the present types of its methods.
 */
export function renewed(options: RenewalOptions): Renewed {
  const { cells, free } = options;
  const names = new Map(options.names);
  const stale = staleModules(options);
  const modules = new Map<number, CellModule>();
  if (stale.size === 0) return { names, modules };
  const changed = changedNames(options, stale);
  const isDynamic = [...livingModules(options)].some((slot) => DYNAMIC.test(cells.get(slot)?.text ?? ''));
  const successors = new Map([...stale].map((slot) => [slot, free()]));
  const decisions = new Map<number, HeldTypes>();
  const heldIn = (slot: number): HeldTypes => {
    const module = cells.get(slot) as CellModule;
    const held = decisions.get(slot) ?? new HeldTypes(module, changed, (name) => fieldsOf(cells, module, name));
    decisions.set(slot, held);
    return held;
  };
  const moved = (name: string, known: ScopeName): ScopeName => {
    const slot = slotOf(known);
    const successor = successors.get(slot);
    if (successor === undefined) return known;
    const { isWritten, ...rest } = known;
    const held = heldIn(slot).of(name, known);
    if (held === 'now') return { ...rest, slots: [successor] };
    const first = known.slots[0] as number;
    if (held === 'before' && !isDynamic && !options.hasCode(first, name, stale)) return known;
    return { ...rest, slots: [...(isWritten === true ? known.slots : [first]), successor] };
  };
  for (const [name, known] of options.names) names.set(name, moved(name, known));
  const movedUse = (name: string, { now, ran, first }: Use): Use => {
    const present = names.get(name);
    const isPresent = ran !== undefined && present !== undefined && options.names.get(name)?.slots.join() === ran.slots.join();
    return {
      now: present ?? moved(name, now),
      ...(ran === undefined ? {} : { ran: isPresent ? present : moved(name, { ...ran, isUsed: true, isWritten: true }) }),
      ...(first === undefined ? {} : { first }),
    };
  };
  const heldOwn = (name: string, slot: number, module: CellModule): ScopeName | undefined => {
    const declared = module.syntax.names.get(name);
    if (declared === undefined || !isVariable(declared)) return undefined;
    if (options.names.get(name)?.slots.includes(slot) === true) return names.get(name);
    // Another cell has declared the name again, but the functions of this cell still use its own variable.
    const { slots } = module.own?.get(name) ?? { slots: [slot] };
    return moved(name, { ...declared, slots, isUsed: true, isWritten: true });
  };
  for (const [slot, successor] of successors) {
    const module = cells.get(slot) as CellModule;
    const uses = new Map([...module.uses].map(([name, use]) => [name, movedUse(name, use)]));
    const own = new Map<string, ScopeName>();
    for (const { name } of module.syntax.ownInFunctions) {
      const held = own.has(name) ? undefined : heldOwn(name, slot, module);
      if (held !== undefined && held.slots.join() !== String(successor)) own.set(name, held);
    }
    modules.set(successor, { ...module, uses, own, isRenewed: true });
  }
  return { names, modules: neededOf(names, modules) };
}

/**
 * Returns the new modules that a name refers to, directly or through other modules. If all variables of a cell keep their old type, no name refers to its new
 * module.
 */
function neededOf(names: Renewed['names'], modules: ReadonlyMap<number, CellModule>): ReadonlyMap<number, CellModule> {
  const needed = new Map<number, CellModule>();
  const need = (slot: number): void => {
    const module = modules.get(slot);
    if (module === undefined || needed.has(slot)) return;
    needed.set(slot, module);
    for (const { now, ran, first } of module.uses.values())
      for (const known of [now, ran, first]) for (const one of known?.slots ?? []) need(one);
    for (const { slots } of module.own?.values() ?? []) for (const one of slots) need(one);
  };
  for (const { slots } of names.values()) for (const slot of slots) need(slot);
  return needed;
}

/** The text of the instance fields of a class and of its base classes; undefined if one of these classes is not declared in a cell. */
function fieldsOf(cells: RenewalOptions['cells'], user: CellModule, name: string): string | undefined {
  const from = user.uses.get(name)?.ran;
  const module = from === undefined ? user : cells.get(slotOf(from));
  const found = module === undefined ? undefined : fieldsIn(module, name);
  if (module === undefined || found === undefined || found.base === name) return undefined;
  if (found.base === undefined) return found.text;
  const inherited = fieldsOf(cells, module, found.base);
  return inherited === undefined ? undefined : `${found.text}\n${inherited}`;
}

/** The modules of all present names, and the modules that these use. */
function livingModules({ cells, names }: RenewalOptions): ReadonlySet<number> {
  const living = new Set<number>();
  const add = (slot: number): void => {
    if (living.has(slot)) return;
    const module = cells.get(slot);
    if (module === undefined) return;
    living.add(slot);
    for (const { now, ran } of module.uses.values()) {
      add(slotOf(now));
      if (ran !== undefined) add(slotOf(ran));
    }
  };
  for (const known of names.values()) add(slotOf(known));
  return living;
}

function staleModules(options: RenewalOptions): ReadonlySet<number> {
  const { cells, names } = options;
  const redeclared = new Set(options.redeclared);
  const living = livingModules(options);
  const presentOf = (name: string, now: ScopeName): number => slotOf(names.get(name) ?? now);
  const stale = new Set<number>();
  for (const slot of living) {
    const { uses, syntax } = cells.get(slot) as CellModule;
    for (const [name, { now }] of uses) {
      if (redeclared.has(name) && syntax.lookups.again.has(name) && presentOf(name, now) !== slotOf(now)) stale.add(slot);
    }
  }
  for (let count = 0; count !== stale.size; ) {
    count = stale.size;
    for (const slot of living) {
      if (stale.has(slot)) continue;
      for (const [name, { now, ran }] of (cells.get(slot) as CellModule).uses) {
        if (stale.has(presentOf(name, now)) || (ran !== undefined && stale.has(slotOf(ran)))) stale.add(slot);
      }
    }
  }
  return stale;
}

/** The names that were declared again, and the names whose declaration uses one of these. */
function changedNames({ cells, redeclared }: RenewalOptions, stale: ReadonlySet<number>): ReadonlySet<string> {
  const changed = new Set(redeclared);
  for (let count = 0; count !== changed.size; ) {
    count = changed.size;
    for (const slot of stale) {
      const { text, syntax } = cells.get(slot) as CellModule;
      for (const [name, declarations] of syntax.declarations) {
        if (changed.has(name)) continue;
        const uses = declarations.some(({ node }) => {
          for (const word of wordsOf(text.slice(node.start, node.end))) if (word !== name && changed.has(word)) return true;
          return false;
        });
        if (uses) changed.add(name);
      }
    }
  }
  return changed;
}
