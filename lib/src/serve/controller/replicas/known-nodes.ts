import type { Clock, Log } from '../../../core/index.js';
import type { Engine } from '../../../engine/index.js';
import type { ActualState } from './actual.js';

export interface KnownNodesOptions {
  readonly clock: Clock;
  readonly engine: Engine;
  readonly actual: ActualState;
  readonly log: Pick<Log, 'info' | 'warn'>;
  /** Called when the nodes become known, and when one goes down or comes up. */
  readonly onChange: () => void;
}

const RETRY_MS = 5000;

/** Keeps `ActualState.nodes` up to date. The nodes are requested once, when they are needed, because a search for GPUs starts a process. */
export class KnownNodes {
  readonly #options: KnownNodesOptions;
  #asked: Promise<void> | null = null;

  constructor(options: KnownNodesOptions) {
    this.#options = options;
    options.engine.onNodeChange(({ id, alive }) => {
      const { actual, log, onChange } = options;
      if (id !== '') log[alive ? 'info' : 'warn'](`node ${id} is ${alive ? 'up' : 'down'}`);
      // If they are being requested for the first time, the answer will contain this.
      if (actual.nodes === null) return onChange();
      const known = actual.nodes.find((node) => node.id === id);
      // The list has changed, or a node of another machine has joined, perhaps under the name of one that was lost: what it has is not known yet.
      if (known === undefined || (alive && known.isJoined === true)) {
        this.#asked = null;
        void this.ask();
        return;
      }
      actual.nodes = actual.nodes.map((node) => (node.id === id ? { ...node, alive } : node));
      onChange();
    });
  }

  /** Resolves when the nodes are known or could not be read. */
  ask(): Promise<void> {
    const { clock, engine, actual, log, onChange } = this.#options;
    this.#asked ??= engine.nodes().then(
      (nodes) => {
        actual.nodes = nodes;
        onChange();
      },
      (error: Error) => {
        log.warn(`the nodes' resources could not be read: ${error.message}`);
        this.#asked = null;
        // Code that waits for a place requests them again; what is known may be old.
        clock.after(RETRY_MS, () => {
          if (actual.nodes !== null) void this.ask();
          onChange();
        });
      },
    );
    return this.#asked;
  }
}
