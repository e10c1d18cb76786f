import { startDetachedCluster } from '../host/index.js';
import type { Command } from './command.js';
import { parseCommand, parsePort } from './options.js';

const USAGE = 'nbserve start [--port <number>|auto] [--host <address>] [--another]';

export const startCommand: Command = {
  name: 'start',
  summary: 'start a cluster that goes on until nbserve stop',
  help: `${USAGE}

  --port      port for HTTP; a number fails where it is taken (default: 8000, else the next free one)
  --host      address for HTTP (default: 127.0.0.1)
  --another   also where a detached cluster of yours runs already

Notebooks and scripts join it with serve.start({ address: 'auto' }), \`nbserve run\` with --address auto.`,
  async run(args) {
    const options = { port: { type: 'string' }, host: { type: 'string' }, another: { type: 'boolean' } } as const;
    const { values } = parseCommand(USAGE, args, options, [0, 0]);
    const http = { host: values.host ?? '127.0.0.1', port: parsePort(USAGE, values.port) };
    const { url, dir } = await startDetachedCluster(http, { another: values.another ?? false });
    console.log(`url: ${url}\nfolder: ${dir}`);
    return 0;
  },
};
