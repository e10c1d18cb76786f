import { resolve } from 'node:path';
import { loadApplication } from '../deploy/index.js';
import { type Client, expectApplication, openCluster, runApplication, setOwnerName } from '../host/index.js';
import { BadUsage, type Command, parseCommand } from './command.js';
import { accessOf, parsePort } from './options.js';
import { packageRunnerGone } from './package-runner.js';

const USAGE =
  'nbserve run <file>:<export> [--port <number>|auto] [--host <address>] [--allow-host <name>]… [--allow-origin <origin>]… [--name <application>] [--route-prefix <path>] [--address auto|<folder>]';

/** The proxy and the replicas have half of it each: 20 s, a replica's default. A second Ctrl-C ends the wait. */
const DRAIN_MS = 40_000;

export const runCommand: Command = {
  name: 'run',
  summary: 'run an application from a module, in the foreground, until Ctrl-C',
  help: `${USAGE}

  <file>:<export>   a TypeScript or JavaScript module and the bound deployment that it exports, e.g. app.ts:app
  --port            port for HTTP; a number fails if it is in use (default: 8000, or the next free one)
  --host            address for HTTP (default: 127.0.0.1)
  --allow-host      a host name to accept besides loopback names and --host; may be repeated, * means all
  --allow-origin    an origin of web pages that may call, e.g. https://example.org; may be repeated, * means all
  --name            the application's name (default: default)
  --route-prefix    path under which it answers HTTP (default: /)
  --address         run it on a running cluster: the folder of the cluster, or auto for your detached cluster if one is running;
                    the command then ends and the application keeps running

Ctrl-C lets the replicas finish the requests that they have begun, for 20 seconds at most. A second Ctrl-C ends them at once.`,
  async run(args) {
    const options = {
      port: { type: 'string' },
      host: { type: 'string' },
      name: { type: 'string' },
      'route-prefix': { type: 'string' },
      address: { type: 'string' },
      'allow-host': { type: 'string', multiple: true },
      'allow-origin': { type: 'string', multiple: true },
    } as const;
    const { values, positionals } = parseCommand(USAGE, args, options, [1, 1]);
    const [file, name] = splitTarget(positionals[0] as string);
    setOwnerName(`nbserve run ${positionals[0]} in ${process.cwd()}`);
    const runnerGone = packageRunnerGone();
    const starting = openCluster({
      port: parsePort(USAGE, values.port),
      ...accessOf(values),
      ...(values.host === undefined ? {} : { host: values.host }),
      ...(values.address === undefined ? {} : { address: values.address }),
    });
    // It may fail while the module is loaded; the error is handled below, at the await.
    starting.catch(() => {});
    // Loading the module may take a while, and HTTP is answered before that.
    const expected = expectApplication(starting, values.name ?? 'default', values['route-prefix'] ?? '/');
    try {
      const { application } = await loadApplication(`${file}:${name}`);
      const handle = await runApplication(starting, application, {
        ...(values.name === undefined ? {} : { name: values.name }),
        ...(values['route-prefix'] === undefined ? {} : { routePrefix: values['route-prefix'] }),
      });
      // The cluster is there. From now on only the deployed applications count, also after they have been deleted.
      expected();
      const client = await starting;
      if (!client.isOwner) {
        console.log(`${handle.appName} runs at ${handle.url}`);
        return 0;
      }
      console.log(`${handle.appName} runs at ${handle.url} — Ctrl-C ends it`);
      const code = await untilInterrupted(client, runnerGone);
      await client.cluster.stop({ graceMs: DRAIN_MS });
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

function splitTarget(target: string): [file: string, name: string] {
  const colon = target.lastIndexOf(':');
  if (colon <= 0) throw BadUsage({ problem: `${target} names no export; write <file>:<export>, e.g. app.ts:app`, usage: USAGE });
  return [resolve(target.slice(0, colon)), target.slice(colon + 1)];
}

/** Resolves with the exit code: 0 after Ctrl-C, SIGTERM, or the end of the npx that has started the command; 1 if the cluster ended by itself. */
function untilInterrupted(client: Client, runnerGone: Promise<void>): Promise<number> {
  return new Promise((resolveWith) => {
    let asked = false;
    const stop = (): void => {
      if (asked) process.exit(130);
      asked = true;
      console.log('draining…');
      resolveWith(0);
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
    void runnerGone.then(() => {
      if (asked) return;
      console.error('npx, which has started this command, is gone');
      stop();
    });
    void client.cluster.exited.then(({ name }) => {
      if (asked) return;
      console.error(`the cluster ended: ${name}`);
      resolveWith(1);
    });
  });
}
