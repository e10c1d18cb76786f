import { type Clock, listOf } from '../../core/index.js';
import { enterRequest, type RequestContext } from '../context/index.js';
import { disposeModel } from './dispose-model.js';
import { ModelsInUse } from './errors.js';
import { blockedBy, isOf, ModelAsk } from './model-ask.js';

export interface ModelCacheOptions {
  /** Name of the method in messages. */
  readonly label: string;
  readonly load: (id: string) => Promise<unknown>;
  /** Largest number of models, including those that are being loaded or freed; `Infinity` means no limit. */
  readonly max: number;
  readonly clock: Clock;
  readonly warn: (line: string) => void;
}

/** A model that is loaded or being loaded. */
interface Entry {
  readonly id: string;
  readonly model: Promise<unknown>;
  /** The context of its load. It ends when the model is freed. */
  readonly context: RequestContext | null;
  /** Requests that have got the model and have not ended, each with what is to be done at its end. */
  readonly users: Map<RequestContext, () => void>;
  loaded: boolean;
  /** True if a load has waited for too long. Then requests that do not use this model already wait until that load has got its place. */
  closed: boolean;
}

/** A load that waits for room. */
interface Wait {
  readonly id: string;
  readonly since: number;
  readonly asks: Set<ModelAsk>;
  noted: boolean;
}

/** After this time, the models in use are closed to new requests, one after the other, so that a waiting load gets room. */
const PATIENCE_MS = 1000;
const NOTE_AFTER_MS = 10_000;

/** Loads that hold models of another cache, by the context of the load. */
const borrowers = new WeakMap<RequestContext, { readonly isIdle: () => boolean; readonly free: () => void }>();

/** Caches in which a load waits. If a model of another cache is no longer used, that may give them room. */
const short = new Set<ModelCache>();

/**
 * The models of one replica, the least recently requested first. The limit counts all models that are loaded, being loaded or being freed. A load
 * that needs room waits until no request uses some model and that model is freed. Calls for the same id share one load.
 */
export class ModelCache {
  readonly #options: ModelCacheOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #freeing = new Map<Entry, Promise<void>>();
  /** Waiting loads in the order in which they get room. */
  readonly #waiting = new Map<string, Wait>();
  #stepDue = false;
  #cancelTick: (() => void) | null = null;

  constructor(options: ModelCacheOptions) {
    this.#options = options;
  }

