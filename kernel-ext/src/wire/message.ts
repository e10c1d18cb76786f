import { randomUUID } from 'node:crypto';

/** The version of the Jupyter message protocol that the kernel uses. 5.4 added `iopub_welcome`. */
export const PROTOCOL_VERSION = '5.4';

/** Header of a message. Times are ISO 8601. */
export interface Header {
  readonly msg_id: string;
  readonly msg_type: string;
  readonly session: string;
  readonly username: string;
  readonly date: string;
  readonly version: string;
  /** The subshell that the message is for. @default the notebook's own cells */
  readonly subshell_id?: string;
}

/** The content of a message of any type. */
export type Content = Record<string, unknown>;

/** A message with a right signature. */
export interface Incoming {
  /** The routing frames before the delimiter. They name the client that gets the answer. */
  readonly identities: readonly Buffer[];
  readonly header: Header;
  /** The header as it came, as JSON. It is the parent header of answers. */
  readonly headerJson: string;
  /** The header of the message that it answers, if it names one. */
  readonly parent?: Header;
  readonly content: Content;
  readonly metadata: Content;
  readonly buffers: readonly Buffer[];
}

/** Content of an `execute_request`, with the protocol's defaults filled in. */
export interface ExecuteRequest {
  readonly code: string;
  readonly silent: boolean;
  readonly storeHistory: boolean;
  readonly userExpressions: Readonly<Record<string, string>>;
  readonly allowStdin: boolean;
  /** Whether the cells that wait are dropped if this one fails; never if it is silent, because nobody sees its error. */
  readonly stopOnError: boolean;
}

/** Content of a `history_request`, with defaults filled in. */
export interface HistoryRequest {
  readonly output: boolean;
  readonly access: 'range' | 'tail' | 'search';
  readonly session: number;
  readonly start: number;
  readonly stop?: number | undefined;
  readonly n?: number | undefined;
  readonly pattern: string;
  readonly unique: boolean;
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const flag = (value: unknown, otherwise: boolean): boolean => (typeof value === 'boolean' ? value : otherwise);
const whole = (value: unknown): number | undefined => (typeof value === 'number' && Number.isInteger(value) ? value : undefined);

/** Reads an `execute_request`; undefined if `code` is not a string. */
export function readExecute(content: Content): ExecuteRequest | undefined {
  if (typeof content.code !== 'string') return undefined;
  const silent = flag(content.silent, false);
  const expressions = content.user_expressions;
  const entries = typeof expressions === 'object' && expressions !== null ? Object.entries(expressions) : [];
  return {
    code: content.code,
    silent,
    storeHistory: !silent && flag(content.store_history, true),
    userExpressions: Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string')),
    allowStdin: flag(content.allow_stdin, true),
    stopOnError: !silent && flag(content.stop_on_error, true),
  };
}

/** Reads a `history_request`; an unknown kind of access counts as `tail`. */
export function readHistory(content: Content): HistoryRequest {
  const access = content.hist_access_type;
  return {
    output: flag(content.output, false),
    access: access === 'range' || access === 'search' ? access : 'tail',
    session: whole(content.session) ?? 0,
    start: whole(content.start) ?? 0,
    stop: whole(content.stop),
    n: whole(content.n),
    pattern: text(content.pattern) || '*',
    unique: flag(content.unique, false),
  };
}

/** Reads the fields that `complete_request`, `inspect_request` and `is_complete_request` share. */
export function readCode(content: Content): { code: string; cursor?: number | undefined; detail: number } {
  return { code: text(content.code), cursor: whole(content.cursor_pos), detail: whole(content.detail_level) ?? 0 };
}

/** `execute_request` → `execute_reply` */
export const replyTo = (type: string): string => type.replace(/_request$/, '_reply');

const SESSION = 'nbserve-kernel-';

/** A session id for the kernel's headers. Its form tells the kernel's own messages from those of clients, also after a restart. */
export const kernelSession = (): string => `${SESSION}${randomUUID()}`;

/** Whether a message with this session id was made by a kernel. Both sides sign with one key, so its signature is right if somebody sends it back. */
export const isKernelSession = (session: string): boolean => session.startsWith(SESSION);
