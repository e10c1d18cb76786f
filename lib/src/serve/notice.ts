import type { Client } from './client.js';

// Looked up at each call: user code may have put another console in its place.
let print = (text: string): void => console.warn(text);

/** Where notices go: a script's stdout may be read by a program, so they go to its stderr; in a notebook, which shows stderr as a fault, to stdout. */
export function setNoticePrinter(printer: (text: string) => void): void {
  print = printer;
}

/** Tells people something that is neither an error nor asked for. */
export function notice(text: string): void {
  print(text);
}

/** The pause before a note that differs from the last one; each pause is twice the one before, up to the longest. */
const FIRST_PAUSE_MS = 2000;
const LONGEST_PAUSE_MS = 30_000;

/** Awaits `work`. If that takes long, says what the application waits for, by the status, and says so again when that has changed. */
export async function noteIfLong<T>(
  client: Client,
  { what, app, afterMs }: { readonly what: string; readonly app?: string; readonly afterMs: number },
  work: Promise<T>,
): Promise<T> {
  const said = new Set<string>();
  let isOver = false;
  let timer: NodeJS.Timeout;
  const tell = async (pauseMs: number): Promise<void> => {
    const notes = await notesOf(client, what, app);
    if (isOver) return;
    for (const note of notes) if (!said.has(note)) notice(note);
    for (const note of notes) said.add(note);
    timer = setTimeout(() => void tell(Math.min(pauseMs * 2, LONGEST_PAUSE_MS)), pauseMs);
  };
  timer = setTimeout(() => void tell(FIRST_PAUSE_MS), afterMs);
  try {
    return await work;
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
    // What the whole application waits for; else which of its deployments still start.
    const starting = Object.entries(state === 'DEPLOYING' ? deployments : {}).filter(
      ([, one]) => one.status === 'UPDATING' && one.message !== '',
    );
    const reason = message !== '' ? message : starting.map(([deployment, one]) => `${deployment}: ${one.message}`).join('; ');
    if (reason !== '') notes.push(`${what} of ${name} goes on waiting: ${reason}`);
  }
  return notes;
}
