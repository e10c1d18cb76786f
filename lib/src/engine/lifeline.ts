import { writeSync } from 'node:fs';
import type { WireError } from '../core/index.js';
import type { ClusterEntries, DeclaredNode, HttpOptions, MachineOptions } from './engine.js';
import type { ExitReport } from './exit-report.js';
import { LineSplitter } from './line-splitter.js';

/** The pipe between an owner and the process that it owns. EOF means that the other side has ended. The process writes lines of JSON to its owner. */
export const LIFELINE_FD = 3;
/** The first listening socket, in processes that get some: that of HTTP. That of gRPC follows. */
export const LISTEN_FD = 4;

/** The one argument on a child's command line. */
export interface ChildArguments {
  readonly id: string;
  readonly label: string;
  readonly dir: string;
  /** Number of listening sockets that it gets. */
  readonly listenFds: number;
  readonly args: unknown;
}

/** From a child to its agent. */
export type ChildMessage =
  /** @see Engine.start for the place */
  | { readonly kind: 'ready'; readonly place?: string }
  /** A call has blocked its main thread since then (epoch, ms). The message is repeated each second. `isOver`: the deadlines of all its calls have passed. `isDebugged`: no call, but a debugger has stopped it. */
  | { readonly kind: 'blocked'; readonly since: number; readonly isOver: boolean; readonly isDebugged?: boolean }
  | { readonly kind: 'unblocked' }
  /** What it is; the last word counts. */
  | { readonly kind: 'describes'; readonly self: unknown }
  /** It ends with this error. If it has a name, the watcher's thread ends it by SIGKILL. */
  | { readonly kind: 'failed'; readonly error: WireError; readonly name?: 'STUCK' };

/** The one argument on the agent's command line. */
export interface AgentArguments {
  readonly dir: string;
  /** The cluster's nodes. The first is the agent's own. */
  readonly nodes: readonly DeclaredNode[];
  readonly detached: boolean;
  readonly http: HttpOptions;
  /** If it is present, nodes of other machines can join. */
  readonly machines?: MachineOptions;
  readonly entries: ClusterEntries;
  /** Arguments for the controller besides its folder. */
  readonly controllerArgs: Readonly<Record<string, unknown>>;
}

/** From the agent to the driver that started it. */
export type AgentMessage =
  /** Its control socket listens. The children are still starting. */
  | { readonly kind: 'open' }
  /** The controller accepts deploys, and every node is up. Port 0 means no HTTP. HTTP connections wait until the proxy accepts them. */
  | { readonly kind: 'up'; readonly host: string; readonly port: number }
  /** The proxy accepts HTTP connections. */
  | { readonly kind: 'serving' }
  | { readonly kind: 'failed'; readonly error: WireError; readonly exit?: ExitReport };

/** A `failed` message contains stacks and the user's own message. A longer one is not read; the exit code still says the reason. */
const MESSAGE_MAX_BYTES = 4 * 1024 * 1024;

/** Reads the messages of an owned process from its pipe, for its owner. User code runs in a child and may write anything to the pipe: that is no message. */
export function messageReader<T extends ChildMessage | AgentMessage>(onMessage: (message: T) => void): LineSplitter {
  return new LineSplitter((text) => {
    const message = parsed(text) as T | undefined;
    if (message !== undefined) onMessage(message);
  }, MESSAGE_MAX_BYTES);
}

function parsed(text: string): object | undefined {
  try {
    const message = JSON.parse(text) as unknown;
    return message !== null && typeof message === 'object' ? message : undefined;
  } catch {
    return undefined;
  }
}

/** If the pipe is full for so long, nobody reads it. */
const PATIENCE_MS = 2000;

/**
 * Writes one message to the lifeline before it returns, so that the message is sent even if the process ends right after.
 * Does nothing if the owner has ended.
 */
export function tell(message: unknown): void {
  const line = Buffer.from(`${JSON.stringify(message)}\n`);
  const deadline = Date.now() + PATIENCE_MS;
  for (let written = 0; written < line.length; ) {
    try {
      written += writeSync(LIFELINE_FD, line, written);
    } catch (error) {
      // The watcher's thread has made the pipe non-blocking, for this thread too.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN' || Date.now() > deadline) return;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}
