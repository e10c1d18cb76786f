import type { Client } from './client.js';
import { notice } from './notice.js';

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
