import { type DeploymentRoute, NoReplica, NoSuchDeployment, QueueFull } from '../protocol/index.js';
import { Alarm } from './alarm.js';
import type { CallHost } from './call-host.js';
import { type DemandMeter, meterFor, type SendDemand } from './demand-meter.js';
import { COPY_LOST } from './errors.js';
import { type HedgeBudget, hedgeBudgetFor } from './hedge-budget.js';
import type { LinkWatch } from './link-watch.js';
import { OutageWatch } from './outage-watch.js';
import type { ConnectReplica, LinkOwner, ReplicaLink } from './replica-link.js';
import { ReplicaSet } from './replica-set.js';
import { QueueOrder, RequestQueue } from './request-queue.js';
import type { RoutedCall } from './routed-call.js';
import { StickyQueue } from './sticky-queue.js';

/** How long requests wait, in total, until a first replica can be reached. */
const NO_REPLICA_WAIT_MS = 30_000;
/**
 * For this time, requests that arrive together wait for replicas whose connections are being opened. Otherwise all of them would go to the other
 * replicas.
 */
const SETTLE_MS = 100;

export interface PoolInit {
  readonly connect: ConnectReplica;
  readonly watch: LinkWatch;
  readonly random?: () => number;
  readonly isNear?: (path: string) => boolean;
  /** Whether it connects to replicas before the first request. @default true */
  readonly eager?: boolean;
  /** Reports the load of an autoscaled deployment to the controller. @default no reports */
  readonly sendDemand?: SendDemand;
}

