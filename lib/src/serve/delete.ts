import type { Client } from './client.js';
import { NoSuchApp } from './protocol/index.js';

/** Takes an application down. @throws NBS_NO_SUCH_APP */
export async function deleteApplication(client: Client, name: string): Promise<void> {
  const { deleted } = await client.call('delete', { name });
  if (deleted) return;
  const { applications } = await client.call('status', undefined);
  throw NoSuchApp({ app: name, running: Object.keys(applications).join(', ') || 'none' });
}
