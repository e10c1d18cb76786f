import { timerMs } from '../../core/index.js';
import { type ProcessInfo, type ProcessSpec, ProcessState } from '../engine.js';
import type { ExitReport } from '../exit-report.js';
import { type ChildOptions, ChildRun } from './child-process.js';

const FIRST_MS = 100;
const MAX_MS = 5000;
const STABLE_MS = 10_000;

/**
 * How long to wait before a process is started again: not at all after the first end, then 100 ms, 200 ms, … up to 5 s.
 * After a run of 10 s, it begins from the start.
 */
export class BackOff {
  #failures = 0;

  /** @param ranMs how long the last run lasted */
  next(ranMs: number): number {
    if (ranMs >= STABLE_MS) this.#failures = 0;
    const wait = this.#failures === 0 ? 0 : Math.min(MAX_MS, FIRST_MS * 2 ** (this.#failures - 1));
    this.#failures += 1;
    return wait;
  }
}

export interface ManagedProcessOptions extends ChildOptions {
  readonly node: string;
  /** Called when a run has ended, after its last line of output. */
  readonly onExit: (info: ProcessInfo) => void;
}

/** A process that the agent was asked to run, with all its restarts. */
export class ManagedProcess {
  /** Resolves when the first run is ready. Rejects with NBS_PROCESS_EXITED or NBS_PROCESS_START_TIMEOUT. */
  readonly ready: Promise<void>;
  /** Resolves when it has ended and is not started again. */
  readonly gone: Promise<void>;
  readonly #options: ManagedProcessOptions;
  #spec: ProcessSpec;
  #formerId: string | undefined;
  readonly #backOff = new BackOff();
  #run: ChildRun;
  #exit: ExitReport | undefined;
  #restarts = 0;
  #stopping = false;
  #isGone = false;
  #endPause: (() => void) | undefined;

  constructor(spec: ProcessSpec, options: ManagedProcessOptions) {
    this.#spec = spec;
    this.#options = options;
    this.#run = new ChildRun(spec, options);
    this.ready = this.#run.ready;
    this.gone = this.#supervise();
  }

  get spec(): ProcessSpec {
    return this.#spec;
  }

  /** The id before the last {@link rename}. */
  get formerId(): string | undefined {
    return this.#formerId;
  }

  /** Gives it another id and label, and its output another group. */
  rename(to: string, logGroup: string | undefined): void {
    this.#formerId = this.#spec.id;
    this.#spec = { ...this.#spec, id: to, label: to, ...(logGroup !== undefined && { logGroup }) };
  }

  /** To be called when it was to be started although it runs. */
  startedAgain({ call }: ProcessSpec): void {
    if (call !== undefined) this.#spec = { ...this.#spec, call };
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  info(): ProcessInfo {
    const { id, role, label, call } = this.spec;
    const { pid, startedAt, blocked, self, place } = this.#run;
    const state =
      this.#exit !== undefined ? ProcessState.STOPPED : this.#run.isReady ? ProcessState.RUNNING : ProcessState.STARTING;
    const more = {
      ...(blocked !== undefined && { blocked }),
      ...(self !== undefined && { self }),
      ...(place !== undefined && { place }),
      ...(this.#exit !== undefined && { exit: this.#exit }),
      ...(this.#exit !== undefined && !this.#isGone && { isRestarted: true }),
      ...(call !== undefined && { call }),
    };
    return { id, role, label, pid, state, startedAt, node: this.#options.node, restarts: this.#restarts, ...more };
  }

  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    this.#endPause?.();
    await this.#run.stop(graceMs);
    await this.gone;
  }

  /** Sends SIGKILL at once. */
  kill(): void {
    this.#stopping = true;
    this.#endPause?.();
    this.#run.kill();
  }

  async #supervise(): Promise<void> {
    for (;;) {
      this.#exit = await this.#run.ended;
      // A process that was never ready is not restarted: its starter got the error.
      const again = this.spec.restart === true && !this.#stopping && (this.#run.isReady || this.#restarts > 0);
      if (!again) this.#isGone = true;
      this.#options.onExit(this.info());
      if (!again) return;
      await this.#pause(this.#backOff.next(Date.now() - this.#run.startedAt));
      if (this.#stopping) break;
      this.#restarts += 1;
      this.#exit = undefined;
      this.#run = new ChildRun(this.spec, this.#options);
    }
    this.#isGone = true;
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, timerMs(ms));
      this.#endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
