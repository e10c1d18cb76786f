import { type Clock, type Log, replicaSocket, shortId } from '../../../core/index.js';
import { type Engine, endedWithNode, type ProcessInfo } from '../../../engine/index.js';
import type { ActualState } from './actual.js';
import { addFailure, type Failure } from './back-off.js';
import { ID_LENGTH, replicaProcess } from './process-spec.js';
import type { ConnectControl, ReplicaControl } from './replica-control.js';
import { type Environment, type Likeness, likenessOf, planSpares } from './spare-plan.js';

export interface SparePoolOptions {
  readonly dir: string;
  /** Entry file of a replica's process. */
  readonly replicaMain: string;
  /** Number of spare processes on each node; 0 means none. */
  readonly spareReplicas: number;
  /** True if each replica is assigned to a node. @default false */
  readonly severalNodes?: boolean;
  /** Modules that user code is likely to import; spare processes load them while they wait. @default [] */
  readonly preload?: readonly string[];
  readonly actual: Pick<ActualState, 'replicas' | 'comingUp' | 'nodes'>;
  readonly engine: Engine;
  readonly connectControl: ConnectControl;
  /** Removes the socket file that a killed process leaves behind; never rejects. */
  readonly removeSocket: (path: string) => Promise<void>;
  readonly clock: Clock;
  readonly log: Pick<Log, 'info' | 'warn'>;
}

/** A replica's process that belongs to no deployment yet. */
export interface Spare {
  /** Id of its process while it is spare. */
  readonly id: string;
  /** The end of its replica's id; its socket is named after that. */
  readonly suffix: string;
  /** Resolves when it listens. Rejects if it could not be started. */
  readonly link: Promise<ReplicaControl>;
  /** As in `ReplicaRecord`; final when `link` has resolved. */
  path: string;
}

interface PooledSpare extends Spare {
  /** `undefined` if there is only one node. */
  readonly node?: string | undefined;
  readonly key: string;
  readonly startedAt: number;
  boots: boolean;
}

/** No deployment can have this name. */
const NAME = '@spare';
/** Time after the start of a replica in which no spare process starts: the work that the replica was started for goes first. */
const QUIET_MS = 20;
/** A replica that takes longer than this to start waits for something or works for a long time. Spare processes need not wait for it. */
const BUSY_MS = 1000;
/** After this many failures in a row, there is a warning in the log. */
const WARN_AFTER = 3;

export const isSpare = ({ id }: Pick<ProcessInfo, 'id'>): boolean => id.startsWith(`${NAME}#`);

/**
 * Processes that are ready for the next replica: everything that a replica loads is loaded, and the socket listens. They occupy no resources and
 * belong to no deployment, so their end does not count as anyone's failure.
 */
export class SparePool {
  readonly #options: SparePoolOptions;
  readonly #spares = new Map<string, PooledSpare>();
  #likeness = likenessOf({ env: {} }) as Likeness;
  #failure: Failure | undefined;
  #wasBusy = false;
  #quietAt = 0;
  #cancelWake: () => void = () => {};
  #closed = false;

  constructor(options: SparePoolOptions) {
    this.#options = options;
    options.engine.onExit((info) => {
      const spare = this.#spares.get(info.id);
      if (spare === undefined) return;
      // Its node is down.
      if (info.exit !== undefined && endedWithNode(info.exit)) this.#spares.delete(spare.id);
      else this.#lost(spare, new Error(`it ended (${info.exit?.name})`));
    });
  }

  /** Removes a process from the pool for a replica with this environment on this node, if there is one. It may still be booting. */
  take(environment: Environment, node?: string): Spare | null {
    const likeness = likenessOf(environment);
    if (likeness === null) return null;
    this.#likeness = likeness;
    const at = this.#options.severalNodes === true ? node : undefined;
    const fitting = this.#at(at).filter(({ key }) => key === likeness.key);
    const spare = fitting.find(({ boots }) => !boots) ?? fitting[0];
    if (spare === undefined) return null;
    this.#spares.delete(spare.id);
    return spare;
  }

  /** Ends the spare processes of an earlier controller, because it is not known how they were started. */
  async endForeign(processes: readonly ProcessInfo[]): Promise<void> {
    const { dir, engine, removeSocket } = this.#options;
    const ending = processes.filter(isSpare).map(async ({ id }) => {
      await engine.stop(id, { graceMs: 0 }).catch(() => {});
      await removeSocket(replicaSocket(dir, id));
    });
    await Promise.all(ending);
  }

