import { readFileSync } from 'node:fs';
import { SHARE_ENV, Worker } from 'node:worker_threads';
import { tokenFile, toWireError } from '../core/index.js';
import { BlockLimit } from './block-limit.js';
import { type DebugAnswer, type DebugDoor, type DebugOrder, isDebugOrder } from './debug-server.js';
import { NotAChild } from './errors.js';
import { ExitCode } from './exit-report.js';
import { type ChildArguments, type ChildMessage, LISTEN_FD, tell } from './lifeline.js';

/** What a process of a cluster knows about itself. */
export interface ChildContext<A> {
  readonly id: string;
  readonly label: string;
  /** `ProcessSpec.args`. */
  readonly args: A;
  /** The cluster's private folder. */
  readonly dir: string;
  /** The cluster's secret (hex). */
  readonly token: string;
  /** The listening sockets that the agent owns, for `server.listen({ fd })`: first HTTP, then gRPC. Empty if the spec did not ask for them. */
  readonly listenFds: readonly number[];
  /** Tells the agent that this process is ready: its socket listens. @param place its place for processes of other machines */
  ready(place?: string): void;
  /** Tells the agent what this process is, as JSON; the last word counts. */
  describe(self: unknown): void;
  /** Sets what happens at SIGTERM: `drain` runs, then the process exits with code 0. A second call replaces `drain`. */
  onStop(drain: () => Promise<void> | void): void;
  /** Lets one debugger connect to the inspector of this process, at a socket with this path. Resolves when it listens. */
  debugAt(path: string): Promise<DebugDoor>;
  /** The limit on how long the main thread may be blocked. */
  readonly blockLimit: BlockLimit;
  /** Ends this process with a named exit code. The agent passes `error` on to the code that started this process. */
  exit(name: keyof typeof ExitCode, error?: unknown): never;
}

/** A child that is not ready after this time starts the watcher of its owner's pipe nevertheless. */
const WATCH_AT_LATEST_MS = 1000;

/**
 * Makes this process a process of a cluster: it reads the agent's arguments, and starts a thread that watches the owner's pipe and ends the process at
 * EOF, even while the main thread is in a busy loop. Call it once, before anything else.
 * @throws NBS_NOT_A_CHILD if no agent started this process
 */
export function enterChild<A>(): ChildContext<A> {
  const given = parseArguments();
  blockingOutput();
  let drain: () => Promise<void> | void = () => {};
  let stopping = false;
  process.on('SIGTERM', () => {
    if (stopping) return;
    stopping = true;
    Promise.resolve()
      .then(() => drain())
      .then(
        // What was written in this turn of the event loop leaves at its end.
        () => void setImmediate(() => process.exit(ExitCode.ENDED)),
        (error: unknown) => exit('CRASHED', error),
      );
  });
  const blockLimit = new BlockLimit();
  let thread: Worker | undefined;
  const watch = (): Worker => {
    thread ??= watchOwner(blockLimit);
    return thread;
  };
  setTimeout(watch, WATCH_AT_LATEST_MS).unref();
  return {
    id: given.id,
    label: given.label,
    args: given.args as A,
    dir: given.dir,
    token: readFileSync(tokenFile(given.dir), 'utf8'),
    listenFds: Array.from({ length: given.listenFds }, (_, index) => LISTEN_FD + index),
    ready(place) {
      tell({ kind: 'ready', ...(place !== undefined && { place }) } satisfies ChildMessage);
      // After the message, because starting a thread takes 2 ms, for which the agent need not wait.
      setImmediate(watch);
    },
    describe(self) {
      tell({ kind: 'describes', self } satisfies ChildMessage);
    },
    debugAt: (path) => debugAt(watch(), path),
    blockLimit,
    onStop(action) {
      drain = action;
    },
    exit,
  };
}

function exit(name: keyof typeof ExitCode, error?: unknown): never {
  if (error !== undefined) {
    tell({ kind: 'failed', error: toWireError(error) } satisfies ChildMessage);
    console.error(error);
  }
  process.exit(ExitCode[name]);
}

function parseArguments(): ChildArguments {
  try {
    const given = JSON.parse(process.argv[2] ?? '') as ChildArguments;
    if (typeof given.dir === 'string' && typeof given.id === 'string') return given;
  } catch {
    // It is not JSON, so no agent wrote it.
  }
  throw NotAChild({ path: process.argv[1] ?? 'this module' });
}

/**
 * Makes writes to stdout and stderr block. They are sockets, to which Node writes asynchronously, so output right before
 * `process.exit` or a crash would be lost (measured: all of a 5 MB line).
 */
function blockingOutput(): void {
  for (const stream of [process.stdout, process.stderr]) {
    const handle = (stream as unknown as { _handle?: { setBlocking?(blocking: boolean): number } })._handle;
    handle?.setBlocking?.(true);
  }
}

function watchOwner(blockLimit: BlockLimit): Worker {
  const thread = new Worker(new URL('./lifeline-thread.js', import.meta.url), { execArgv: [], env: SHARE_ENV });
  blockLimit.attach(thread);
  thread.unref();
  return thread;
}

function debugAt(thread: Worker, path: string): Promise<DebugDoor> {
  return new Promise((resolve, reject) => {
    const onMessage = (message: unknown): void => {
      if (!isDebugOrder(message) || message.debugAt !== path) return;
      thread.off('message', onMessage);
      const { door, problem } = message as DebugAnswer;
      if (door !== undefined) resolve(door);
      else reject(new Error(`no debugger can connect at ${path}: ${problem}`));
    };
    thread.on('message', onMessage);
    thread.postMessage({ debugAt: path } satisfies DebugOrder);
  });
}
