import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import {
  childEnv,
  deferred,
  fromWireError,
  keepsVisibleGpus,
  patience,
  timerMs,
  toWireError,
  type WireError,
} from '../../core/index.js';
import { readCallerMark } from '../caller-mark.js';
import type { Blocked, ProcessSpec } from '../engine.js';
import { ProcessExited, ProcessStartTimeout } from '../errors.js';
import { describeExit, type ExitReport, nameExit } from '../exit-report.js';
import { type ChildArguments, type ChildMessage, messageReader } from '../lifeline.js';
import { LineSplitter } from '../line-splitter.js';
import { OomKills } from './oom-kills.js';

const START_TIMEOUT_MS = 60_000;
/** How long output may come after the process ended, from its children in another process group. */
const LINGERING_OUTPUT_MS = 1000;
const TAIL_LINES = 20;
const TAIL_LINE_CHARACTERS = 2000;
/** A blocked process says so each second. If it has not for so long, it was stopped, or its main thread runs again. */
const BLOCKED_HOLDS_MS = 4000;

let oomKills: OomKills | null = null;

export interface ChildOptions {
  readonly dir: string;
  /** The listening sockets for processes that ask for them. */
  readonly listenFds: readonly number[];
  /** @param caller see `LogLine.caller` */
  readonly onLine: (stream: 'stdout' | 'stderr', text: string, caller: string | undefined) => void;
}

/** One run of a process, from its spawn until it has ended and its output has been read to the end. */
export class ChildRun {
  /** -1 if it could not be spawned. */
  readonly pid: number;
  /** Rejects with NBS_PROCESS_EXITED or NBS_PROCESS_START_TIMEOUT. */
  readonly ready: Promise<void>;
  readonly ended: Promise<ExitReport>;
  readonly startedAt = Date.now();
  readonly #child: ChildProcess;
  readonly #stderrTail: string[] = [];
  #isReady = false;
  #exited = false;
  #asked = false;
  #startTimedOut = false;
  #error: WireError | undefined;
  #saidName: 'STUCK' | undefined;
  #blocked: (Blocked & { readonly saidAt: number }) | undefined;
  #self: unknown;
  #place: string | undefined;

