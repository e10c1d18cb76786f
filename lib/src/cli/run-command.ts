import { filesReadBefore, watchFiles } from '../deploy/index.js';
import { openCluster, setOwnerName } from '../host/index.js';
import { type Command, parseCommand } from './command.js';
import { DASHBOARD_OPTIONS, dashboardOf, openDashboard } from './dashboard-options.js';
import { accessOf, GRPC_CLI_OPTIONS, grpcOptionsOf, httpsOptionsOf, parsePort } from './options.js';
import { packageRunnerGone } from './package-runner.js';
import { type RunResult, runTarget } from './run-target.js';
import { showError } from './show-error.js';
import { DRAIN_MS, untilInterrupted } from './until-interrupted.js';

const USAGE =
  'nbserve run <file>:<export>|<config.yaml> [--watch] [--port <number>|auto] [--host <address>] [--allow-host <name>]… [--allow-origin <origin>]… [--https-cert <file> --https-key <file>] [--name <application>] [--route-prefix <path>] [--dashboard-port <number>|auto|none] [--dashboard-host <address>] [--grpc-port <number>|auto] [--grpc-host <address>] [--proto <file>]… [--grpc-cert <file> --grpc-key <file>] [--address auto|<folder>]';

export const runCommand: Command = {
  name: 'run',
  summary: 'run an application from a module, or a configuration, in the foreground, until Ctrl-C',
  help: `${USAGE}

  <file>:<export>   a TypeScript or JavaScript module and the bound deployment that it exports, e.g. app.ts:app
  <config.yaml>     a configuration, as nbserve deploy takes it
  --watch           update the application whenever one of its files changes; --reload is another name of it
  --port            port for HTTP; a number fails if it is in use (default: 8000, or the next free one)
  --host            address for HTTP (default: 127.0.0.1)
  --allow-host      a host name to accept besides loopback names and --host; may be repeated, * means all
  --allow-origin    an origin of web pages that may call, e.g. https://example.org; may be repeated, * means all
  --https-cert      a certificate in PEM, with its chain; then HTTP is answered over TLS only
  --https-key       the private key of the certificate, in PEM
  --grpc-port       port for gRPC, or auto: 9000, or the next free one (default: no gRPC, unless --grpc-host or --proto is given)
  --grpc-host       address for gRPC (default: 127.0.0.1)
  --proto           a proto file with services for gRPC; may be repeated (default: methods are called by name)
  --grpc-cert       a certificate in PEM, with its chain; then gRPC is answered over TLS only
  --grpc-key        the private key of the certificate, in PEM
  --name            the application's name (default: default)
  --route-prefix    path under which it answers HTTP (default: /)
  --dashboard-port  port of the REST API, or auto (default: none)
  --dashboard-host  address of the REST API (default: 127.0.0.1); whoever calls it needs the cluster's token
  --address         run it on a running cluster: the folder of the cluster, or auto for your detached cluster if one is running;
                    the command then ends and the application keeps running

With --watch, the old version answers until the new one is up, and no request is lost. If a file has an error, it is shown, and the old version
runs on.
Ctrl-C lets the replicas finish the requests that they have begun, for 20 seconds at most. A second Ctrl-C ends them at once.`,
  async run(args) {
    const begun = Date.now();
    const text = { type: 'string' } as const;
    const flag = { type: 'boolean' } as const;
    const options = {
      port: text,
      host: text,
      name: text,
      'route-prefix': text,
      address: text,
      watch: flag,
      reload: flag,
      'allow-host': { type: 'string', multiple: true },
      'allow-origin': { type: 'string', multiple: true },
      ...DASHBOARD_OPTIONS,
      'https-cert': { type: 'string' },
      'https-key': { type: 'string' },
      ...GRPC_CLI_OPTIONS,
    } as const;
    const { values, positionals } = parseCommand(USAGE, args, options, [1, 1]);
    const dashboard = dashboardOf(USAGE, values, 'none');
    const target = await runTarget(USAGE, positionals[0] as string, values);
    setOwnerName(`nbserve run ${positionals[0]} in ${process.cwd()}`);
    const runnerGone = packageRunnerGone();
    const { engine, ...others } = target.cluster;
    // A cluster that is named has its nodes. With auto, the engine counts if none is running.
    const isNamed = values.address !== undefined && values.address !== 'auto';
    const cluster = isNamed || engine === undefined ? others : { ...others, engine };
    const starting = openCluster({
      ...cluster,
      ...(values.port === undefined && cluster.port !== undefined ? {} : { port: parsePort(USAGE, values.port) }),
      ...accessOf(values),
      ...httpsOptionsOf(USAGE, values),
      ...grpcOptionsOf(USAGE, values),
      ...(values.host === undefined ? {} : { host: values.host }),
      ...(values.address === undefined ? {} : { address: values.address }),
    });
    // It may fail while the module is loaded; the error is handled below, at the await.
    starting.catch(() => {});
    // Loading the module may take a while, and HTTP is answered before that.
    const expected = target.expect(starting);
    try {
      const result = await target.deploy(starting);
      // The cluster is there. From now on only the deployed applications count, also after they have been deleted.
      expected();
      const client = await starting;
      const isWatching = values.watch === true || values.reload === true;
      if (result.failed && !isWatching) return 1;
      const stays = client.isOwner || isWatching;
      const api = client.isOwner ? await openDashboard(client.cluster.dir, dashboard) : [];
      const { grpc } = await client.call('status', undefined);
      const rpc = stays && grpc !== '' ? [`gRPC at ${grpc}`] : [];
      // In one piece, so that whoever reads it sees all of it or nothing.
      console.log([...result.lines.map((line) => (stays ? `${line} — Ctrl-C ends it` : line)), ...rpc, ...api].join('\n'));
      if (!stays) return 0;
      const updates = new Updates(result, () => target.deploy(starting));
      const unwatch = isWatching ? watchFiles(result, begun, () => updates.run()) : () => {};
      const code = await untilInterrupted(client, runnerGone);
      unwatch();
      updates.end();
      if (client.isOwner) await client.cluster.stop({ graceMs: DRAIN_MS });
      return code;
    } finally {
      expected();
      await starting.then(
        (client) => client.close(),
        () => {},
      );
    }
  },
};

/** The deploys of changed files, each with a word on how it went. */
class Updates {
  readonly #deploy: () => Promise<RunResult>;
  #last: RunResult;
  #isEnded = false;

  constructor(first: RunResult, deploy: () => Promise<RunResult>) {
    this.#last = first;
    this.#deploy = deploy;
  }

  /** Never rejects. After an error, the files that were known before it are watched too. */
  async run(): Promise<RunResult> {
    console.log('a file has changed…');
    const known = this.#last.files;
    try {
      const result = await this.#deploy();
      for (const line of result.lines) console.log(line);
      if (result.failed) console.error('the old version runs on');
      this.#last = result.failed ? { ...result, files: both(known, result.files) } : result;
    } catch (error) {
      // A deploy that the end of the cluster has cut off is no fault of the file.
      if (!this.#isEnded) console.error(`${showError(error)}\nthe old version runs on`);
      this.#last = { ...this.#last, failed: true, files: both(known, filesReadBefore(error)) };
    }
    return this.#last;
  }

  end(): void {
    this.#isEnded = true;
  }
}

const both = (some: readonly string[], others: readonly string[]): readonly string[] => [...new Set([...some, ...others])];
