import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { Clock } from '../../../core/index.js';
import type { RisingRoute } from '../../protocol/index.js';

/** After a controller has died, drivers connect to its successor within this time, and say again what they are about to deploy. */
const SAID_AGAIN_MS = 5000;

/** Storage in which the list survives the controller. */
export interface ExpectedStore {
  /** An empty list if there is none. */
  load(): readonly RisingRoute[];
  save(list: readonly RisingRoute[]): void;
}

/** Prefixes of applications that drivers are about to deploy for the first time. */
export class ExpectedRoutes {
  /** A new list after each change. */
  list: readonly RisingRoute[] = [];
  /** The part of the list that an earlier controller has left, and no driver has said again. */
  #left: readonly RisingRoute[] = [];
  readonly #store: ExpectedStore | undefined;
  readonly #onChange: () => void;

  /** @param store without one, the list ends with this process */
  constructor(onChange: () => void, store?: ExpectedStore) {
    this.#onChange = onChange;
    this.#store = store;
  }

  /** Takes over what an earlier controller expected, for as long as its drivers need to connect again. Does not call `onChange`. */
  recover(clock: Clock): void {
    this.#left = this.#store?.load() ?? [];
    if (this.#left.length === 0) return;
    this.list = [...this.list, ...this.#left];
    clock.after(SAID_AGAIN_MS, () => this.#drop(this.#left));
  }

  /** Returns a function that removes it. */
  add(app: string, prefix: string): () => void {
    const expected: RisingRoute = { app, prefix };
    const saidAgain = this.#left.filter((left) => left.app === app && left.prefix === prefix);
    this.#set([...this.list.filter((other) => !saidAgain.includes(other)), expected]);
    return () => this.#drop([expected]);
  }

  #drop(routes: readonly RisingRoute[]): void {
    if (routes.some((route) => this.list.includes(route))) this.#set(this.list.filter((other) => !routes.includes(other)));
  }

  #set(list: readonly RisingRoute[]): void {
    this.list = list;
    this.#store?.save(list);
    this.#onChange();
  }
}

/** The list in a JSON file. If it cannot be written or read, requests may get 404 after a crash of the controller, until drivers have connected again. */
export class ExpectedFile implements ExpectedStore {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  load(): readonly RisingRoute[] {
    try {
      return JSON.parse(readFileSync(this.#path, 'utf8')) as readonly RisingRoute[];
    } catch {
      return [];
    }
  }

  save(list: readonly RisingRoute[]): void {
    try {
      const temporary = `${this.#path}.tmp`;
      writeFileSync(temporary, JSON.stringify(list), { mode: 0o600 });
      renameSync(temporary, this.#path);
    } catch {
      // The disk is full, or the folder is being removed.
    }
  }
}
