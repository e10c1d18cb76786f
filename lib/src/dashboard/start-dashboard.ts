import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { hasCode, isNbserveError, tokenFile } from '../core/index.js';
import { connectEngine, dashboardUrl, ProcessExited } from '../engine/index.js';
import type { DashboardArgs } from './types.js';

const MAIN = fileURLToPath(new URL('./main.js', import.meta.url));

/**
 * Starts the REST API of the cluster in `dir`. Its process belongs to the cluster: it is started again if it dies, and ends with the cluster.
 * @returns its address
 * @throws NBS_PORT_IN_USE
 */
export async function startDashboard(dir: string, args: Omit<DashboardArgs, 'version'>): Promise<string> {
  const { version } = (await import('../../package.json', { with: { type: 'json' } })).default;
  const engine = await connectEngine(dir, readFileSync(tokenFile(dir), 'utf8'));
  try {
    const given: DashboardArgs = { ...args, version };
    await engine.start({ id: 'dashboard', role: 'dashboard', label: 'dashboard', main: MAIN, args: given, restart: true });
  } catch (error) {
    // What the process said itself, such as that the port is in use.
    throw hasCode(error, ProcessExited) && isNbserveError((error as Error).cause) ? (error as Error).cause : error;
  } finally {
    engine.close();
  }
  return dashboardUrl(dir) ?? '';
}