/** One deployment in this router: the connections to its replicas, and the requests that wait for room. */
export class DeploymentPool implements LinkOwner, CallHost {
  route: DeploymentRoute;
  /** Present if requests may be sent twice. */
  hedging: HedgeBudget | null = null;
  readonly #order = new QueueOrder();
  readonly #queue = new RequestQueue<RoutedCall>(this.#order);
  readonly #sticky = new StickyQueue(this.#order);
  readonly #replicas: ReplicaSet;
  readonly #sendDemand: SendDemand | undefined;
  #meter: DemandMeter | null = null;
  #removed = false;
  #connects: boolean;
  #running = '';
  #successor: DeploymentPool | null = null;
  readonly #outage = new OutageWatch(() => {
    this.#failWaiting(() => this.#unreachable());
    return !this.#isAsleep;
  });
  readonly #resume = new Alarm();
  readonly #settling = new Alarm();

  constructor(route: DeploymentRoute, { connect, watch, random = Math.random, isNear, eager = true, sendDemand }: PoolInit) {
    this.route = route;
    this.#replicas = new ReplicaSet({ owner: this, connect, random, watch, ...(isNear && { isNear }) });
    this.#connects = eager;
    this.#sendDemand = sendDemand;
    this.update(route);
  }

  get label(): string {
    return `${this.route.app}/${this.route.name}`;
  }

  get maxOngoingRequests(): number {
    return this.route.maxOngoingRequests;
  }

  get waiting(): number {
    return this.#queue.size + this.#sticky.size;
  }

  /** Number of requests that wait or are at a replica. */
  get demand(): number {
    return this.waiting + this.#replicas.inFlight;
  }

  /** Reports the load to the controller if it may not know it: it could not be reached before, or requests wait. */
  tellDemand(): void {
    this.#meter?.tell();
  }

  /**
   * To be called when the snapshot no longer contains the deployment.
   * @param successor pool that gets the waiting requests. During an update, new replicas have a key of their own, which disappears when traffic
   * switches to them.
   */
  remove(running: string, successor: DeploymentPool | null): void {
    this.#running = running;
    this.#successor = successor;
    this.#end();
    this.#endSticky();
    for (let call = this.#queue.shift(); call !== null; call = this.#queue.shift()) this.replace(call);
  }

  close(error: () => Error): void {
    this.#end();
    this.#endSticky();
    this.#failWaiting(error);
  }

  /** Sends the request to a replica, or lets it wait, or fails it. */
  place(call: RoutedCall): void {
    if (!this.#connects) this.#connectNow();
    if (call.affinity !== '' && this.#placeAtHome(call, false)) return;
    if (this.#queue.size === 0) {
      const link = this.pick(call);
      if (link !== null) {
        call.send(link);
        this.#meter?.wake();
        return;
      }
    }
    const refusal = copyLost(call) ?? this.#outageRefusal() ?? this.#refusalToWait(call) ?? this.#makeRoom(call);
    if (refusal !== null) {
      // The deployment may work by now: requests make the controller try again to start a replica.
      if (this.route.unavailable !== undefined) this.#meter?.knock();
      call.fail(refusal);
      return;
    }
    this.#queue.push(call);
    this.#onWaiting();
  }

  /**
   * Sends a request that no replica has begun to another replica, before requests that arrived after it. The limit of the queue does not apply to it.
   */
  replace(call: RoutedCall): void {
    if (!this.#connects) this.#connectNow();
    if (this.#successor !== null) {
      call.move(this.#successor);
      return;
    }
    if (call.affinity !== '' && this.#placeAtHome(call, true)) return;
    const link = this.pick(call);
    if (link !== null) {
      call.send(link);
      return;
    }
    this.#watchOutage();
    const refusal = copyLost(call) ?? this.#outageRefusal() ?? this.#refusalToWait(call);
    if (refusal !== null) {
      call.fail(refusal);
      return;
    }
    this.#queue.unshift(call);
    this.#onWaiting();
  }

  /** Removes a waiting request that was cancelled or has expired. */
  withdraw(call: RoutedCall): void {
    this.#queue.remove(call);
    if (this.#isAsleep) this.#watchOutage();
  }

  /** To be called when a replica can take a request that it could not take before. */
  onRoom(): void {
    this.#watchOutage();
    this.#pump();
  }

  onOpened(): void {
    this.#watchOutage();
    if (this.#replicas.opening === 0) this.#settling.clear();
    this.#pump();
  }

  onLost(): void {
    this.#watchOutage();
    for (const call of this.#sticky.takeHomeless()) this.replace(call);
  }

  /** Takes over what a new snapshot says about the deployment. */
  update(route: DeploymentRoute): void {
    this.hedging = hedgeBudgetFor(this.hedging, route.hedging);
    this.route = route;
    this.#meter = meterFor(this.#meter, route.autoscaling?.metricsIntervalMs, () => this.demand, this.#sendDemand);
    if (!this.#connects) return;
    this.#replicas.update(route);
    this.#settle();
    this.#watchOutage();
    this.#pump();
    if (this.#isAsleep && this.#queue.size > 0) this.#meter?.tell();
  }

  // This is not done under load, which must not be delayed, nor if the queue has a limit: requests would be refused although there is room for them.
  #settle(): void {
    if (this.#settling.isSet || this.#replicas.size < 2 || this.route.maxQueuedRequests >= 0) return;
    if (this.#replicas.opening === 0 || this.#replicas.inFlight > 0) return;
    this.#settling.set(SETTLE_MS, () => this.#pump());
  }

  /** True if no replica runs and requests make one start. */
  get #isAsleep(): boolean {
    const { autoscaling, replicas, unavailable } = this.route;
    return autoscaling !== undefined && replicas.length === 0 && unavailable === undefined;
  }

  #onWaiting(): void {
    if (this.#meter !== null) {
      this.#meter.wake();
      if (this.#isAsleep && this.#queue.size === 1) this.#meter.tell();
    }
    if (this.#isAsleep) this.#watchOutage();
    this.#scheduleResume();
  }

  #connectNow(): void {
    this.#connects = true;
    this.update(this.route);
  }

  /**
   * Sends a request with an affinity key to the replica of its key, or lets it wait for that replica.
   * @returns false if the replica cannot be waited for, or if the request must not wait
   */
  #placeAtHome(call: RoutedCall, returned: boolean): boolean {
    const home = this.#replicas.homeOf(call.affinity);
    if (home === null) return false;
    if (home.hasRoom && !this.#sticky.isWaitingFor(home)) {
      call.send(home);
      this.#meter?.wake();
      return true;
    }
    if (!call.mayWait) return false;
    const refusal = returned ? null : this.#makeRoom(call);
    if (refusal !== null) {
      call.fail(refusal);
      return true;
    }
    this.#sticky.add(home, call, returned, () => this.#leaveHome(call));
    this.#onWaiting();
    return true;
  }

  /** The call has waited too long for the replica of its key: it is sent to another replica that has room, or waits for any replica. */
  #leaveHome(call: RoutedCall): void {
    const link = this.pick(call);
    if (link !== null) call.send(link);
    else this.#queue.unshift(call);
  }

  /** From now on they wait as the others do. */
  #endSticky(): void {
    for (const call of this.#sticky.takeAll()) this.#queue.push(call);
  }

  /** A replica that has room, and does not work on the same request already. */
  pick({ modelId, affinity, twin }: RoutedCall): ReplicaLink | null {
    const other = twin === null ? null : twin.link;
    if (affinity !== '') return this.#replicas.pickForKey(affinity, other);
    const link = this.#replicas.pick(modelId, other);
    return this.#settling.isSet && link !== null && link.inFlight > 0 ? null : link;
  }

  #pump(): void {
    for (const call of this.#sticky.takeHomeless()) this.replace(call);
    while (this.waiting > 0) {
      const home = this.#sticky.nextHome();
      const call = this.#queue.first;
      const link = call === null || this.#sticky.goesBefore(home, call) ? null : this.pick(call);
      if (link !== null) this.#queue.shift()?.send(link);
      else if (home !== null) this.#sticky.sendFirst(home);
      else {
        this.#scheduleResume();
        return;
      }
    }
  }

  /**
   * In a full queue, an interactive request replaces a batch request. Returns the error if there is no place. Requests that a replica takes as soon as
   * its connection is open do not count: such a replica has room.
   */
  #makeRoom(call: RoutedCall): Error | null {
    const { maxQueuedRequests } = this.route;
    const queued = this.waiting;
    // The request that starts a first replica waits for it.
    const max = this.#isAsleep && maxQueuedRequests === 0 ? 1 : maxQueuedRequests;
    if (max < 0 || queued < max + this.#replicas.opening * this.maxOngoingRequests) return null;
    const youngest = call.isBatch ? null : this.#sticky.youngestBatch(this.#queue.youngestBatch);
    if (youngest === null) return this.#queueFull(queued, 'so this one is refused');
    youngest.fail(this.#queueFull(queued, 'and an interactive request took the place of this batch request'));
    return null;
  }

  #refusalToWait(call: RoutedCall): Error | null {
    return call.mayWait ? null : this.#queueFull(this.#queue.size, 'and this request does not wait for room');
  }

  #queueFull(queued: number, outcome: string): Error {
    return QueueFull({ deployment: this.label, queued, max: this.route.maxQueuedRequests, outcome });
  }

  #outageRefusal(): Error | null {
    if (this.#removed) return NoSuchDeployment({ deployment: this.label, running: this.#running });
    if (this.route.unavailable === undefined && !this.#outage.isLong) return null;
    return this.#replicas.isReachable ? null : this.#unreachable();
  }

  #unreachable(): Error {
    const { unavailable, waits } = this.route;
    const reason =
      unavailable ?? `none could be reached for ${this.#outageMs / 1000} s${waits === undefined ? '' : `; it ${waits}`}`;
    return NoReplica({ deployment: this.label, reason });
  }

  get #outageMs(): number {
    return this.#isAsleep ? (this.route.autoscaling?.holdMs ?? NO_REPLICA_WAIT_MS) : NO_REPLICA_WAIT_MS;
  }

  #failWaiting(error: () => Error): void {
    for (let call = this.#queue.shift(); call !== null; call = this.#queue.shift()) call.fail(error());
  }

  #watchOutage(): void {
    if (this.#removed) return;
    // While the deployment has no replicas because it has no load, this is an outage only if requests wait.
    if (this.#replicas.isReachable || (this.#isAsleep && this.#queue.size === 0)) {
      this.#outage.end();
      return;
    }
    if (this.route.unavailable !== undefined) this.#failWaiting(() => this.#unreachable());
    this.#outage.begin(this.#outageMs);
  }

  // An answer or a new connection makes room and calls the pump itself. Only the end of a pause after BUSY needs a timer.
  #scheduleResume(): void {
    if (this.#resume.isSet) return;
    const first = this.#replicas.pausedUntil;
    if (first === Number.POSITIVE_INFINITY) return;
    this.#resume.set(Math.max(1, Math.ceil(first - performance.now())), () => this.#pump(), { keepsAlive: true });
  }

  #end(): void {
    this.#removed = true;
    this.#meter?.stop();
    this.#outage.end();
    this.#resume.clear();
    this.#settling.clear();
    this.#replicas.retire();
  }
}

/** While the other copy is at a replica, a copy does not wait: the only replica with room could be the one that it must not be sent to. */
const copyLost = ({ twin }: RoutedCall): Error | null => (twin !== null && twin.link !== null ? COPY_LOST : null);
