import { clusterIn, stopCluster } from '../host/index.js';
import { ADDRESS_OPTIONS, folderAt } from './cluster.js';
import { type Command, parseCommand } from './command.js';

const USAGE = 'nbserve stop [--address <folder>]';

/** The proxy and the replicas have half of it each. */
const DRAIN_MS = 40_000;

export const stopCommand: Command = {
  name: 'stop',
  summary: 'end the cluster that nbserve start started',
  help: `${USAGE}\n\n  --address   the cluster's folder, if several run, or one that is not detached; nbserve status lists them\n\nReplicas finish the requests that they have begun, for 20 seconds at most.`,
  async run(args) {
    const { values } = parseCommand(USAGE, args, { ...ADDRESS_OPTIONS }, [0, 0]);
    // A command that names no cluster does not end a notebook's own cluster.
    const dir = await folderAt(values.address ?? values.cluster ?? 'auto');
    // A cluster without HTTP has no URL.
    const what = clusterIn(dir)?.url || dir;
    await stopCluster(dir, DRAIN_MS);
    console.log(`stopped ${what}`);
    return 0;
  },
};
