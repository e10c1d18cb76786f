import type { IncomingCall, ResponseHead } from '../../ipc/index.js';
import { drained } from './user-task.js';
import { textOf } from './web-response.js';

/** A body of up to this many bytes that is there at once goes out in one piece, with its length. */
const WHOLE_LIMIT_BYTES = 1024 * 1024;

/** Sends a web-standard Response: in one piece where its body is there at once, else piece by piece as it comes. */
export async function sendResponse(call: IncomingCall, response: Response, method: string, queue: number): Promise<void> {
  const { status, body } = response;
  if (body === null || method === 'HEAD') {
    await body?.cancel();
    call.respond(headOf(response, queue, body === null && hasLength(status) ? 0 : null), undefined, true);
    return;
  }
  const text = textOf(response);
  if (text !== undefined) {
    const bytes = Buffer.from(text);
    call.respond(headOf(response, queue, bytes.length), bytes, true);
    return;
  }
  const reader = (body as ReadableStream<Uint8Array>).getReader();
  const leave = call.onCancel;
  call.onCancel = (reason) => {
    leave?.(reason);
    reader.cancel(reason).catch(() => {});
  };
  const { chunks, next } = await readReady(reader);
  if (next === null) {
    const bytes = chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks);
    call.respond(headOf(response, queue, bytes.length), bytes, true);
    return;
  }
  call.respond(headOf(response, queue, null));
  for (const chunk of chunks) call.write(chunk);
  await sendRest(call, reader, next);
}

async function sendRest(
  call: IncomingCall,
  reader: ReadableStreamDefaultReader<Uint8Array>,
  first: Promise<Read>,
): Promise<void> {
  for (let pending = first; ; pending = reader.read()) {
    const { done, value } = await pending;
    if (done) break;
    if (call.done) return;
    if (!call.write(value)) await drained(call);
  }
  call.end();
}

type Read = Awaited<ReturnType<ReadableStreamDefaultReader<Uint8Array>['read']>>;

/** Reads what is there without waiting for anything outside: `next` is null where that was all, else the read that waits. */
async function readReady(
  reader: ReadableStreamDefaultReader<Uint8Array>,
): Promise<{ chunks: Uint8Array[]; next: Promise<Read> | null }> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const read = reader.read();
    const result = await Promise.race([read, nextTurn()]);
    if (result === null || length > WHOLE_LIMIT_BYTES) return { chunks, next: read };
    if (result.done) return { chunks, next: null };
    chunks.push(result.value);
    length += result.value.length;
  }
}

const nextTurn = (): Promise<null> => new Promise((resolve) => setImmediate(resolve, null));

/** @param length of the body; null where it is not known, then the Response's own word stands */
function headOf(response: Response, queue: number, length: number | null): ResponseHead {
  const headers: string[] = [];
  for (const [name, value] of response.headers) {
    // Two of them come joined as `5, 5`, which a client may read either way.
    if (name !== 'content-length' || (length === null && /^\d+$/.test(value))) headers.push(name, value);
  }
  if (length !== null) headers.push('content-length', String(length));
  return { kind: 'http', status: response.status, headers, queue };
}

/** These have no body, so they name no length. */
const hasLength = (status: number): boolean => status !== 204 && status !== 205 && status !== 304;
