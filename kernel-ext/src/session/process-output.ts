import { ExitInCell } from './errors.js';
import { cellOf, currentCell, lastCell, type RunningCell } from './running-cell.js';
import { formatError } from './traceback.js';

type Write = typeof process.stdout.write;

let installed = false;

/**
 * Sends what cells print, and errors that no cell waits for, to the cell that they come from.
 * @param strays whether output from outside of any cell goes to the last cell (a kernel's process) or to the process's own streams (a test's)
 */
export function installProcessOutput(strays: boolean): void {
  if (installed) return;
  installed = true;
  redirect('stdout', strays);
  redirect('stderr', strays);
  const exit = process.exit.bind(process);
  process.exit = (code) => {
    if (currentCell() !== undefined) throw ExitInCell();
    return exit(code);
  };
  if (strays) {
    process.on('unhandledRejection', (reason) => report(reason, 'Unhandled promise rejection'));
    process.on('uncaughtException', (error) => report(error, 'Uncaught exception'));
  }
}

function redirect(name: 'stdout' | 'stderr', strays: boolean): void {
  const stream = process[name];
  const own = stream.write.bind(stream) as Write;
  const write = (chunk: Uint8Array | string, encodingOrDone?: unknown, done?: unknown): boolean => {
    const cell = currentCell() ?? (strays ? lastCell() : undefined);
    if (cell === undefined) return own(chunk, encodingOrDone as BufferEncoding, done as () => void);
    cell.output.stream(name, text(chunk, encodingOrDone));
    const callback = typeof encodingOrDone === 'function' ? encodingOrDone : done;
    if (typeof callback === 'function') queueMicrotask(() => (callback as () => void)());
    return true;
  };
  stream.write = write as Write;
}

function text(chunk: Uint8Array | string, encoding: unknown): string {
  if (typeof chunk !== 'string') return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString();
  return typeof encoding === 'string' && encoding !== 'utf8' && encoding !== 'utf-8'
    ? Buffer.from(chunk, encoding as BufferEncoding).toString()
    : chunk;
}

function report(error: unknown, what: string): void {
  const cell: RunningCell | undefined = cellOf(error);
  cell?.output.stream('stderr', `${what}: ${formatError(error).traceback.join('\n')}\n`);
}
