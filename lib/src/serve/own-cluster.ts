import { isDeepStrictEqual } from 'node:util';
import { engineName, hasCode, inOwnTurn, KeepAlive, shownValue } from '../core/index.js';
import { clusterIn, DetachedRunning, describeExit, detachedClusters, type ExitReport } from '../engine/index.js';
import { Client, nameOfOwner, staysForOwner } from './client.js';
import { clustersNamed, noClusterNamed } from './cluster-address.js';
import { AlreadyConnected, AlreadyRunning, InvalidAddress, NoGrpcThere, NoSuchApp } from './errors.js';
import { NotRunning } from './handle/index.js';
import { httpOf } from './http-options.js';
import { declaredNodes, engineOf, machinesOf } from './node-options.js';
import { noteIfLong, notice } from './notice.js';
import { DRAIN_NOTE_AFTER_MS, deleteApplication } from './run.js';
import { startDetached } from './start-cluster.js';
import { spareReplicasOf } from './start-options.js';
import type { StartOptions } from './types.js';
import { USUAL_ADDRESS } from './usual-address.js';

/** The port that `'auto'` takes if it is free. It is the port of Ray Serve. */
const USUAL_PORT = 8000;
const USUAL_GRPC_PORT = 9000;

/** The cluster that is started by default. */
const USUAL_CLUSTER = { ...USUAL_ADDRESS, spareReplicas: spareReplicasOf({}) };

/** Keeps this process alive while a cluster starts. */
const STARTING = new KeepAlive();
let connecting: Promise<Client> | null = null;
/** The options with which the cluster of this process was requested first. */
let requested: StartOptions = {};
/** What provides the nodes of the cluster that this process has started last. */
let ownEngine: 'local' | 'ray' = 'local';
/** A cluster that was started before it was requested. */
let ahead: Promise<Client> | null = null;

/** Starts a cluster that the next `serve.run` will probably need. Until then it is not visible. It ends with this process at the latest. */
export function startAhead(): void {
  // On Ray, a cluster occupies the nodes, so it is not started before somebody wants one.
  if (connecting !== null || ahead !== null || engineName() === 'ray') return;
  const attempt = inOwnTurn(() => Client.start(USUAL_CLUSTER));
  ahead = attempt;
  const gone = (): void => {
    if (ahead === attempt) ahead = null;
  };
  // If this fails, the code that needs a cluster tries again and gets the error.
  attempt.then((client) => client.cluster.exited.then(gone), gone);
}

const detachedOptions = async (options: StartOptions) => ({
  name: `detached, started by ${nameOfOwner()}`,
  nodes: declaredNodes(options),
  machines: await machinesOf(options),
  controllerArgs: { spareReplicas: spareReplicasOf(options) },
});

/** With the engine `ray`, the address is that of Ray, unless it is `'auto'`. */
const addressToJoin = ({ engine, address }: StartOptions): string | undefined =>
  engine === 'ray' && address !== 'auto' ? undefined : address;

/** The folder of the cluster to join; a detached cluster is started first. undefined if this process gets a cluster of its own. */
async function folderToJoin(options: StartOptions): Promise<string | undefined> {
  const { detached = false } = options;
  const address = addressToJoin(options);
  if (address !== undefined && typeof address !== 'string') throw InvalidAddress({ address: shownValue(address) });
  if (address !== undefined && address !== 'auto') {
    const [named, ...others] = clustersNamed(address);
    if (named === undefined) throw noClusterNamed(address);
    if (others.length > 0) throw InvalidAddress({ address: shownValue(address) });
    return named.dir;
  }
  const [running] = address === 'auto' ? await detachedClusters() : [];
  if (running !== undefined) return running.dir;
  if (!detached) return undefined;
  try {
    return (await startDetached(httpOf(options), await detachedOptions(options))).dir;
  } catch (error) {
    // Another process has started it meanwhile.
    const [other] = address === 'auto' && hasCode(error, DetachedRunning) ? await detachedClusters() : [];
    if (other !== undefined) return other.dir;
    throw error;
  }
}

