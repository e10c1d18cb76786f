import { StringDecoder } from 'node:string_decoder';
import { guardErrors, guardExit } from '../guard/index.js';
import { paintFor } from './code-frame.js';
import { cellOf, currentCell, lastCell, type RunningCell } from './running-cell.js';
import { formatError } from './traceback.js';

type Write = typeof process.stdout.write;

const UNCAUGHT = { uncaughtException: 'Uncaught exception', unhandledRejection: 'Unhandled promise rejection' } as const;

let installed = false;

/**
 * Sends what cells print, and errors that no cell waits for, to the cell that they come from.
 * @param strays whether output from outside of any cell goes to the last cell (a kernel's process) or to the process's own streams (a test's)
 */
export function installProcessOutput(strays: boolean): void {
  if (installed) return;
  installed = true;
  for (const name of ['stdout', 'stderr'] as const) {
    redirect(name, strays);
    if (strays) keepBlocking(process[name] as object);
  }
  guardExit(() => currentCell() !== undefined);
  if (strays) guardErrors((kind, error) => report(error, UNCAUGHT[kind]));
}

/** Node makes the pipe of its stream non-blocking. Children share that pipe, and could not print more at once than fits into it. */
function keepBlocking(stream: { readonly _handle?: { setBlocking?(on: boolean): void } }): void {
  stream._handle?.setBlocking?.(true);
}

function redirect(name: 'stdout' | 'stderr', strays: boolean): void {
  const stream = process[name];
  const own = stream.write.bind(stream) as Write;
  const write = (chunk: Uint8Array | string, encodingOrDone?: unknown, done?: unknown): boolean => {
    const cell = currentCell() ?? (strays ? lastCell() : undefined);
    if (cell === undefined) return own(chunk, encodingOrDone as BufferEncoding, done as () => void);
    const printed = text(cell, name, chunk, encodingOrDone);
    if (printed !== '') cell.output.stream(name, printed);
    const callback = typeof encodingOrDone === 'function' ? encodingOrDone : done;
    if (typeof callback === 'function') queueMicrotask(() => (callback as () => void)());
    return true;
  };
  stream.write = write as Write;
}

/** The decoders of each cell. Bytes may end within a character, and the next bytes bring the rest of it. */
const decoders = new WeakMap<RunningCell, Record<'stdout' | 'stderr', StringDecoder>>();

function text(cell: RunningCell, name: 'stdout' | 'stderr', chunk: Uint8Array | string, encoding: unknown): string {
  const isText = typeof chunk === 'string';
  if (isText && (typeof encoding !== 'string' || encoding === 'utf8' || encoding === 'utf-8')) return chunk;
  const bytes = isText
    ? Buffer.from(chunk, encoding as BufferEncoding)
    : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  let ofCell = decoders.get(cell);
  if (ofCell === undefined) {
    ofCell = { stdout: new StringDecoder('utf8'), stderr: new StringDecoder('utf8') };
    decoders.set(cell, ofCell);
  }
  return ofCell[name].write(bytes);
}

/** Prints the half of a character with which the cell's output ended. To be called when the cell has ended. */
export function endOutput(cell: RunningCell): void {
  const ofCell = decoders.get(cell);
  for (const name of ['stdout', 'stderr'] as const) {
    const rest = ofCell?.[name].end() ?? '';
    if (rest !== '') cell.output.stream(name, rest);
  }
}

function report(error: unknown, what: string): void {
  const cell: RunningCell | undefined = cellOf(error);
  if (cell === undefined) return;
  const outcome = formatError(error, paintFor(cell.output));
  if (cell.output.failed !== undefined) cell.output.failed(outcome, what);
  else cell.output.stream('stderr', `${what}: ${outcome.traceback.join('\n')}\n`);
}
