import { type CheckedConfig, InvalidConfig, keptOptions } from '../config/index.js';
import { hasCode } from '../core/index.js';
import { type Applied, applyConfig, ConfigUnreadable, loadConfig, readConfig } from '../deploy/index.js';
import {
  Client,
  clusterIn,
  declaredNodes,
  detachedClusters,
  httpOf,
  machinesOf,
  setOwnerName,
  spareReplicasOf,
  startDetached,
} from '../host/index.js';
import { ADDRESS_OPTIONS, findCluster, type Named, namedCluster, onlyOne } from './cluster.js';
import { type Command, parseCommand } from './command.js';
import { DASHBOARD_HELP, DASHBOARD_OPTIONS, dashboardOf, openDashboard } from './dashboard-options.js';
import { showError } from './show-error.js';

const USAGE =
  'nbserve deploy <config.yaml>|- [--no-wait] [--check] [--dashboard-port <number>|auto|none] [--dashboard-host <address>] [--address <folder>]';

export const deployCommand: Command = {
  name: 'deploy',
  summary: 'make a cluster run the applications of a configuration',
  help: `${USAGE}

  <config.yaml>   the configuration, in YAML or JSON; - reads it from stdin
  --no-wait       end as soon as the cluster has accepted the applications; nbserve status shows how they start
  --check         only check the configuration and import its modules; nothing is deployed
  --address       the cluster's folder (default: your detached cluster, which is started if none runs; in a notebook, the notebook's own)

If the command starts a cluster:

${DASHBOARD_HELP}

Applications that an earlier configuration deployed, and that this one does not name, are deleted.
Applications of serve.run and nbserve run stay. What has not changed is not restarted.
All routes change at the same moment. If a module cannot be imported, or an application cannot be started, nothing is changed.
Exit codes: 0 every application runs, 1 one does not, 2 the configuration or the command is wrong.`,
  async run(args) {
    const options = {
      'no-wait': { type: 'boolean' },
      check: { type: 'boolean' },
      ...DASHBOARD_OPTIONS,
      ...ADDRESS_OPTIONS,
    } as const;
    const { values, positionals } = parseCommand(USAGE, args, options, [1, 1]);
    const file = positionals[0] as string;
    setOwnerName(`nbserve deploy ${file} in ${process.cwd()}`);
    const config = await readConfig(file).catch((error: unknown) => {
      if (!hasCode(error, InvalidConfig) && !hasCode(error, ConfigUnreadable)) throw error;
      console.error(showError(error));
      return undefined;
    });
    if (config === undefined) return 2;
    for (const note of config.notes) console.error(`note: ${note}`);
    if (values.check === true) return check(config);
    const client = await Client.join(await clusterFor(config, values, dashboardOf(USAGE, values)));
    try {
      const wait = values['no-wait'] !== true;
      return codeOf(await applyConfig(client, config, { wait, onStep: (text) => console.log(text) }));
    } finally {
      await client.close();
    }
  },
};

/** Prints what has failed, and returns the exit code. */
export function codeOf({ failed }: Pick<Applied, 'failed'>): number {
  for (const { name, error } of failed) console.error(`${name}: ${showError(error)}`);
  return failed.length === 0 ? 0 : 1;
}

async function check(config: CheckedConfig): Promise<number> {
  const loaded = await loadConfig(config);
  for (const { spec } of loaded.prepared) {
    console.log(`${spec.name}: ${spec.deployments.map(({ name }) => name).join(', ')} at ${spec.routePrefix ?? 'no route'}`);
  }
  return codeOf(loaded);
}

/** The folder of the cluster: the named one, or the detached one, which is started with the options of the configuration if none runs. */
async function clusterFor({ cluster }: CheckedConfig, values: Named, dashboard: ReturnType<typeof dashboardOf>): Promise<string> {
  const named = namedCluster(values);
  const isNamed = named !== undefined && named !== 'auto';
  const running = isNamed ? [] : await detachedClusters();
  if (!isNamed && running.length === 0) {
    const { url, dir } = await startDetached(httpOf(cluster), {
      name: 'nbserve deploy',
      nodes: declaredNodes(cluster),
      machines: await machinesOf(cluster),
      controllerArgs: { spareReplicas: spareReplicasOf(cluster) },
    });
    console.log(`started a cluster${url === '' ? '' : ` at ${url}`}; nbserve stop ends it`);
    for (const line of await openDashboard(dir, dashboard)) console.log(line);
    return dir;
  }
  const dir = isNamed ? await findCluster(values) : onlyOne(running).dir;
  for (const note of keptOptions({ cluster }, clusterIn(dir)?.port)) console.error(`note: ${note}`);
  return dir;
}
