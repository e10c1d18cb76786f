/** The process that answers the REST API. */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dashboardFile, hasCode, isNbserveError, shortId } from '../core/index.js';
import { connectEngine, enterChild, PortInUse, ProcessExited } from '../engine/index.js';
import { Client } from '../host/index.js';
import { ControlApi } from './control-api.js';
import { createControlServer } from './control-server.js';
import { NotDeployed } from './errors.js';
import type { DashboardAddress, DashboardArgs, DeployArgs } from './types.js';

const FIRST_PORT = 8265;
const LAST_PORT = 8364;
/** Importing the modules of a configuration may take so long. */
const LOAD_MS = 120_000;
const DEPLOY_MAIN = fileURLToPath(new URL('./deploy-main.js', import.meta.url));

const child = enterChild<DashboardArgs>();
const { dir, token, args } = child;
const { host, allowedHosts, version } = args;

let joined: Promise<Client> | undefined;
function client(): Promise<Client> {
  joined ??= Client.join(dir);
  joined.catch(() => (joined = undefined));
  return joined;
}

/** User code runs in a process of its own, which ends with this call. */
async function deploy(text: string): Promise<void> {
  const id = `deploy-${shortId()}`;
  const file = join(dir, `${id}.yaml`);
  const engine = await connectEngine(dir, token);
  try {
    // The command line of a process is public, and arguments may be secrets.
    writeFileSync(file, text, { mode: 0o600 });
    const own: DeployArgs = { file };
    await engine.start({ id, role: 'deploy', label: id, main: DEPLOY_MAIN, args: own, startTimeoutMs: LOAD_MS });
  } catch (error) {
    throw reasonOf(error) ?? error;
  } finally {
    await engine.stop(id).catch(() => {});
    engine.close();
    rmSync(file, { force: true });
  }
}

/** Why the process ended: what it said itself, or that the user's code has ended it. */
function reasonOf(error: unknown): Error | undefined {
  if (!hasCode(error, ProcessExited)) return undefined;
  const { cause, message } = error as Error;
  return isNbserveError(cause) ? cause : NotDeployed({ failures: message }, error);
}

const server = createControlServer({ api: new ControlApi({ client, deploy, version }), token, host, allowedHosts });

function listen(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** A process that is started again takes the port that it had. */
async function listenSomewhere(): Promise<void> {
  const before = existsSync(dashboardFile(dir))
    ? (JSON.parse(readFileSync(dashboardFile(dir), 'utf8')) as DashboardAddress)
    : undefined;
  const wanted = before?.port ?? args.port;
  for (let port = wanted === 'auto' ? FIRST_PORT : wanted; ; port += 1) {
    try {
      return await listen(port);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
      if (wanted !== 'auto' || port >= LAST_PORT) throw PortInUse({ port, host, holder: 'another process' }, error);
    }
  }
}

child.onStop(() => {
  server.close();
  server.closeAllConnections();
});

listenSomewhere().then(
  () => {
    const address: DashboardAddress = { host, port: (server.address() as AddressInfo).port };
    const file = dashboardFile(dir);
    writeFileSync(`${file}.new`, JSON.stringify(address), { mode: 0o600 });
    renameSync(`${file}.new`, file);
    child.ready();
  },
  (error: unknown) => child.exit('CANNOT_LISTEN', error),
);
