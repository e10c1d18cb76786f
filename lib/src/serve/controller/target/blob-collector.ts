import type { Clock, Log } from '../../../core/index.js';
import type { BlobStore } from './blobs.js';

export interface BlobCollectorOptions {
  readonly blobs: BlobStore;
  readonly clock: Clock;
  readonly log: Pick<Log, 'info' | 'warn'>;
  /** How long a blob stays that the checkpoint does not contain and that nobody has asked for. A deploy that will use it may be on its way. */
  readonly graceMs?: number;
}

const GRACE_MS = 10 * 60_000;

/**
 * Removes blobs that no version uses any more: code and values of earlier versions, and uploads that no deploy followed. Blobs in the checkpoint on
 * disk stay, so that a controller that dies at any moment finds what it needs. The time since which a blob is unused is not stored; a new controller
 * starts to count again.
 */
export class BlobCollector {
  readonly #options: BlobCollectorOptions;
  readonly #graceMs: number;
  #named: ReadonlySet<string> = new Set();
  #cancelTimer: () => void = () => {};
  #looking: Promise<void> | null = null;
  #again = false;

  constructor(options: BlobCollectorOptions) {
    this.#options = options;
    this.#graceMs = options.graceMs ?? GRACE_MS;
  }

  /** To be called with the blobs that the checkpoint on disk contains. */
  named(hashes: ReadonlySet<string>): void {
    // An update that fails late goes back to the earlier version.
    for (const hash of this.#named) if (!hashes.has(hash)) this.#options.blobs.want(hash);
    this.#named = hashes;
    this.#look();
  }

  /** Resolves when nothing is being searched or removed. */
  async idle(): Promise<void> {
    while (this.#looking !== null) await this.#looking;
  }

  #look(): void {
    this.#again = this.#looking !== null;
    if (this.#looking !== null) return;
    this.#cancelTimer();
    this.#looking = this.#collect()
      .catch((error: Error) => this.#options.log.warn(`code that is not used any more could not be removed: ${error.message}`))
      .finally(() => {
        this.#looking = null;
        if (this.#again) this.#look();
      });
  }

  async #collect(): Promise<void> {
    const { blobs, clock, log } = this.#options;
    let removed = 0;
    let oldest = Number.POSITIVE_INFINITY;
    for (const hash of await blobs.list()) {
      // This is read each time, because it may have changed.
      if (this.#named.has(hash)) continue;
      const wantedAt = await blobs.removeUnwanted(hash, clock.now() - this.#graceMs);
      if (wantedAt === null) removed += 1;
      else oldest = Math.min(oldest, wantedAt);
    }
    if (removed > 0) log.info(`removed ${removed} blobs of code and values that no version uses`);
    if (oldest === Number.POSITIVE_INFINITY) return;
    this.#cancelTimer = clock.after(Math.max(1, oldest + this.#graceMs - clock.now()), () => this.#look());
  }
}
