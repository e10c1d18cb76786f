import type { ReplicaDoor } from '../debugger/index.js';
import { type Host, loadedHost } from './host.js';

export interface ReplicaDebugging {
  /** Which debugger is attached, counted from 1; 0 if there is none. */
  readonly debugger: () => number;
  /** Attaches the debugger to replicas that wait for it. Resolves when they have the breakpoints. */
  readonly join: (replicas: readonly ReplicaDoor[]) => Promise<void>;
}

/** Brings the replicas of this notebook's applications to the debugger. */
export class DebuggedReplicas {
  readonly #options: ReplicaDebugging;
  #debugger = 0;
  /** Those that this debugger has seen. */
  #known = new Set<string>();
  #last: Promise<void> = Promise.resolve();

  constructor(options: ReplicaDebugging) {
    this.#options = options;
  }

  isAttached(): boolean {
    return this.#options.debugger() > 0;
  }

  /** Resolves when the debugger sees the replicas that run now; never rejects. Undefined while there is no debugger, or nothing was served. */
  seesReplicas(): Promise<void> | undefined {
    const host = this.isAttached() ? loadedHost() : undefined;
    if (host === undefined) return undefined;
    // In turn, so that none is asked twice.
    this.#last = this.#last.then(async () => this.#look(await host)).catch(() => {});
    return this.#last;
  }

  async #look({ debugReplicas }: Host): Promise<void> {
    const now = this.#options.debugger();
    if (now !== this.#debugger) this.#known = new Set();
    this.#debugger = now;
    if (now === 0) return;
    const replicas = await debugReplicas(this.#known);
    for (const { id } of replicas) this.#known.add(id);
    await this.#options.join(replicas);
  }
}
