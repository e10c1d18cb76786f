import { Client, type ClusterInfo, dashboardUrl, formatStatus, listLocalClusters, type ServeStatus } from '../host/index.js';
import { ADDRESS_OPTIONS, age, findCluster, namedCluster } from './cluster.js';
import { type Command, parseCommand } from './command.js';
import { NoCluster } from './errors.js';

const USAGE = 'nbserve status [--json | --url] [--address <folder>]';

export const statusCommand: Command = {
  name: 'status',
  summary: 'show what is running: clusters, applications, deployments and replicas',
  help: `${USAGE}

  --json      print the status of one cluster as JSON
  --url       print only the HTTP address of one cluster
  --address   one cluster: its folder, its name, auto for the detached one, or the URL of its HTTP, its REST API or its Ray
              (default: all of yours on this machine; in a notebook, the notebook's own)`,
  async run(args) {
    const flag = { type: 'boolean' } as const;
    const { values } = parseCommand(USAGE, args, { json: flag, url: flag, ...ADDRESS_OPTIONS }, [0, 0]);
    if (values.url === true || values.json === true) {
      const status = await statusIn(await findCluster(values));
      console.log(values.url === true ? status.url : JSON.stringify(status, null, 2));
      return 0;
    }
    const named = namedCluster(values);
    const running = named === undefined ? listLocalClusters() : [];
    if (named === undefined && running.length === 0) throw NoCluster();
    const blocks =
      named === undefined ? await Promise.all(running.map(block)) : [formatStatus(await statusIn(await findCluster(values)))];
    process.stdout.write(blocks.join('\n'));
    return 0;
  },
};

async function statusIn(dir: string): Promise<ServeStatus> {
  const client = await Client.join(dir);
  try {
    return await client.call('status', undefined);
  } finally {
    await client.close();
  }
}

/** One cluster of several: an error about it does not hide the others. */
async function block(info: ClusterInfo): Promise<string> {
  const status = await statusIn(info.dir).then(formatStatus, (error: Error) => `status: ${error.message}\n`);
  return `${headOf(info)}${status}`;
}

function headOf({ name, dir, ray, startedAt }: ClusterInfo): string {
  const api = dashboardUrl(dir);
  return `cluster: ${name}\naddress: ${dir}\nage: ${age(Date.now() - startedAt)}\n${api === undefined ? '' : `REST API: ${api}\n`}${ray === '' ? '' : `Ray: ${ray}\n`}`;
}
