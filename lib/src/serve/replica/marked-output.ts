import { callerMark } from '../../engine/index.js';
import { requestContext } from '../context/index.js';

type Write = typeof process.stdout.write;

const NEWLINE = 0x0a;

/**
 * Marks each line that user code prints during a call with the caller of that call. The agent reads the marks. Call this before user code can replace
 * `write`.
 * Output of other processes and of native code does not pass here, so it has no mark.
 */
export function markOutput(): void {
  for (const stream of [process.stdout, process.stderr]) {
    const write = stream.write.bind(stream) as Write;
    let isAtStart = true;
    stream.write = ((chunk: unknown, ...rest: [never, never]): boolean => {
      const caller = requestContext()?.caller;
      const atStart = isAtStart;
      if (typeof chunk === 'string') {
        // An empty text, and a text in the encoding `hex`, get no mark; both are unusual.
        if (chunk !== '') isAtStart = chunk.endsWith('\n');
        if (caller !== undefined && !isEncoded(rest[0])) return write(marked(chunk, caller, atStart), ...rest);
      } else if (chunk instanceof Uint8Array && chunk.length > 0) {
        isAtStart = chunk[chunk.length - 1] === NEWLINE;
        if (caller !== undefined) return write(markedBytes(chunk, caller, atStart), ...rest);
      }
      return write(chunk as string, ...rest);
    }) as Write;
  }
}

const isEncoded = (encoding: unknown): boolean => typeof encoding === 'string' && !/^utf-?8$/i.test(encoding);

/** Puts a mark in front of each line that begins in the text. */
function marked(text: string, caller: string, isAtStart: boolean): string {
  const mark = callerMark(caller);
  const lines = text.includes('\n') ? text.replace(/\n(?!$)/g, `\n${mark}`) : text;
  return isAtStart ? mark + lines : lines;
}

/** Does the same for bytes, which may not be a valid text. So each byte is one character meanwhile. */
function markedBytes({ buffer, byteOffset, byteLength }: Uint8Array, caller: string, isAtStart: boolean): Buffer {
  return Buffer.from(marked(Buffer.from(buffer, byteOffset, byteLength).toString('latin1'), caller, isAtStart), 'latin1');
}
