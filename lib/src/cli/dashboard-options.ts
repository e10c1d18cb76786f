import { startDashboard } from '../dashboard/index.js';
import { stopCluster } from '../host/index.js';
import { parsePort } from './options.js';

/** The options of a command that starts a cluster with a REST API. */
export const DASHBOARD_OPTIONS = {
  'dashboard-port': { type: 'string' },
  'dashboard-host': { type: 'string' },
} as const;

export const DASHBOARD_HELP = `  --dashboard-port  port of the REST API; none starts no REST API (default: 8265, or the next free one)
  --dashboard-host  address of the REST API (default: 127.0.0.1); whoever calls it needs the cluster's token`;

/** Nothing runs in it yet. */
const STOP_MS = 4000;

interface Values {
  readonly 'dashboard-port'?: string | undefined;
  readonly 'dashboard-host'?: string | undefined;
  readonly 'allow-host'?: string[] | undefined;
}

/** Where the REST API is to listen; null if there is to be none. @throws NBS_BAD_USAGE */
export function dashboardOf(usage: string, values: Values, fallback: 'auto' | 'none' = 'auto') {
  const { 'dashboard-port': given = fallback, 'dashboard-host': host = '127.0.0.1', 'allow-host': allowedHosts = [] } = values;
  if (given === 'none') return null;
  const port = parsePort(usage, given, '--dashboard-port', 'auto or none');
  return { host, port, allowedHosts } as const;
}

/** Starts the REST API of a new cluster, if there is to be one, and returns a line that says where. If that fails, the cluster is ended. */
export async function openDashboard(dir: string, wanted: ReturnType<typeof dashboardOf>): Promise<readonly string[]> {
  if (wanted === null) return [];
  try {
    return [`REST API: ${await startDashboard(dir, wanted)}`];
  } catch (error) {
    await stopCluster(dir, STOP_MS);
    throw error;
  }
}
