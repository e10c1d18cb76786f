import type { Clock, Log } from '../../../core/index.js';
import type { Engine } from '../../../engine/index.js';
import type { ActualState } from './actual.js';

export interface KnownNodesOptions {
  readonly clock: Clock;
  readonly engine: Engine;
  readonly actual: ActualState;
  readonly log: Pick<Log, 'info' | 'warn'>;
  /** They are known now, or one went down or came up. */
  readonly onChange: () => void;
}

const RETRY_MS = 5000;

/** Keeps `ActualState.nodes`. They are asked for once, when somebody wants to know: looking for GPUs starts a process. */
export class KnownNodes {
  readonly #options: KnownNodesOptions;
  #asked: Promise<void> | null = null;

  constructor(options: KnownNodesOptions) {
    this.#options = options;
    options.engine.onNodeChange(({ id, alive }) => {
      const { actual, log, onChange } = options;
      log[alive ? 'info' : 'warn'](`node ${id} is ${alive ? 'up' : 'down'}`);
      // Where they are being asked for, the answer will say it.
      if (actual.nodes !== null) actual.nodes = actual.nodes.map((node) => (node.id === id ? { ...node, alive } : node));
      onChange();
    });
  }

  /** Resolves when they are known, or could not be read. */
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
        // Who waits for a place asks again.
        clock.after(RETRY_MS, onChange);
      },
    );
    return this.#asked;
  }
}