  constructor(spec: ProcessSpec, options: ChildOptions) {
    oomKills ??= new OomKills().watch();
    this.#child = spawnChild(spec, options);
    this.pid = this.#child.pid ?? -1;
    const { promise: ready, resolve: becomeReady, reject: failReady } = deferred<void>();
    this.ready = ready;
    ready.catch(() => {}); // Each await gets the error too.
    this.#readOutput(options.onLine, spec.role === 'replica');
    this.#readLifeline(() => {
      this.#isReady = true;
      becomeReady();
    });
    this.ended = this.#watchEnd();
    const { startTimeoutMs = START_TIMEOUT_MS } = spec;
    const stopWaiting = patience(startTimeoutMs, () => {
      this.#startTimedOut = !this.#isReady;
      if (this.#startTimedOut) this.kill();
    });
    ready.then(stopWaiting, () => {});
    void this.ended.then((exit) => {
      stopWaiting();
      const { label } = spec;
      const stderr = exit.stderrTail.length === 0 ? '' : `:\n${exit.stderrTail.join('\n')}`;
      const cause = exit.error === undefined ? undefined : fromWireError(exit.error);
      failReady(
        this.#startTimedOut
          ? ProcessStartTimeout({ label, timeoutMs: startTimeoutMs, stderr })
          : ProcessExited({ label, exit: describeExit(exit), stderr }, cause),
      );
    });
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  /** What its watcher reported about its main thread, if that was in the last seconds. */
  get blocked(): Blocked | undefined {
    if (this.#exited || this.#blocked === undefined || Date.now() - this.#blocked.saidAt > BLOCKED_HOLDS_MS) return undefined;
    const { saidAt: _, ...blocked } = this.#blocked;
    return blocked;
  }

  /** What it last said of itself; `undefined` if it has said nothing. */
  get self(): unknown {
    return this.#self;
  }

  /** Its place for processes of other machines, as it said when it was ready. */
  get place(): string | undefined {
    return this.#place;
  }

  /** Sends SIGTERM, and after `graceMs` SIGKILL. Resolves when it has ended. */
  async stop(graceMs: number): Promise<ExitReport> {
    this.#asked = true;
    if (!this.#exited) this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.kill(), timerMs(graceMs));
    const report = await this.ended;
    clearTimeout(timer);
    return report;
  }

  /** Sends SIGKILL to it and to all that it started. */
  kill(): void {
    this.#asked = true;
    if (!this.#exited) killGroup(this.pid);
  }

  /** @param isMarked whether the process marks its lines; in those of others, a mark can only be a text that came from elsewhere */
  #readOutput(onLine: ChildOptions['onLine'], isMarked: boolean): void {
    for (const stream of ['stdout', 'stderr'] as const) {
      let caller: string | undefined;
      let isRest = false;
      const lines = new LineSplitter((line, isWhole) => {
        const marked = readCallerMark(line);
        // A long line comes in pieces, of which the first one has the mark.
        if (!isRest) caller = isMarked ? marked.caller : undefined;
        isRest = !isWhole;
        if (stream === 'stderr') this.#keepTail(marked.text);
        onLine(stream, marked.text, caller);
      });
      const source = this.#child[stream];
      source?.on('data', (chunk: Buffer) => lines.push(chunk));
      source?.on('close', () => lines.flush());
      source?.on('error', () => {});
    }
  }

  #readLifeline(onReady: () => void): void {
    const lines = messageReader<ChildMessage>((message) => {
      if (message.kind === 'ready') {
        if (typeof message.place === 'string') this.#place ??= message.place;
        onReady();
      }
      if (message.kind === 'unblocked') this.#blocked = undefined;
      else if (message.kind === 'blocked') {
        const { since, isOver, isDebugged } = message;
        const why = { isOver: isOver === true, ...(isDebugged === true && { isDebugged }) };
        this.#blocked = { since: Number(since), ...why, saidAt: Date.now() };
      } else if (message.kind === 'describes') this.#self = message.self;
      else if (message.kind === 'failed') {
        this.#error = message.error;
        this.#saidName = message.name;
      }
    });
    const lifeline = this.#child.stdio[3] as Socket | null;
    lifeline?.on('data', (chunk: Buffer) => lines.push(chunk));
    lifeline?.on('error', () => {});
  }

  #keepTail(text: string): void {
    this.#stderrTail.push(text.slice(0, TAIL_LINE_CHARACTERS));
    if (this.#stderrTail.length > TAIL_LINES) this.#stderrTail.shift();
  }

  #watchEnd(): Promise<ExitReport> {
    const child = this.#child;
    const { promise, resolve } = deferred<ExitReport>();
    child.on('error', (error) => {
      if (child.pid !== undefined) return; // This 'error' is about a signal that could not be sent.
      this.#exited = true;
      resolve({ code: null, signal: null, name: 'SPAWN_FAILED', stderrTail: [error.message], error: toWireError(error) });
    });
    child.on('exit', (code, signal) => {
      this.#exited = true;
      const starved = signal === 'SIGKILL' && !this.#asked && oomKills?.take() === true;
      // Its children end with it.
      killGroup(this.pid);
      const lingering = setTimeout(() => {
        for (const stream of child.stdio) stream?.destroy();
      }, LINGERING_OUTPUT_MS);
      child.on('close', () => {
        clearTimeout(lingering);
        const facts = { code, signal, asked: this.#asked, stderrTail: this.#stderrTail, said: this.#saidName, starved };
        resolve({
          code,
          signal,
          name: nameExit(facts),
          stderrTail: this.#stderrTail,
          ...(this.#error && { error: this.#error }),
        });
      });
    });
    return promise;
  }
}

function spawnChild(spec: ProcessSpec, { dir, listenFds }: ChildOptions): ChildProcess {
  const sockets = spec.listens === true ? listenFds : [];
  const given: ChildArguments = { id: spec.id, label: spec.label, dir, listenFds: sockets.length, args: spec.args };
  // A replica sees no GPU unless it was given one, or its user does that.
  const hideGpus = spec.role === 'replica' && !keepsVisibleGpus(spec.env) ? { CUDA_VISIBLE_DEVICES: '' } : {};
  // After `--`, Node reads no flags: a flag without its value cannot take the name of the file.
  const flags = spec.nodeFlags === undefined ? [] : [...spec.nodeFlags, '--'];
  return spawn(process.execPath, [...flags, spec.main, JSON.stringify(given)], {
    // It gets a session of its own, so that Ctrl-C in the terminal does not reach it, and its process group contains all that it starts.
    detached: true,
    ...(spec.cwd === undefined ? {} : { cwd: spec.cwd }),
    env: childEnv({ ...hideGpus, ...spec.env }, spec.inherit),
    stdio: ['ignore', 'pipe', 'pipe', 'pipe', ...sockets],
  });
}

function killGroup(pid: number): void {
  if (pid <= 0) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The process group is empty.
  }
}
