import { deleteApplication } from '../host/index.js';
import { ADDRESS_OPTIONS, joinCluster } from './cluster.js';
import { type Command, parseCommand } from './command.js';

const USAGE = 'nbserve delete <application> [--address <folder>]';

export const deleteCommand: Command = {
  name: 'delete',
  summary: 'delete an application',
  help: `${USAGE}\n\nThe route is removed first. The replicas end when they have finished the requests that they have begun.`,
  async run(args) {
    const { values, positionals } = parseCommand(USAGE, args, { ...ADDRESS_OPTIONS }, [1, 1]);
    const client = await joinCluster(values);
    try {
      await deleteApplication(client, positionals[0] as string);
      console.log(`deleted ${positionals[0]}`);
    } finally {
      await client.close();
    }
    return 0;
  },
};