  /** Starts and ends spare processes as necessary. To be called when something has changed. */
  tend(): void {
    if (this.#closed) return;
    const { clock, spareReplicas: wanted } = this.#options;
    this.#cancelWake();
    this.#cancelWake = () => {};
    const now = clock.now();
    const notBefore = Math.max(this.#idleAt(now), this.#failure?.retryAt ?? 0);
    let wakes = false;
    for (const node of this.#nodes()) {
      const boots = [...this.#spares.values()].some((spare) => spare.boots);
      const plan = planSpares({ wanted, spares: this.#at(node), boots, key: this.#likeness.key, notBefore, now });
      for (const id of plan.end) this.#end(id);
      if (plan.start) this.#start(node);
      wakes ||= plan.wakeAt !== null;
    }
    if (wakes) this.#cancelWake = clock.after(notBefore - now, () => this.tend());
  }

  #nodes(): readonly (string | undefined)[] {
    const { severalNodes = false, actual } = this.#options;
    return severalNodes ? (actual.nodes ?? []).filter(({ alive }) => alive).map(({ id }) => id) : [undefined];
  }

  #at(node: string | undefined): readonly PooledSpare[] {
    return [...this.#spares.values()].filter((spare) => spare.node === node);
  }

  /** To be called when the cluster ends: no more processes are started. */
  close(): void {
    this.#closed = true;
    this.#cancelWake();
    for (const id of [...this.#spares.keys()]) this.#end(id);
  }

  /** Time from which starting replicas are not disturbed. */
  #idleAt(now: number): number {
    const { comingUp } = this.#options.actual;
    if (comingUp.size > 0) {
      this.#wasBusy = true;
      return Math.max(...[...comingUp].map(({ since }) => since)) + BUSY_MS;
    }
    if (this.#wasBusy) {
      this.#wasBusy = false;
      this.#quietAt = now + QUIET_MS;
    }
    return this.#quietAt;
  }

  #start(node: string | undefined): void {
    const { dir, replicaMain: main, preload = [], engine, connectControl, clock, log } = this.#options;
    const suffix = this.#newSuffix();
    const id = `${NAME}#${suffix}`;
    const path = replicaSocket(dir, id);
    const { env, inherit, key } = this.#likeness;
    const started = engine.start(
      replicaProcess({
        dir,
        main,
        id,
        node,
        preload,
        surroundings: { env, cwd: dir, ...(inherit === undefined ? {} : { inherit }) },
      }),
    );
    const link = started.then((place) => {
      spare.path = place ?? path;
      return connectControl(spare.path);
    });
    const spare: PooledSpare = { id, suffix, path, node, key, link, startedAt: clock.now(), boots: true };
    this.#spares.set(id, spare);
    link.then(
      (opened) => {
        spare.boots = false;
        if (!this.#has(spare)) return;
        log.info(`spare process ${id} is ready`);
        void opened.closed.then(() => this.#lost(spare, new Error('its connection broke')));
        this.tend();
      },
      (error: Error) => this.#lost(spare, error),
    );
  }

  /** False if a replica has taken it; then its end concerns that replica. */
  #has(spare: PooledSpare): boolean {
    return this.#spares.get(spare.id) === spare;
  }

  #lost(spare: PooledSpare, error: Error): void {
    if (!this.#has(spare)) return;
    const { clock, log } = this.#options;
    const now = clock.now();
    this.#failure = addFailure(this.#failure, error, spare.boots ? null : now - spare.startedAt, now);
    const level = this.#failure.count >= WARN_AFTER ? 'warn' : 'info';
    log[level](`spare process ${spare.id} was lost; replicas start without one until there is a next: ${error.message}`);
    this.#end(spare.id);
    this.tend();
  }

  #end(id: string): void {
    const { engine, removeSocket, log } = this.#options;
    const spare = this.#spares.get(id);
    if (spare === undefined) return;
    this.#spares.delete(id);
    spare.link.then(
      (link) => link.close(),
      () => {},
    );
    engine
      .stop(id, { graceMs: 0 })
      .then(() => removeSocket(spare.path))
      .catch((error: Error) => log.warn(`spare process ${id} could not be ended: ${error.message}`));
  }

  /** The id of its replica must be new too. */
  #newSuffix(): string {
    const taken = new Set([...this.#options.actual.replicas.keys(), ...this.#spares.keys()].map((id) => id.split('#')[1]));
    for (;;) {
      const suffix = shortId(ID_LENGTH);
      if (!taken.has(suffix)) return suffix;
    }
  }
}
