import { formatStatus } from '../host/index.js';
import { joinCluster } from './cluster.js';
import type { Command } from './command.js';
import { parseCommand } from './options.js';

const USAGE = 'nbserve status [--json | --url] [--cluster <folder>]';

export const statusCommand: Command = {
  name: 'status',
  summary: 'show applications, deployments and replicas',
  help: `${USAGE}\n\n  --json      the same as JSON\n  --url       the HTTP address alone\n  --cluster   the cluster's folder, where several run`,
  async run(args) {
    const { values } = parseCommand(
      USAGE,
      args,
      { json: { type: 'boolean' }, url: { type: 'boolean' }, cluster: { type: 'string' } },
      [0, 0],
    );
    const client = await joinCluster(values.cluster);
    try {
      const status = await client.call('status', undefined);
      if (values.url === true) console.log(status.url);
      else process.stdout.write(values.json === true ? `${JSON.stringify(status, null, 2)}\n` : formatStatus(status));
    } finally {
      await client.close();
    }
    return 0;
  },
};
