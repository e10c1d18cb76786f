import { writeSync } from 'node:fs';
import type { WireError } from '../core/index.js';
import type { ClusterEntries, DeclaredNode, HttpOptions } from './engine.js';
import type { ExitReport } from './exit-report.js';

/** The pipe between an owner and what it owns. EOF means that the other side is gone. Lines of JSON go up it. */
export const LIFELINE_FD = 3;
/** The HTTP listening socket, in the processes that get it. */
export const LISTEN_FD = 4;

/** The one argument on a child's command line. */
export interface ChildArguments {
  readonly id: string;
  readonly label: string;
  readonly dir: string;
  readonly listenFd: boolean;
  readonly args: unknown;
}

/** A child to its agent. */
export type ChildMessage =
  | { readonly kind: 'ready' }
  /** A call has blocked its main thread since then (epoch, ms); said again each second. `isOver`: the deadlines of all its calls are over. */
  | { readonly kind: 'blocked'; readonly since: number; readonly isOver: boolean }
  | { readonly kind: 'unblocked' }
  /** It ends with this error; by SIGKILL from its own watcher, under this name. */
  | { readonly kind: 'failed'; readonly error: WireError; readonly name?: 'STUCK' };

/** The one argument on the agent's command line. */
export interface AgentArguments {
  readonly dir: string;
  /** Its nodes: the agent's own is the first. */
  readonly nodes: readonly DeclaredNode[];
  readonly detached: boolean;
  readonly http: HttpOptions;
  readonly entries: ClusterEntries;
  /** For the controller, beside its folder. */
  readonly controllerArgs: Readonly<Record<string, unknown>>;
}

/** The agent to the driver that started it. */
export type AgentMessage =
  /** Its control socket listens; the children still boot. */
  | { readonly kind: 'open' }
  /** The controller takes deploys, and every node is there; port 0 is no HTTP. HTTP connections wait until the proxy takes them. */
  | { readonly kind: 'up'; readonly host: string; readonly port: number }
  /** The proxy takes them. */
  | { readonly kind: 'serving' }
  | { readonly kind: 'failed'; readonly error: WireError; readonly exit?: ExitReport };

/** A pipe that is full for so long has nobody who reads it. */
const PATIENCE_MS = 2000;

/**
 * Writes one message up the lifeline before this returns, so that it is said even if the process ends right after.
 * Does nothing where the owner is gone.
 */
export function tell(message: unknown): void {
  const line = Buffer.from(`${JSON.stringify(message)}\n`);
  const deadline = Date.now() + PATIENCE_MS;
  for (let written = 0; written < line.length; ) {
    try {
      written += writeSync(LIFELINE_FD, line, written);
    } catch (error) {
      // The watcher's thread has made the pipe non-blocking, for this thread as well.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN' || Date.now() > deadline) return;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}