/** Joins a cluster, or takes the one that was started ahead if its address is the wanted one, or starts a new one. The caller must close it. */
export async function openCluster(options: StartOptions): Promise<Client> {
  const folder = await folderToJoin(options);
  if (folder !== undefined) return joinAt(folder, options);
  const nodes = declaredNodes(options);
  const usual = { ...httpOf(options), spareReplicas: spareReplicasOf(options) };
  const machines = await machinesOf(options);
  ownEngine = engineOf(options);
  const wanted = { ...usual, ...(nodes && { nodes }), ...(machines && { machines }) };
  const early = ahead;
  ahead = null;
  const client = await early?.catch(() => undefined);
  if (client === undefined) return Client.start(wanted);
  if (isDeepStrictEqual(wanted, USUAL_CLUSTER)) return client;
  await client.close();
  return Client.start(wanted);
}

async function joinAt(folder: string, options: StartOptions): Promise<Client> {
  const { port } = options;
  checkGrpc(folder, options);
  const early = ahead;
  ahead = null;
  // This must be before the other one opens, because handles use the cluster that was opened last.
  await early?.then((client) => client.close()).catch(() => {});
  const client = await Client.join(folder);
  if (isOther(client, port)) {
    await client.close();
    throw AlreadyRunning({ url: client.cluster.url, port: port as number });
  }
  return client;
}

/** @throws NBS_NO_GRPC_THERE */
function checkGrpc(dir: string, { grpc }: StartOptions): void {
  if (grpc !== undefined && clusterIn(dir)?.grpc === '') throw NoGrpcThere({ dir });
}

const isOther = ({ cluster }: Client, port: StartOptions['port']): boolean =>
  typeof port === 'number' && port !== 0 && cluster.port !== port;

/** How long a cluster without applications of the user outlives the last borrower. A script that uses workers again soon finds it running. */
const LENT_LINGER_MS = 1000;
/** Set while the cluster exists only for borrowers. */
let lent: { borrowers: number; timer?: NodeJS.Timeout } | null = null;

/**
 * The cluster of this process, for workers that end soon. If nothing else has asked for a cluster, it ends when nobody borrows it any more, so that a script
 * can end. In a notebook it stays, for the next cell.
 */
export function lendCluster(): { readonly client: Promise<Client>; readonly giveBack: () => void } {
  if (connecting === null) lent = { borrowers: 0 };
  const mine = lent;
  const client = take({});
  if (mine === null) return { client, giveBack: () => {} };
  mine.borrowers += 1;
  clearTimeout(mine.timer);
  let isBack = false;
  const giveBack = (): void => {
    if (isBack) return;
    isBack = true;
    mine.borrowers -= 1;
    if (mine.borrowers > 0 || staysForOwner()) return;
    mine.timer = setTimeout(() => {
      if (lent !== mine || mine.borrowers > 0) return;
      lent = null;
      endCluster({ drain: false }).catch(() => {});
    }, LENT_LINGER_MS);
  };
  return { client, giveBack };
}

/** The cluster of this process: the running one, or a new one. If a start has failed, it can be tried again. */
export function ownCluster(options: StartOptions = {}): Promise<Client> {
  lent = null;
  return take(options);
}

