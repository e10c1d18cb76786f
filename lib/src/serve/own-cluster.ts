import { describeExit, type ExitReport } from '../engine/index.js';
import { Client } from './client.js';
import { AlreadyRunning } from './errors.js';
import { NotRunning, setHandleContext } from './handle/index.js';
import { declaredResources } from './options.js';
import type { StartOptions } from './types.js';

/** The port that `'auto'` takes where it is free; that of Ray Serve. */
const USUAL_PORT = 8000;

let connecting: Promise<Client> | null = null;
/** A cluster that was started before anybody asked for it. */
let ahead: Promise<Client> | null = null;

const USUAL_ADDRESS = { host: '127.0.0.1', port: 'auto' } as const;

/** Starts a cluster that the next `serve.run` is likely to ask for; until then nobody sees it. It ends with this process at the latest. */
export function startAhead(): void {
  if (connecting !== null || ahead !== null) return;
  const attempt = Client.start(USUAL_ADDRESS);
  ahead = attempt;
  const gone = (): void => {
    if (ahead === attempt) ahead = null;
  };
  // Where it fails, whoever asks for a cluster tries again and gets the error.
  attempt.then((client) => client.cluster.exited.then(gone), gone);
}

/** The cluster started ahead, where its address is the one wanted; else a new one. */
async function start(options: StartOptions): Promise<Client> {
  const { host = USUAL_ADDRESS.host, port = USUAL_ADDRESS.port } = options;
  const early = ahead;
  ahead = null;
  const client = await early?.catch(() => undefined);
  const resources = declaredResources(options);
  const wanted = { host, port, ...(resources === undefined ? {} : { resources }) };
  if (client === undefined) return Client.start(wanted);
  if (resources === undefined && host === USUAL_ADDRESS.host && port === USUAL_ADDRESS.port) return client;
  await client.close();
  return Client.start(wanted);
}

/** The cluster of this process: the running one, or a new one. A start that failed may be tried again. */
export function ownCluster(options: StartOptions = {}): Promise<Client> {
  if (connecting === null) {
    const attempt = start(options);
    connecting = attempt;
    attempt.then(
      (client) => {
        announce(client, options);
        void client.cluster.exited.then((exit) => onExit(attempt, exit));
      },
      () => forget(attempt),
    );
  }
  return connecting;
}

/**
 * The cluster at this address.
 * @throws NBS_ALREADY_RUNNING where it runs at another one
 */
export async function clusterAt(options: StartOptions): Promise<Client> {
  const client = await ownCluster(options);
  const { port } = options;
  if (typeof port === 'number' && port !== 0 && client.cluster.port !== port)
    throw AlreadyRunning({ url: client.cluster.url, port });
  return client;
}

/** The running cluster; `null` where none runs. */
export async function runningCluster(): Promise<Client | null> {
  return connecting === null ? null : connecting.catch(() => null);
}

/** @throws NBS_NOT_RUNNING */
export async function requiredCluster(): Promise<Client> {
  if (connecting === null) throw NotRunning();
  return connecting;
}

/**
 * Ends the cluster of this process, where one runs.
 * @param drain wait until every replica has finished what it has begun, as long as its `gracefulShutdownTimeout` allows
 */
export async function endCluster({ drain }: { readonly drain: boolean }): Promise<void> {
  const early = ahead;
  ahead = null;
  const client = await runningCluster();
  connecting = null;
  await (await early?.catch(() => undefined))?.close();
  if (client === null) return;
  // A controller that is gone has nothing left to drain; what runs is ended below.
  if (drain) await client.call('shutdown', undefined).catch(() => {});
  await client.close();
}

function announce({ cluster }: Client, { port = 'auto' }: StartOptions): void {
  if (port === 'auto' && cluster.port !== USUAL_PORT) {
    console.log(`port ${USUAL_PORT} is in use; HTTP is answered at ${cluster.url}`);
  }
}

function forget(attempt: Promise<Client>): void {
  if (connecting === attempt) connecting = null;
}

function onExit(attempt: Promise<Client>, exit: ExitReport): void {
  if (connecting !== attempt) return;
  forget(attempt);
  setHandleContext(null);
  console.error(`the cluster ended without being asked to (${describeExit(exit)}); serve.run(…) starts a new one`);
}
