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

/** Awaits `work`; where that takes long, says once what the application waits for, by the status. */
export async function noteIfLong<T>(
  client: Client,
  { what, app, afterMs }: { readonly what: string; readonly app?: string; readonly afterMs: number },
  work: Promise<T>,
): Promise<T> {
  const timer = setTimeout(() => void tell(client, what, app), afterMs);
  try {
    return await work;
  } finally {
    clearTimeout(timer);
  }
}

async function tell(client: Client, what: string, app: string | undefined): Promise<void> {
  const status = await client.call('status', undefined).catch(() => null);
  for (const [name, { message }] of Object.entries(status?.applications ?? {})) {
    if (message !== '' && (app === undefined || name === app)) notice(`${what} of ${name} goes on waiting: ${message}`);
  }
}
