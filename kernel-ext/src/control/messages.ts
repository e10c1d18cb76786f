import type { ReplicaDoor } from '../debugger/index.js';
import type { Captured, Mark, OwnDescriptors } from '../descriptors/index.js';
import type { Connection, Content, Header } from '../wire/index.js';
import type { Parent } from './parent-watch.js';

/** The arguments of the control thread. */
export interface ControlInit {
  readonly connection: Connection;
  /** The file that gets the ports which are chosen for port 0; '' is none. */
  readonly connectionFile: string;
  /** The file that keeps the signatures of accepted messages over restarts; '' keeps them in memory only. */
  readonly seenFile: string;
  /** Session id of the kernel's headers. */
  readonly session: string;
  /** Content of `kernel_info_reply`. */
  readonly info: Readonly<Record<string, unknown>>;
  /** {@link SHARED_INTS} Int32 values. See {@link GUARD} and the indices after it. */
  readonly shared: SharedArrayBuffer;
  readonly descriptors: OwnDescriptors;
  /** Whose end ends the kernel. */
  readonly parent: Parent;
  /** How to restart this kernel. */
  readonly restart: Restart;
  /** What the program before this one in the process has left (`Legacy`), as JSON; '' if there was none. */
  readonly legacy: string;
}

/** The environment variable with the {@link ControlInit.legacy} of a program that was replaced. */
export const LEGACY_VARIABLE = 'NBSERVE_KERNEL_LEGACY';

/** The command with which a process is started. */
export interface Restart {
  readonly file: string;
  readonly args: readonly string[];
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Index in `shared`: above zero while the main thread runs code that must not be terminated. */
export const GUARD = 0;
/** Index in `shared`: the state of a termination; see {@link Termination}. */
export const TERMINATION = 1;
/** Index in `shared`: how many UTF-16 units of output the control thread has not yet taken. */
export const UNSENT = 2;
/** Index in `shared`: how many interrupts were requested. */
export const INTERRUPTS = 3;
/** Index in `shared`: pid of the type checker while the main thread waits for its answer, else 0. */
export const CHECKER = 4;
/** Index in `shared`: which debugger is attached, counted from 1; 0 while there is none. */
export const DEBUGGED = 5;
/** Index in `shared`: how many interrupts have been reported to the main thread. */
export const TOLD = 6;
/**
 * Index in `shared`: the address of the main thread's isolate (low half, then high half) while it evaluates an expression for the debugger, else 0. The
 * inspector answers nothing meanwhile.
 */
export const EVALUATES = 7;
export const SHARED_INTS = 9;

/** The client that sent a request: what an answer needs to know about it. */
export interface Asker {
  /** The routing frames before the delimiter, with one character for each byte. */
  readonly identities: readonly string[];
  /** The request's header as it came, as JSON. It is the parent header of answers. */
  readonly headerJson: string;
}

/** A message of the shell channel with a right signature. */
export interface ShellRequest extends Asker {
  readonly header: Header;
  readonly content: Content;
  readonly metadata: Content;
  /** The bytes behind the content; only comms have some. */
  readonly buffers?: readonly Uint8Array[];
}

/** What a message for iopub may have besides its content. */
export interface PublishedExtras {
  readonly metadata?: Readonly<Content> | undefined;
  readonly buffers?: readonly Uint8Array[] | undefined;
}

/** From the control thread to the main thread. */
export type FromControl =
  /** `ports`: those that were chosen for port 0, too. */
  | { readonly kind: 'bound'; readonly ports: Connection['ports'] }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'ping'; readonly id: number }
  /** `isLater`: an interrupt that is not done does not mean it. */
  | { readonly kind: 'request'; readonly request: ShellRequest; readonly isLater: boolean }
  /** The user's answer; undefined if the question was withdrawn. */
  | { readonly kind: 'answer'; readonly question: number; readonly value?: string | undefined }
  /** An interrupt was requested. Synchronous code that blocks is terminated. */
  | { readonly kind: 'interrupted' }
  | { readonly kind: 'shutdown'; readonly restart: boolean }
  /** A debugger was attached. */
  | { readonly kind: 'debugged' }
  /** The breakpoints are set about which `prepare` with this number asked. */
  | { readonly kind: 'prepared'; readonly question: number }
  /** No more cells come for this subshell. */
  | { readonly kind: 'deleted'; readonly subshell: string }
  | ({ readonly kind: 'captured' } & Captured);

/** In bytes. */
export const sizeOf = (buffers: readonly Uint8Array[]): number =>
  buffers.reduce((bytes, { byteLength }) => bytes + byteLength, 0);

/** A message for iopub. It is put in order with what comes through the descriptors 1 and 2. Parents are headers as JSON; '' if there is none. */
export type Printed =
  | { readonly kind: 'stream'; readonly name: 'stdout' | 'stderr'; readonly text: string; readonly parent: string }
  /** Any other message for iopub. Its content is JSON, because structured clone cannot copy everything in it. */
  | {
      readonly kind: 'publish';
      readonly type: string;
      readonly content: string;
      readonly parent: string;
      /** JSON; '' is none. */
      readonly metadata: string;
      readonly buffers: readonly Uint8Array[];
    }
  /** From now on, what comes through the descriptors belongs to this cell. */
  | { readonly kind: 'cell'; readonly parent: string }
  /** What a cell's capture tells the reader. */
  | ({ readonly kind: 'capture'; readonly parent: string } & Captured);

/** What is about to run and needs breakpoints. */
export type ToDebug = { readonly cell: string } | { readonly replicas: readonly ReplicaDoor[] };

/** From the main thread to the control thread. */
export type ToControl =
  /** Messages that were sent in one piece of synchronous code of the kernel. */
  | { readonly kind: 'together'; readonly messages: readonly ToControl[] }
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
  /** The process has a new child. `cell`: the header of the running cell that started it, as JSON; '' if code that another cell left did. */
  | { readonly kind: 'spawned'; readonly pid: number; readonly cell: string }
  /** While a debugger is attached, a cell was compiled, or replicas wait for the debugger. The main thread waits for `prepared`. */
  | ({ readonly kind: 'prepare'; readonly question: number } & ToDebug)
  /** The main thread was interrupted with SIGINT. */
  | { readonly kind: 'signalled' }
  /** The main thread ends in order. If it does not end in time, the thread ends the process. */
  | { readonly kind: 'ending' }
  | { readonly kind: 'close' };

/**
 * States of the handshake in `shared[TERMINATION]`. A termination must be set while JavaScript runs: if the event loop were idle, it would end the next
 * code that runs, which may be the kernel's own.
 */
export const Termination = {
  /** The control thread has asked. */
  ASKED: 0,
  /** The main thread is inside JavaScript that may be terminated, and waits for the order. */
  READY: 1,
  /** The order has been sent. */
  ORDERED: 2,
  /** No code runs, or it must not be terminated at this place. */
  REFUSED: 3,
} as const;
