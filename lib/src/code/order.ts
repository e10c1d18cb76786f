import { compareUnits, type Unit } from './unit.js';

/**
 * Puts the module's statements in order: the order in which the notebook ran them, but what a statement evaluates while the module loads comes before it,
 * with everything that this may call.
 */
export function inOrder(units: readonly Unit[]): readonly Unit[] {
  const ordered: Unit[] = [];
  const placed = new Set<Unit>();
  const reached = new Set<Unit>();

  const place = (unit: Unit): void => {
    if (placed.has(unit)) return;
    placed.add(unit);
    for (const need of unit.needs) reach(need);
    for (const { target, eager } of unit.links) if (eager && target !== unit) reach(target);
    ordered.push(unit);
  };
  // Code that is called while the module loads may use what its body names, so that must come before too.
  const reach = (unit: Unit): void => {
    if (reached.has(unit)) return;
    reached.add(unit);
    place(unit);
    for (const { target } of unit.links) reach(target);
  };

  for (const unit of units.toSorted(compareUnits)) place(unit);
  return ordered;
}
