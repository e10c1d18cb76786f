import { callerMark } from '../../engine/index.js';
import { requestContext } from '../context/index.js';

type Write = typeof process.stdout.write;

const NEWLINE = 0x0a;

/**
 * Marks each line that user code prints with the caller of the call during which it is printed, if there is one. The agent reads the marks. Call this before
 * user code can replace `write`.
 * Output of other processes and of native code does not pass here, so it has no mark.
 */
export function markOutput(streams: readonly { write: Write }[] = [process.stdout, process.stderr]): void {
  for (const stream of streams) {
    const write = stream.write.bind(stream) as Write;
    let isAtStart = true;
    stream.write = ((given: unknown, ...rest: [never, never]): boolean => {
      const mark = callerMark(requestContext()?.caller);
      const atStart = isAtStart;
      const chunk = typeof given === 'string' && isEncoded(rest[0]) ? Buffer.from(given, rest[0] as BufferEncoding) : given;
      if (typeof chunk === 'string' && chunk !== '') {
        isAtStart = chunk.endsWith('\n');
        return write(marked(chunk, mark, atStart), ...rest);
      }
      if (chunk instanceof Uint8Array && chunk.length > 0) {
        isAtStart = chunk[chunk.length - 1] === NEWLINE;
        return write(markedBytes(chunk, mark, atStart), ...rest);
      }
      return write(given as string, ...rest);
    }) as Write;
  }
}

/** True for the name of another encoding than UTF-8. `write` refuses a wrong name. */
const isEncoded = (encoding: unknown): boolean =>
  typeof encoding === 'string' && Buffer.isEncoding(encoding) && !/^utf-?8$/i.test(encoding);

/** Puts a mark in front of each line that begins in the text. */
function marked(text: string, mark: string, isAtStart: boolean): string {
  const lines = text.includes('\n') ? text.replace(/\n(?!$)/g, `\n${mark}`) : text;
  return isAtStart ? mark + lines : lines;
}

/** Does the same for bytes, which may not be a valid text. So each byte is one character meanwhile. */
function markedBytes({ buffer, byteOffset, byteLength }: Uint8Array, mark: string, isAtStart: boolean): Buffer {
  return Buffer.from(marked(Buffer.from(buffer, byteOffset, byteLength).toString('latin1'), mark, isAtStart), 'latin1');
}
