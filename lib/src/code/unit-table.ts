import { CannotShip } from './errors.js';
import type { Unit } from './unit.js';

/** The units that were found so far, each with the unit that needed it first. */
export class UnitTable {
  readonly #units = new Map<string, Unit>();
  readonly #users = new Map<string, Unit>();
  readonly #queue: Unit[] = [];

  get(key: string): Unit | undefined {
    return this.#units.get(key);
  }

  add(unit: Unit, user: Unit | undefined): Unit {
    this.#units.set(unit.key, unit);
    if (user) this.#users.set(unit.key, user);
    this.#queue.push(unit);
    return unit;
  }

  /** The next unit whose own needs are not known yet. The search is breadth-first, so that chains are short. */
  next(): Unit | undefined {
    return this.#queue.shift();
  }

  all(): readonly Unit[] {
    return [...this.#units.values()];
  }

  /** "Chat uses helper, which uses db.conn: a Socket cannot be sent; …" */
  refusal(user: Unit | undefined, name: string, reason: string, cause?: unknown): Error {
    const chain = [name];
    for (let at = user; at; at = this.#users.get(at.key)) if (chain[0] !== at.name) chain.unshift(at.name);
    const [first, second, ...rest] = chain;
    const words = second === undefined ? first : `${first} uses ${second}${rest.map((link) => `, which uses ${link}`).join('')}`;
    return CannotShip({ chain: `${words}: ${reason}` }, cause);
  }
}