  /** Ids of the models, the least recently requested first. */
  get ids(): readonly string[] {
    return [...this.#entries.keys()];
  }

  /**
   * The model of an id. If a load fails, the next call tries it again.
   * @param request the request that needs the model: the model is in use until it ends. `null` outside of a request; then it is not known how long
   * the model is used.
   * @throws what the load throws; NBS_MODELS_IN_USE; AbortError if the request is cancelled before the model is loaded
   */
  get(id: string, request: RequestContext | null): Promise<unknown> {
    const entry = this.#entries.get(id);
    if (entry !== undefined && (!entry.closed || uses(entry, request))) {
      // The newest entry is the last one in a Map.
      this.#entries.delete(id);
      this.#entries.set(id, entry);
      if (entry.loaded || request === null) {
        this.#use(entry, request);
        return entry.model;
      }
      const ask = new ModelAsk(request, () => {});
      this.#give(entry, ask);
      request.follow(ask);
      return ask.model;
    }
    const wait = this.#waiting.get(id) ?? { id, since: this.#options.clock.now(), asks: new Set(), noted: false };
    const ask = new ModelAsk(request, () => this.#left(wait, ask));
    wait.asks.add(ask);
    if (this.#waiting.size === 0 && this.#hasRoom(id)) this.#begin(wait);
    else {
      this.#waiting.set(id, wait);
      short.add(this);
      this.#stepSoon();
    }
    request?.follow(ask);
    return ask.model;
  }

  /** Frees every model, even if it is in use. */
  async close(): Promise<void> {
    for (const { asks } of this.#waiting.values())
      for (const ask of asks) ask.fail(new DOMException('the replica ends', 'AbortError'));
    this.#waiting.clear();
    for (const entry of this.#entries.values()) this.#free(entry);
    this.#tickLater();
    await Promise.all(this.#freeing.values());
  }

  get #isFull(): boolean {
    return this.#entries.size + this.#freeing.size >= this.#options.max;
  }

  /** True if there is a place, and the previous copy of the same model is freed. */
  #hasRoom(id: string): boolean {
    if (this.#isFull) return false;
    for (const entry of this.#freeing.keys()) if (entry.id === id) return false;
    return true;
  }

  /** Loads that wait for a model which is not loaded. */
  *#missing(): Generator<Wait> {
    for (const wait of this.#waiting.values()) if (!this.#entries.has(wait.id)) yield wait;
  }

  /**
   * Counts these loads, at most up to the limit, because there may be thousands and each step needs the number. At most as many loads are
   * skipped as there are models.
   */
  #countMissing(limit: number): number {
    let count = 0;
    if (limit > 0) for (const _ of this.#missing()) if (++count >= limit) break;
    return count;
  }

  #left(wait: Wait, ask: ModelAsk): void {
    wait.asks.delete(ask);
    if (wait.asks.size > 0 || this.#waiting.get(wait.id) !== wait) return;
    this.#waiting.delete(wait.id);
    this.#stepSoon();
  }

  #begin({ id, asks }: Wait): void {
    let context: RequestContext | null = null;
    const model = new Promise<unknown>((resolve) => {
      // The load has a request of its own: it continues if the request that first asked for it is cancelled, because others may have joined it.
      context = enterRequest(id, null, this.#options.label, () => resolve(this.#load(id)));
    });
    const entry: Entry = { id, model, context, users: new Map(), loaded: false, closed: false };
    this.#entries.set(id, entry);
    if (context !== null) borrowers.set(context, { isIdle: () => this.#isIdle(entry), free: () => this.#free(entry) });
    for (const ask of asks) this.#give(entry, ask);
    model.then(
      () => {
        entry.loaded = true;
        this.#onIdle();
      },
      () => {
        if (this.#entries.get(id) === entry) this.#entries.delete(id);
        // A long request may try such a load again and again.
        for (const [request, release] of entry.users) request.unhold(release);
        entry.users.clear();
        entry.context?.end();
        this.#stepSoon();
      },
    );
  }

  async #load(id: string): Promise<unknown> {
    return this.#options.load(id);
  }

  #give(entry: Entry, ask: ModelAsk): void {
    this.#use(entry, ask.request);
    ask.follow(entry.model);
  }

  #use(entry: Entry, request: RequestContext | null): void {
    if (request === null || entry.users.has(request)) return;
    const release = (): void => {
      entry.users.delete(request);
      if (entry.users.size === 0) this.#onIdle();
    };
    entry.users.set(request, release);
    request.hold(release);
  }

  /** To be called when it may be possible to free a model. It may still be used by a request that waits for another model. */
  #onIdle(): void {
    for (const cache of short) cache.#stepSoon();
  }

  #isIdle(entry: Entry): boolean {
    if (!entry.loaded || this.#entries.get(entry.id) !== entry) return false;
    // If loads of another cache hold this model, it is free only if nobody uses the models that they have loaded.
    for (const user of entry.users.keys()) if (borrowers.get(user)?.isIdle() !== true) return false;
    return true;
  }

  #free(entry: Entry): void {
    if (this.#entries.get(entry.id) !== entry) return;
    this.#entries.delete(entry.id);
    const freeing = entry.model
      .then(
        (model) => disposeModel(entry.id, model),
        () => {}, // The load failed, so there is nothing to free.
      )
      .then(() => {
        this.#freeing.delete(entry);
        entry.context?.end();
        this.#stepSoon();
      });
    this.#freeing.set(entry, freeing);
  }

  #stepSoon(): void {
    if (this.#stepDue) return;
    this.#stepDue = true;
    queueMicrotask(() => {
      this.#stepDue = false;
      this.#step();
    });
  }

  /** Makes room, begins the loads that have it, and checks those that still wait. */
  #step(): void {
    this.#makeRoom();
    const isMissed = this.#countMissing(1) > 0;
    for (const entry of this.#entries.values()) {
      const wait = this.#waiting.get(entry.id);
      if (wait === undefined || (isMissed && entry.closed)) continue;
      this.#waiting.delete(wait.id);
      for (const ask of wait.asks) this.#give(entry, ask);
    }
    for (const wait of this.#missing()) {
      if (this.#isFull) break;
      if (!this.#hasRoom(wait.id)) continue;
      this.#waiting.delete(wait.id);
      this.#begin(wait);
    }
    if (this.#countMissing(1) === 0) for (const entry of this.#entries.values()) entry.closed = false;
    this.#refuseBlocked();
    this.#tickLater();
  }

  #makeRoom(): void {
    const left = this.#options.max - this.#entries.size;
    // More models than there are cannot be freed.
    let wanted = this.#countMissing(left + this.#entries.size) - left;
    for (const entry of [...this.#entries.values()]) {
      if (wanted <= 0) return;
      if (!this.#isIdle(entry)) continue;
      wanted -= 1;
      if (entry.users.size === 0) this.#free(entry);
      else for (const user of [...entry.users.keys()]) borrowers.get(user)?.free();
    }
  }

  /** If each model is held by a request that itself waits for room, none of them would ever get it. So the youngest one fails. */
  #refuseBlocked(): void {
    while (this.#waiting.size > 0 && this.#freeing.size === 0) {
      const entries = [...this.#entries.values()];
      // This is nearly always so, and the rest looks at all that wait.
      if (entries.some(({ loaded, users }) => !loaded || users.size === 0)) return;
      const asks = [...this.#waiting.values()].flatMap((wait) => [...wait.asks].map((ask) => ({ wait, ask })));
      const blocked = blockedBy(asks.map(({ ask }) => ask.request));
      const isBlocked = ({ loaded, users }: Entry): boolean => loaded && [...users.keys()].some((user) => blocked.has(user));
      if (!entries.every(isBlocked)) return;
      const youngest = asks.findLast(({ ask }) => entries.some((entry) => uses(entry, ask.request)));
      if (youngest === undefined) return;
      const { wait, ask } = youngest;
      const held = listOf(entries.filter((entry) => uses(entry, ask.request)).map(({ id }) => id));
      const { label, max } = this.#options;
      this.#left(wait, ask);
      ask.fail(ModelsInUse({ method: label, id: wait.id, held, max }));
    }
  }

  #tickLater(): void {
    if (this.#waiting.size === 0) {
      short.delete(this);
      this.#cancelTick?.();
      this.#cancelTick = null;
    } else this.#cancelTick ??= this.#options.clock.after(PATIENCE_MS, () => this.#tick());
  }

  /** Called when a load has waited for a while. */
  #tick(): void {
    this.#cancelTick = null;
    const { clock, label, warn } = this.#options;
    const now = clock.now();
    const late = [...this.#missing()].filter(({ since }) => since + PATIENCE_MS <= now);
    const open = [...this.#entries.values()].find(({ loaded, closed }) => loaded && !closed);
    if (late.length > 0 && open !== undefined) open.closed = true;
    for (const wait of late) {
      if (wait.noted || wait.since + NOTE_AFTER_MS > now) continue;
      wait.noted = true;
      warn(`${label}: model ${wait.id} has waited ${Math.round((now - wait.since) / 1000)} s for room: ${this.#usage()}`);
    }
    this.#step();
  }

  #usage(): string {
    const there = [...this.#entries.values()].map(({ id, loaded, users }) =>
      loaded ? `${id} is in use by ${users.size} request${users.size === 1 ? '' : 's'}` : `${id} is being loaded`,
    );
    return [...there, ...[...this.#freeing.keys()].map(({ id }) => `${id} is being freed`)].join('; ');
  }
}

/** Whether the request, or one of the requests in its batch, uses the model already. */
function uses({ users }: Entry, request: RequestContext | null): boolean {
  return request !== null && [...users.keys()].some((user) => isOf(request, user));
}
