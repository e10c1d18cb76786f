import { clusterIn, detachedClusters, stopCluster } from '../host/index.js';
import type { Command } from './command.js';
import { NoDetachedCluster, SeveralClusters } from './errors.js';
import { parseCommand } from './options.js';

const USAGE = 'nbserve stop [--cluster <folder>]';

/** For the proxy and the replicas together, each has half. */
const DRAIN_MS = 40_000;

export const stopCommand: Command = {
  name: 'stop',
  summary: 'end the cluster that nbserve start started',
  help: `${USAGE}\n\n  --cluster   the cluster's folder, where several run, or one that is not detached\n\nReplicas finish what they have begun, for 20 seconds at most.`,
  async run(args) {
    const { values } = parseCommand(USAGE, args, { cluster: { type: 'string' } }, [0, 0]);
    const dir = values.cluster ?? (await onlyDetached());
    const url = clusterIn(dir)?.url;
    await stopCluster(dir, DRAIN_MS);
    console.log(`stopped ${url}`);
    return 0;
  },
};

// A notebook's own cluster is not ended by a command that names none.
async function onlyDetached(): Promise<string> {
  const running = await detachedClusters();
  const [only, ...others] = running;
  if (only === undefined) throw NoDetachedCluster();
  if (others.length > 0) throw SeveralClusters({ clusters: running.map(({ dir, url }) => `${dir} (${url})`).join(', ') });
  return only.dir;
}
