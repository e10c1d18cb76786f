import { deployedConfig } from '../deploy/index.js';
import { Client, detachedClusters } from '../host/index.js';
import { ADDRESS_OPTIONS, findCluster, namedCluster, onlyOne } from './cluster.js';
import { type Command, parseCommand } from './command.js';

const USAGE = 'nbserve config [--address <folder>]';

export const configCommand: Command = {
  name: 'config',
  summary: 'print the configuration that is deployed, as nbserve deploy takes it',
  help: `${USAGE}

  --address   the cluster's folder (default: your detached cluster, or the only one that runs)

It contains the applications that nbserve deploy or the REST API deployed, and not those of serve.run.
Names of Ray Serve are replaced by those of nbserve, and paths are absolute.`,
  async run(args) {
    const { values } = parseCommand(USAGE, args, ADDRESS_OPTIONS, [0, 0]);
    // As nbserve deploy, which does not choose a notebook's cluster.
    const detached = namedCluster(values) === undefined ? await detachedClusters() : [];
    const client = await Client.join(detached.length > 0 ? onlyOne(detached).dir : await findCluster(values));
    try {
      process.stdout.write(await deployedConfig(client));
    } finally {
      await client.close();
    }
    return 0;
  },
};