function take(options: StartOptions): Promise<Client> {
  if (connecting === null) {
    const attempt = STARTING.during(() => inOwnTurn(() => openCluster(options)));
    connecting = attempt;
    requested = options;
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
 * @throws NBS_ALREADY_RUNNING if it runs at another port, NBS_ALREADY_CONNECTED if another cluster was requested
 */
export async function clusterAt(options: StartOptions): Promise<Client> {
  const client = await ownCluster(options);
  const { port, detached = false } = options;
  const address = addressToJoin(options);
  const { url, dir } = client.cluster;
  if (isOther(client, port)) throw AlreadyRunning({ url, port: port as number });
  checkGrpc(dir, options);
  if (options.engine === 'ray' && client.isOwner && ownEngine !== 'ray')
    notice(
      'a cluster without the nodes of Ray runs already, and stays; serve.shutdown() ends it, and then serve.start starts one on Ray',
    );
  const elsewhere = address !== undefined && address !== 'auto' && clustersNamed(address).every((named) => named.dir !== dir);
  if (elsewhere || (detached && !client.cluster.detached)) throw AlreadyConnected({ url, dir });
  noticeIgnored(options);
  return client;
}

/** The options about which {@link clusterAt} says more. */
const CHECKED: readonly string[] = ['port', 'address', 'detached', 'engine'];

/** Says which options have no effect, because the cluster runs without them. */
function noticeIgnored(options: StartOptions): void {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const ignored = given.filter(([name, value]) => !isDeepStrictEqual(value, requested[name as keyof StartOptions]));
  const names = ignored.map(([name]) => name).filter((name) => !CHECKED.includes(name));
  if (names.length > 0)
    notice(
      `this process has a cluster already, so serve.start ignores ${names.join(' and ')}; end the cluster with serve.shutdown() first`,
    );
}

/** The running cluster; `null` if none runs. */
export async function runningCluster(): Promise<Client | null> {
  return connecting === null ? null : connecting.catch(() => null);
}

/** @throws NBS_NOT_RUNNING */
export async function requiredCluster(): Promise<Client> {
  if (connecting === null) throw NotRunning();
  return connecting;
}

/**
 * Ends the cluster of this process, if one runs; leaves one that it joined.
 * @param drain if true, deletes the applications, even those of a joined cluster, and waits until every replica has finished its requests, at most
 * for its `gracefulShutdownTimeout`
 */
export async function endCluster({ drain }: { readonly drain: boolean }): Promise<void> {
  const early = ahead;
  ahead = null;
  const client = await runningCluster();
  connecting = null;
  await (await early?.catch(() => undefined))?.close();
  if (client === null) return;
  // If the controller has ended, there is nothing left to drain. Processes that still run are ended below.
  try {
    if (drain && client.isOwner) {
      const note = { what: 'serve.shutdown', afterMs: DRAIN_NOTE_AFTER_MS };
      await noteIfLong(client, note, client.call('shutdown', undefined)).catch(() => {});
    } else if (drain) await deleteAll(client);
  } catch (error) {
    // The applications have ended with their cluster.
    if (clusterIn(client.cluster.dir) !== undefined) throw error;
  } finally {
    await client.close();
  }
}

async function deleteAll(client: Client): Promise<void> {
  const { applications } = await client.call('status', undefined);
  // Another driver may have deleted it meanwhile.
  const gone = (error: unknown): void => {
    if (!hasCode(error, NoSuchApp)) throw error;
  };
  await Promise.all(Object.keys(applications).map((name) => deleteApplication(client, name).catch(gone)));
}

function announce({ cluster, isOwner }: Client, { port = 'auto', grpc }: StartOptions): void {
  const grpcAddress =
    isOwner && grpc !== undefined && (grpc.port ?? 'auto') === 'auto' ? (clusterIn(cluster.dir)?.grpc ?? '') : '';
  if (grpcAddress !== '' && !grpcAddress.endsWith(`:${USUAL_GRPC_PORT}`))
    notice(`port ${USUAL_GRPC_PORT} is in use; gRPC is answered at ${grpcAddress}`);
  if (isOwner && port === 'auto' && ![0, USUAL_PORT].includes(cluster.port)) {
    notice(`port ${USUAL_PORT} is in use; HTTP is answered at ${cluster.url}`);
  }
}

function forget(attempt: Promise<Client>): void {
  if (connecting === attempt) connecting = null;
}

function onExit(attempt: Promise<Client>, exit: ExitReport): void {
  if (connecting !== attempt) return;
  forget(attempt);
  attempt.then(
    (client) => client.disconnect(),
    () => {},
  );
  console.error(`the cluster ended without being asked to (${describeExit(exit)}); serve.run(…) starts a new one`);
}
