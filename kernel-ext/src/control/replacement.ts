import { Worker } from 'node:worker_threads';
import { defineError } from 'nbserve/errors';
import { replyTo } from '../wire/index.js';
import type { Iopub } from './iopub.js';
import { type Asker, LEGACY_VARIABLE, type Restart, type ShellRequest } from './messages.js';

/** The time that ZeroMQ's own thread gets to write its messages. Nothing reports when it has written them. */
export const FLUSH_MS = 250;
/** If the program has not been replaced after this time, the replacement has failed. */
const FAILED_MS = 4000;

const seconds = (ms: number): string => `${Math.max(1, Math.round(ms / 1000))} s`;

/** The text for the user who waits for an interrupt. */
export const stuckText = (giveUpInMs: number): string =>
  `The interrupt cannot end this cell yet: it is inside native code, which has to return first. If it does not return within ${seconds(giveUpInMs)}, or if you interrupt once more, the kernel is started anew and its variables are lost.\n`;

const Replaced = defineError(
  'NBS_KERNEL_REPLACED',
  500,
  'native code did not return after the interrupt, so the kernel was started anew: variables, imports and the cluster of this notebook are gone; run the cells that you need again',
);

/** What the new program gets from the old one, in its environment. */
export interface Legacy {
  /** Children that still run. The new program has to collect their exit codes. */
  readonly children: readonly number[];
  /** How many clients listened on iopub. */
  readonly subscribers: number;
  /** Answers to requests that the old program had read. */
  readonly replies: readonly LegacyReply[];
}

export interface LegacyReply {
  readonly asker: Asker;
  readonly type: string;
  /** The content of the answer, as JSON. */
  readonly content: string;
}

/** Linux refuses environment variables of more than 128 KiB. */
const MAX_VARIABLE_BYTES = 100_000;

/**
 * Tells all clients that the kernel restarts. The running cell ends with an error, and the cells that wait are dropped.
 * @returns the answers on the shell channel. The new program sends them, because the client's next request must not go to the old one.
 */
export function tellReplaced(open: readonly ShellRequest[], iopub: Iopub, running: readonly string[]): LegacyReply[] {
  const { code, message } = Replaced();
  const error = { ename: code, evalue: message, traceback: [`${code}: ${message}`] };
  const more = { execution_count: null, user_expressions: {}, payload: [] };
  const isCell = ({ header }: ShellRequest): boolean => header.msg_type === 'execute_request';
  const ran = open.filter((request) => running.includes(request.headerJson));
  const hit = ran.length > 0 ? ran : open.filter(isCell).slice(0, 1);
  const replies = open.map((request): LegacyReply => {
    const { identities, headerJson, header } = request;
    if (!hit.includes(request)) iopub.status('busy', headerJson);
    else iopub.publish('error', JSON.stringify(error), headerJson);
    iopub.status('idle', headerJson);
    const content =
      isCell(request) && !hit.includes(request) ? { status: 'aborted', ...more } : { status: 'error', ...error, ...more };
    return { asker: { identities, headerJson }, type: replyTo(header.msg_type), content: JSON.stringify(content) };
  });
  // Jupyter's own restarter sends the same message. A front end that gets it no longer waits for earlier requests.
  iopub.status('restarting', '');
  return replies;
}

/** The command of the new program, and the descriptors for it. */
export interface Replacement extends Restart {
  /** Copies of the descriptors 1 and 2, made before this program replaced them. */
  readonly originals: readonly number[];
}

/** Restarts the kernel in this process. Its sockets must be closed before. @param failed is called if the restart fails */
export function replaceProgram(restart: Replacement, legacy: Legacy, failed: () => void): void {
  const { replies } = legacy;
  let text = JSON.stringify(legacy);
  for (let count = replies.length; text.length > MAX_VARIABLE_BYTES && count > 0; count -= 1)
    text = JSON.stringify({ ...legacy, replies: replies.slice(0, count - 1) });
  const workerData: Replacement = { ...restart, env: { ...restart.env, [LEGACY_VARIABLE]: text } };
  setTimeout(() => {
    const worker = new Worker(new URL('./replace-thread.js', import.meta.url), { workerData });
    worker.once('error', failed);
    worker.once('exit', failed);
    setTimeout(failed, FAILED_MS);
  }, FLUSH_MS);
}
