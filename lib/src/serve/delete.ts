import type { Client } from './client.js';
import { NoSuchApp } from './errors.js';
import { noteIfLong } from './waiting-note.js';

/** When a drain that takes long says what it waits for. */
export const NOTE_AFTER_MS = 2000;

/** Takes an application down. @throws NBS_NO_SUCH_APP */
export async function deleteApplication(client: Client, name: string): Promise<void> {
  const note = { what: 'serve.delete', app: name, afterMs: NOTE_AFTER_MS };
  const { deleted } = await noteIfLong(client, note, client.call('delete', { name }));
  if (deleted) return;
  const { applications } = await client.call('status', undefined);
  throw NoSuchApp({ app: name, running: Object.keys(applications).join(', ') || 'none' });
}
