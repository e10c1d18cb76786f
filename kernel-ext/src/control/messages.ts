import type { Mark, OwnDescriptors } from '../descriptors/index.js';
import type { Connection, Content, Header } from '../wire/index.js';

/** What the control thread is started with. */
export interface ControlInit {
  readonly connection: Connection;
  /** Keeps the signatures of accepted messages over restarts; '' keeps them in memory only. */
  readonly seenFile: string;
  /** Session id of the kernel's headers. */
  readonly session: string;
  /** Content of `kernel_info_reply`. */
  readonly info: Readonly<Record<string, unknown>>;
  /** {@link SHARED_INTS} Int32: see {@link GUARD} and what follows it. */
  readonly shared: SharedArrayBuffer;
  readonly descriptors: OwnDescriptors;
  /** Process whose end ends the kernel; 0: none. */
  readonly parentPid: number;
  /** How to start this kernel once more. */
  readonly restart: Restart;
  /** JSON of what the program before this one in the process has left, see `Legacy`; '' where there was none. */
  readonly legacy: string;
}

/** Environment variable in which a program that is replaced leaves its {@link ControlInit.legacy}. */
export const LEGACY_VARIABLE = 'NBSERVE_KERNEL_LEGACY';

/** What a process is started with. */
export interface Restart {
  readonly file: string;
  readonly args: readonly string[];
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Index in `shared`: above zero while the main thread runs what must not be terminated. */
export const GUARD = 0;
/** Index in `shared`: the state of a termination; see {@link Termination}. */
export const TERMINATION = 1;
/** Index in `shared`: UTF-16 units of output that the control thread has not yet taken. */
export const UNSENT = 2;
/** Index in `shared`: how many interrupts were asked for. */
export const INTERRUPTS = 3;
/** Index in `shared`: pid of the type checker while the main thread waits for its answer, else 0. */
export const CHECKER = 4;
export const SHARED_INTS = 5;

/** Who sent a request, as far as an answer needs it. */
export interface Asker {
  /** Routing frames in front of the delimiter, one character a byte. */
  readonly identities: readonly string[];
  /** The request's header as it came, JSON: goes into answers as their parent. */
  readonly headerJson: string;
}

/** A message of the shell channel whose signature was right. */
export interface ShellRequest extends Asker {
  readonly header: Header;
  readonly content: Content;
  readonly metadata: Content;
}

/** From the control thread to the main thread. */
export type FromControl =
  | { readonly kind: 'bound' }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'ping'; readonly id: number }
  | { readonly kind: 'request'; readonly request: ShellRequest }
  /** What the person answered; undefined: the question was taken back. */
  | { readonly kind: 'answer'; readonly question: number; readonly value: string | undefined }
  /** The person asked for an interrupt. Synchronous code that stands in its way is terminated. */
  | { readonly kind: 'interrupted' }
  | { readonly kind: 'shutdown'; readonly restart: boolean };

/** What reaches iopub, in one order with what comes through the descriptors 1 and 2. Parents are headers in JSON; '' stands for none. */
export type Printed =
  | { readonly kind: 'stream'; readonly name: 'stdout' | 'stderr'; readonly text: string; readonly parent: string }
  /** Any other message for iopub; the content is JSON, because not everything in it can be cloned. */
  | { readonly kind: 'publish'; readonly type: string; readonly content: string; readonly parent: string }
  /** A cell begins: what comes through the descriptors is its own. */
  | { readonly kind: 'cell'; readonly parent: string };

/** From the main thread to the control thread. */
export type ToControl =
  | { readonly kind: 'pong'; readonly id: number }
  | (Printed & { readonly mark: Mark })
  /** An answer on the shell channel; the content is JSON. */
  | { readonly kind: 'reply'; readonly asker: Asker; readonly type: string; readonly content: string }
  | {
      readonly kind: 'ask';
      readonly question: number;
      readonly asker: Asker;
      readonly prompt: string;
      readonly password: boolean;
    }
  /** Takes back every open question. */
  | { readonly kind: 'unask'; readonly question?: number }
  /** A cell begins: what is interrupted is this one. @param at milliseconds since the epoch */
  | { readonly kind: 'begin'; readonly parent: string; readonly at: number }
  /** The process has a child more, started by the running cell or by what another one left. */
  | { readonly kind: 'spawned'; readonly pid: number; readonly byRunning: boolean }
  /** The main thread was interrupted with SIGINT. */
  | { readonly kind: 'signalled' }
  /** The main thread ends in an orderly way; should it fail to, the thread ends the process. */
  | { readonly kind: 'ending' }
  | { readonly kind: 'close' };

/**
 * States of the handshake in `shared[TERMINATION]`. A termination may only hit JavaScript: set while the event loop is
 * idle, it would hit whatever comes next, the kernel's own work too.
 */
export const Termination = {
  /** The control thread has asked. */
  ASKED: 0,
  /** The main thread is inside JavaScript that may be ended, and waits for the order. */
  READY: 1,
  /** The order is on its way. */
  ORDERED: 2,
  /** There is nothing to end, or it must not be ended at this very place. */
  REFUSED: 3,
} as const;
