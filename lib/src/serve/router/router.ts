import { listOf } from '../../core/index.js';
import type { OutgoingCall } from '../../ipc/index.js';
import {
  type DemandReport,
  type DeploymentKey,
  type DeploymentRoute,
  type KeptAnswer,
  NoReplica,
  NoSuchDeployment,
  type RouteSnapshot,
} from '../protocol/index.js';
import { Alarm } from './alarm.js';
import { DeadlineWheel } from './deadline-wheel.js';
import { DeploymentPool, type PoolInit } from './deployment-pool.js';
import { asksForUpgrade, type Dispatch, mayRunTwice, type RouterLike } from './dispatch.js';
import { RouterClosed } from './errors.js';
import { HedgedCall } from './hedged-call.js';
import { KeptReader } from './kept-reader.js';
import { LinkWatch } from './link-watch.js';
import type { ConnectReplica } from './replica-link.js';
import { affinityOf } from './request-keys.js';
import { RoutedCall } from './routed-call.js';

/** How long requests that arrived before the first snapshot wait for it. */
const FIRST_SNAPSHOT_WAIT_MS = 30_000;

export interface RouterInit {
  /** Opens the connection to a replica's socket. */
  readonly connect: ConnectReplica;
  /** If true, the router connects to replicas when a snapshot names them; if false, at the first request for their deployment. @default true */
  readonly eager?: boolean;
  /** Whether a replica at this path runs on the node of this router. @default all do */
  readonly isNear?: (path: string) => boolean;
  /** Returns numbers in [0, 1) for the choice of a replica. @default Math.random */
  readonly random?: () => number;
  /** Reports the load of autoscaled deployments to the controller; returns false if it cannot be reached. @default no reports */
  readonly sendDemand?: (report: DemandReport) => boolean;
  /** Sends any other event to the controller; returns false if it cannot be reached. @default no events */
  readonly tell?: (topic: string, value: unknown) => boolean;
  /** Called by `close`. */
  readonly onClose?: () => void;
}

/**
 * Sends requests to the replicas that the last snapshot names.
 *
 * - If no replica has begun a request, another replica gets it, whatever happened (connection lost, BUSY, DRAINING).
 * - While every replica has `maxOngoingRequests`, requests wait, first in first out. If more than `maxQueuedRequests` would wait, they fail with
 *   NBS_QUEUE_FULL. While no replica can be reached, they wait for 30 s in total and then fail with NBS_NO_REPLICA; if the snapshot says why
 *   there is no replica, they fail at once.
 * - If the network to a replica breaks, or it sends a malformed frame, the replica may have begun the request although it did not say so. Then the
 *   request runs again only if the method is idempotent; otherwise it fails with NBS_REPLICA_CUT_OFF.
 * - If a replica dies after it began a request, the request runs again if the method is idempotent and no part of the answer has arrived.
 *   Otherwise it fails with NBS_REPLICA_DIED, or with NBS_ANSWER_BROKEN if a part of the answer had arrived.
 * - At the deadline, it fails with NBS_REQUEST_TIMEOUT, and the replica gets a cancel. Other errors: NBS_NO_SUCH_DEPLOYMENT, NBS_ROUTER_CLOSED.
 */
export class Router implements RouterLike {
  snapshot: RouteSnapshot | null = null;
  readonly #init: RouterInit;
  readonly #wheel = new DeadlineWheel();
  readonly #watch = new LinkWatch();
  readonly #pools = new Map<DeploymentKey, DeploymentPool>();
  readonly #listeners = new Set<(snapshot: RouteSnapshot) => void>();
  readonly #awaiters = new Set<{ version: number; resolve: (snapshot: RouteSnapshot) => void; reject: (error: Error) => void }>();
  /** Requests that arrived before the first snapshot, and have not ended. */
  readonly #early = new Map<RoutedCall, DeploymentKey>();
  readonly #earlyAlarm = new Alarm();
  #kept: KeptReader | null = null;
  #closed = false;

  constructor(init: RouterInit) {
    this.#init = init;
  }

