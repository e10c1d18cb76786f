import { beginProgress, hasProgressDisplay, type Progress } from '../core/index.js';
import type { Client } from './client.js';

// The console is looked up at each call, because user code may have replaced it.
let print = (text: string): void => console.warn(text);

/**
 * Sets where notices are printed. A program may read a script's stdout, so they go to its stderr. A notebook shows stderr as an error, so there they
 * go to stdout.
 */
export function setNoticePrinter(printer: (text: string) => void): void {
  print = printer;
}

/** Prints a message that is neither an error nor the result of a call. */
export function notice(text: string): void {
  print(text);
}

/** Pause before a note that differs from the last one. Each pause is twice as long as the one before, up to the longest. */
const FIRST_PAUSE_MS = 2000;
const LONGEST_PAUSE_MS = 30_000;

/** Awaits `work`. If that takes long, prints what the application waits for, according to the status, and prints it again when that has changed. */
export async function noteIfLong<T>(
  client: Client,
  { what, app, afterMs }: { readonly what: string; readonly app?: string; readonly afterMs: number },
  work: Promise<T>,
): Promise<T> {
  const said = new Set<string>();
  const begun = performance.now();
  let isOver = false;
  let timer: NodeJS.Timeout;
  let bar: Progress | undefined;
  const tell = async (pauseMs: number): Promise<void> => {
    const notes = await notesOf(client, what, app);
    if (isOver) return;
    // A notebook shows one line that changes; elsewhere each note is a line of its own.
    if (hasProgressDisplay() && notes.length > 0) {
      bar ??= beginProgress(what);
      bar.update(null, notes.map((note) => note.replace(`${what} of `, '')).join('; '));
    } else for (const note of notes) if (!said.has(note)) notice(note);
    for (const note of notes) said.add(note);
    timer = setTimeout(() => void tell(Math.min(pauseMs * 2, LONGEST_PAUSE_MS)), pauseMs);
  };
  timer = setTimeout(() => void tell(FIRST_PAUSE_MS), afterMs);
  const seconds = () => `${((performance.now() - begun) / 1000).toFixed(1)} s`;
  try {
    const result = await work;
    bar?.end(`done after ${seconds()}`);
    return result;
  } catch (error) {
    bar?.end(`failed after ${seconds()}`);
    throw error;
  } finally {
    isOver = true;
    clearTimeout(timer);
  }
}

async function notesOf(client: Client, what: string, app: string | undefined): Promise<string[]> {
  const status = await client.call('status', undefined).catch(() => null);
  const notes: string[] = [];
  for (const [name, { status: state, message, deployments }] of Object.entries(status?.applications ?? {})) {
    if (app !== undefined && name !== app) continue;
    // What the whole application waits for, otherwise which of its deployments still start.
    const starting = Object.entries(state === 'DEPLOYING' ? deployments : {}).filter(
      ([, one]) => one.status === 'UPDATING' && one.message !== '',
    );
    const reason = message !== '' ? message : starting.map(([deployment, one]) => `${deployment}: ${one.message}`).join('; ');
    if (reason !== '') notes.push(`${what} of ${name} goes on waiting: ${reason}`);
  }
  return notes;
}
