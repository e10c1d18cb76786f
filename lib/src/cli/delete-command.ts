import { deleteApplication } from '../host/index.js';
import { ADDRESS_OPTIONS, joinCluster } from './cluster.js';
import { type Command, parseCommand } from './command.js';

const USAGE = 'nbserve delete <application> [--address <folder>]';

export const deleteCommand: Command = {
  name: 'delete',
  summary: 'take an application down',
  help: `${USAGE}\n\nIts route goes first; its replicas end once they have finished what they had begun.`,
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