  dispatch(request: Dispatch): OutgoingCall {
    const pool = this.#pools.get(request.key);
    if (pool?.hedging != null && mayHedge(request) && mayRunTwice(pool.route, request)) {
      return new HedgedCall(request, pool, pool.hedging, this.#wheel);
    }
    const call = new RoutedCall(request, this.#wheel);
    if (pool !== undefined) call.enter(pool);
    else if (this.#closed) call.fail(RouterClosed());
    else if (this.snapshot === null) this.#waitForSnapshot(request.key, call);
    else call.fail(this.#unknown(request.key));
    return call;
  }

  /** Connects to new replicas at once. Connections to removed replicas close when their requests have ended. */
  apply(snapshot: RouteSnapshot): void {
    if (this.#closed) return;
    this.snapshot = snapshot;
    for (const [key, route] of Object.entries(snapshot.deployments) as [DeploymentKey, DeploymentRoute][]) {
      const pool = this.#pools.get(key);
      // Parts that did not change are the same objects, so a change of one deployment does not require a look at thousands.
      if (pool?.route === route) continue;
      if (pool !== undefined) pool.update(route);
      else this.#pools.set(key, new DeploymentPool(route, this.#poolInit(key)));
      if (route.lost !== undefined) this.#watch.lose(route.lost);
    }
    for (const [key, pool] of this.#pools) {
      if (Object.hasOwn(snapshot.deployments, key)) continue;
      this.#pools.delete(key);
      pool.remove(listOf(Object.keys(snapshot.deployments)), this.#pools.get(unscopedKey(key)) ?? null);
    }
    this.#admitEarly();
    for (const awaiter of this.#awaiters) {
      if (snapshot.version < awaiter.version) continue;
      this.#awaiters.delete(awaiter);
      awaiter.resolve(snapshot);
    }
    for (const listener of this.#listeners) listener(snapshot);
  }

  whenSnapshot(version: number): Promise<RouteSnapshot> {
    if (this.#closed) return Promise.reject(RouterClosed());
    if (this.snapshot !== null && this.snapshot.version >= version) return Promise.resolve(this.snapshot);
    return new Promise((resolve, reject) => this.#awaiters.add({ version, resolve, reject }));
  }

  onSnapshot(listener: (snapshot: RouteSnapshot) => void): () => void {
    this.#listeners.add(listener);
    if (this.snapshot !== null) listener(this.snapshot);
    return () => this.#listeners.delete(listener);
  }

  readKept(answer: KeptAnswer, signal?: AbortSignal): Promise<Uint8Array> {
    if (this.#closed) return Promise.reject(RouterClosed());
    this.#kept ??= new KeptReader(this.#init.connect);
    return this.#kept.read(answer, signal);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#kept?.close();
    for (const pool of this.#pools.values()) pool.close(() => RouterClosed());
    this.#pools.clear();
    for (const call of this.#early.keys()) call.fail(RouterClosed());
    for (const { reject } of this.#awaiters) reject(RouterClosed());
    this.#awaiters.clear();
    this.#earlyAlarm.clear();
    this.#watch.close();
    this.#init.onClose?.();
  }

  /** To be called when the controller can be reached again: it knows no load yet. */
  tellDemand(): void {
    for (const pool of this.#pools.values()) pool.tellDemand();
  }

  /** Sends an event to the controller; returns false if it cannot be reached. */
  tell(topic: string, value: unknown): boolean {
    return this.#init.tell?.(topic, value) ?? false;
  }

  /** Number of calls that the replica has begun for this router and whose callers still wait. */
  awaitedAt(replica: string): number {
    return this.#watch.awaitedAt(replica);
  }

  #poolInit(key: DeploymentKey): PoolInit {
    const { sendDemand, ...given } = this.#init;
    const init = { ...given, watch: this.#watch };
    if (sendDemand === undefined) return init;
    return { ...init, sendDemand: (demand) => sendDemand({ deployments: { [key]: demand } }) };
  }

  #unknown(deployment: DeploymentKey): Error {
    return NoSuchDeployment({ deployment, running: listOf([...this.#pools.keys()]) });
  }

  #waitForSnapshot(key: DeploymentKey, call: RoutedCall): void {
    this.#early.set(call, key);
    call.onEarlyEnd = () => {
      this.#early.delete(call);
      // Otherwise it would keep a process that has nothing else to do.
      if (this.#early.size === 0) this.#earlyAlarm.clear();
    };
    call.limitTime(null);
    if (this.#early.size === 0 || this.#earlyAlarm.isSet) return;
    const giveUp = (): void => {
      for (const [early, deployment] of this.#early) {
        early.fail(NoReplica({ deployment, reason: 'the controller could not be reached' }));
      }
    };
    this.#earlyAlarm.set(FIRST_SNAPSHOT_WAIT_MS, giveUp, { keepsAlive: true });
  }

  #admitEarly(): void {
    this.#earlyAlarm.clear();
    for (const [call, key] of this.#early) {
      this.#early.delete(call);
      const pool = this.#pools.get(key);
      if (pool === undefined) call.fail(this.#unknown(key));
      else call.enter(pool);
    }
  }
}

/** A request with an affinity key stays with the replica of its key. Two replicas cannot both begin to speak another protocol with one client. */
function mayHedge(request: Dispatch): boolean {
  return request.mayWait !== false && affinityOf(request.head) === '' && !asksForUpgrade(request);
}

/** Removes the generation: `app/deployment` of `app/deployment@generation`. */
function unscopedKey(key: DeploymentKey): DeploymentKey {
  const at = key.lastIndexOf('@');
  return at < 0 ? key : (key.slice(0, at) as DeploymentKey);
}
