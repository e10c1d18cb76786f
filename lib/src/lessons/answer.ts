import { mapStack } from '../code/index.js';
import { beginningOf, isRecord, wholeStack } from '../core/index.js';

export interface AskOptions {
  /** A path below the application's address, such as `/test?txt=a`. @default '' */
  readonly path?: string;
  /** @default 'POST' if there is a body, else 'GET' */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Milliseconds until the request is given up. @default 30_000 */
  readonly timeoutMs?: number;
}

/** What came back, whatever it is. */
export interface Answer {
  /** 0 if no whole answer came. */
  readonly status: number;
  /** `content-type`; '' if there is none. */
  readonly type: string;
  readonly bytes: Uint8Array;
  readonly text: string;
  /** The JSON value; undefined if the answer is no JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: a check looks into an answer of any shape.
  readonly json: any;
  /** The answer for the learner's eyes: its status, and its text or the whole error. */
  readonly came: string;
  /** A member of the JSON value; undefined if the answer is no JSON, or has no such member. */
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  member(name: string): any;
}

/** An application under a check. Errors of its code come whole, because requests carry the cluster's token. */
export interface Service {
  readonly url: string;
  /** Sends a request. It never rejects: an answer that does not come, or does not end, has the status 0. */
  ask(body?: string | Uint8Array, options?: AskOptions): Promise<Answer>;
}

/** Longer texts are cut, so that the next line of the check can be found. */
const SHOWN_CHARACTERS = 500;
/** Bytes of an answer. A learner's stream may have no end. */
const MAX_BYTES = 16 * 2 ** 20;

export function serviceAt(url: string, token: string): Service {
  return { url, ask: (body, options) => ask(url, token, body, options) };
}

async function ask(url: string, token: string, body?: string | Uint8Array, options: AskOptions = {}): Promise<Answer> {
  const { path = '', method = body === undefined ? 'GET' : 'POST', headers = {}, timeoutMs = 30_000 } = options;
  try {
    const init: RequestInit = {
      method,
      headers: { 'nbserve-token': token, ...headers },
      signal: AbortSignal.timeout(timeoutMs),
      ...(body === undefined ? {} : { body: body as string | Uint8Array<ArrayBuffer> }),
    };
    return await answerTo(url + path, init);
  } catch (error) {
    const isLate = (error as Error).name === 'TimeoutError';
    const isEndless = error instanceof EndlessAnswer;
    const came = isLate ? `no whole answer within ${timeoutMs / 1000} s` : isEndless ? error.message : textOf(error);
    return { ...answerOf(0, '', new Uint8Array()), came };
  }
}

async function answerTo(url: string, init: RequestInit): Promise<Answer> {
  const reply = await fetch(url, init).catch((error: Error) => {
    // The first answer says where it redirects to.
    if ((error.cause as Error | undefined)?.message === 'redirect count exceeded')
      return fetch(url, { ...init, redirect: 'manual' });
    throw error;
  });
  const answer = answerOf(reply.status, reply.headers.get('content-type') ?? '', await bytesOf(reply));
  const location = reply.headers.get('location');
  if (location === null) return answer;
  return { ...answer, came: answer.came.replace(/^status \d+/, (status) => `${status} to ${cut(location)}`) };
}

async function bytesOf({ status, body }: Response): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of (body ?? []) as AsyncIterable<Uint8Array>) {
    parts.push(part);
    length += part.length;
    if (length > MAX_BYTES) throw new EndlessAnswer(`status ${status}, and the answer does not end: ${length} bytes came`);
  }
  return new Uint8Array(Buffer.concat(parts));
}

class EndlessAnswer extends Error {}

export function answerOf(status: number, type: string, bytes: Uint8Array): Answer {
  const text = new TextDecoder().decode(bytes);
  const isText = /^$|^text\/|json|javascript|xml|urlencoded/.test(type);
  const json = isText ? parsed(text) : undefined;
  const kind = type === '' ? 'no content type' : type;
  const shows = isText ? readable(text, json) : `${bytes.length} bytes`;
  const isJson = json !== undefined && /json/.test(type);
  return {
    status,
    type,
    bytes,
    text,
    json,
    came: `status ${status}, ${isJson ? '' : `${kind}, `}${shows}`,
    // JSON has own members only: `member('constructor')` is no function of Object.
    member: (name) => (isRecord(json) && Object.hasOwn(json, name) ? json[name] : undefined),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** An error of nbserve with the lines of the learner's cells; of any other answer, its start. */
function readable(text: string, json: unknown): string {
  const { error } = (json ?? {}) as {
    readonly error?: { readonly code?: string; readonly message?: string; readonly stack?: string };
  };
  if (typeof error?.code !== 'string') return text === '' ? '(no body)' : cut(text);
  return ownLines(error.stack ?? `${error.code}: ${error.message}`);
}

/** The text of whatever was thrown, with the lines of the learner's cells. */
export function textOf(error: unknown): string {
  if (!(error instanceof Error)) return `${shown(error)} was thrown, which is no Error`;
  return ownLines(mapStack(wholeStack(error)));
}

const ownLines = (stack: string): string => stack.replace(/\n +at .*(file:|node:|node_modules).*/g, '');

const cut = (text: string): string =>
  text.length > SHOWN_CHARACTERS ? `${beginningOf(text, SHOWN_CHARACTERS)}… (${text.length} characters)` : text;

/** What a value looks like, in one line: JSON, and for a picture its size and first bytes. NaN, infinities and what JSON cannot hold are named. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return cut(JSON.stringify(value));
  if (typeof value === 'function') return `the function ${value.name || 'without a name'}`;
  if (typeof value !== 'object' || value === null) return String(value);
  const { width, height, channels, data } = value as { width?: unknown; height?: unknown; channels?: unknown; data?: unknown };
  if (data instanceof Uint8Array && width !== undefined)
    return `${String(width)} × ${String(height)} × ${String(channels)}: ${data.slice(0, 50).join(' ')}`;
  if (ArrayBuffer.isView(value)) {
    const list = value as unknown as ArrayLike<number>;
    return cut(`${value.constructor.name}(${list.length}) [${Array.from(list).slice(0, 50).join(', ')}]`);
  }
  try {
    return cut(JSON.stringify(value, (_key, inner: unknown) => (isSpelled(inner) ? String(inner) : inner)));
  } catch (error) {
    return `a value that cannot be shown (${(error as Error).message})`;
  }
}

/** Values of which JSON makes `null` or an error. */
const isSpelled = (value: unknown): boolean =>
  (typeof value === 'number' && !Number.isFinite(value)) ||
  typeof value === 'bigint' ||
  typeof value === 'function' ||
  value === undefined;
