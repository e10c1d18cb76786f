import { ADDRESS_OPTIONS, joinCluster } from './cluster.js';
import { type Command, parseCommand } from './command.js';

const USAGE = 'nbserve token [--address <folder>]';

export const tokenCommand: Command = {
  name: 'token',
  summary: "show the cluster's token, for the header nbserve-token",
  help: `${USAGE}

  --address   the cluster's folder, if several run; nbserve status lists them

A request with the header nbserve-token is told everything about an error: its message, and the stack of user code.`,
  async run(args) {
    const { values } = parseCommand(USAGE, args, ADDRESS_OPTIONS, [0, 0]);
    const client = await joinCluster(values);
    console.log(client.cluster.token);
    await client.close();
    return 0;
  },
};
