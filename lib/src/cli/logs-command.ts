import { listOf } from '../core/index.js';
import { Client, readClusterLogs, type ServeStatus } from '../host/index.js';
import { ADDRESS_OPTIONS, findCluster } from './cluster.js';
import { type Command, parseCommand } from './command.js';
import { outputGone } from './output-gone.js';
import { packageRunnerGone, RUNNER_GONE } from './package-runner.js';

const USAGE = 'nbserve logs [<replica or deployment>] [--follow] [--address <folder>]';

/** Whether a process is the named one, a replica of the named deployment, or the proxy of a node. */
export const isOf = (label: string, name: string): boolean => [label, ...label.split(/[#@]/, 1)].includes(name);

export const logsCommand: Command = {
  name: 'logs',
  summary: 'show what the processes of a cluster have printed',
  help: `${USAGE}

  <replica or deployment>   Chat#k3f9a2 or Chat; controller, proxy (those of all nodes),
                            proxy@<node> (default: all)
  --follow                  also print new output, until the cluster ends or you press Ctrl-C
  --address                 the cluster's folder, if several run; nbserve status lists them

The command prints the last 16 MiB. The folder logs/ of the cluster has more: the last 16 to 32 MiB of each process, and of the
last 100 that have ended. On another machine, that of its node has what was printed there.
Exit codes: 0 it has printed what there is, 1 the cluster has no process of that name, and none has printed anything.`,
  async run(args) {
    const options = { follow: { type: 'boolean', short: 'f' }, ...ADDRESS_OPTIONS } as const;
    const { values, positionals } = parseCommand(USAGE, args, options, [0, 1]);
    const [of] = positionals;
    void packageRunnerGone().then(() => {
      console.error(RUNNER_GONE);
      process.exit(1);
    });
    // `| head` wants no more lines.
    void outputGone().then(() => process.exit(0));
    const labels = new Set<string>();
    let isFound = of === undefined;
    const dir = await findCluster(values);
    let isKnown = false;
    const lines = readClusterLogs(dir, {
      follow: values.follow ?? false,
      onCaughtUp: async () => {
        if (isFound || of === undefined) return;
        isKnown = isIn(await statusOf(dir), of);
        const others = labels.size === 0 || isKnown ? '' : `; these have: ${listOf([...labels])}`;
        console.error(
          isKnown ? `nothing that ${of} has printed is kept` : `no process called ${of} has printed anything${others}`,
        );
      },
    });
    for await (const { label, stream, text } of lines) {
      labels.add(label);
      if (of !== undefined && !isOf(label, of)) continue;
      isFound = true;
      (stream === 'stdout' ? process.stdout : process.stderr).write(`(${label}) ${text}\n`);
    }
    return isFound || isKnown ? 0 : 1;
  },
};

/** Whether the name is that of a process or deployment of the cluster, which may have printed nothing. */
export function isIn({ nodes, applications }: Pick<ServeStatus, 'nodes' | 'applications'>, name: string): boolean {
  const proxies = nodes.filter(({ url, grpc }) => url !== null || grpc !== null).map(({ id }) => `proxy@${id}`);
  const deployments = Object.values(applications).flatMap((app) => Object.entries(app.deployments));
  const replicas = deployments.flatMap(([, deployment]) => deployment.replicas.map(({ id }) => id));
  return ['controller', ...proxies, ...deployments.map(([deployment]) => deployment), ...replicas].some((label) =>
    isOf(label, name),
  );
}

/** The logs are there also while the controller gives no answer. */
async function statusOf(dir: string): Promise<Pick<ServeStatus, 'nodes' | 'applications'>> {
  try {
    const client = await Client.join(dir);
    try {
      return await client.call('status', undefined);
    } finally {
      await client.close();
    }
  } catch {
    return { nodes: [], applications: {} };
  }
}
