import { type Channel, isPlace } from '../../ipc/index.js';
import { type LinkWatch, TICK_MS, type Watched } from './link-watch.js';
import type { Contender } from './pick.js';

export type ConnectReplica = (path: string) => Promise<Channel>;

const FIRST_RETRY_MS = 20;
const LAST_RETRY_MS = 1000;
const FIRST_PAUSE_MS = 2;
const LAST_PAUSE_MS = 64;
/** A replica acknowledges at once that it has begun a request. If it has not done so after this time, it is stopped or its main thread is blocked. */
const SILENT_TICKS = 200 / TICK_MS;
/** If no request waits for an acknowledgement any more, the replica is tried again after this time. */
const REST_TICKS = 5000 / TICK_MS;
/** A reply says how many requests of other routers the replica has. After this time, the router assumes that half of them are left. */
const HALF_LIFE_TICKS = 1000 / TICK_MS;

/** How a link informs its deployment. */
export interface LinkOwner {
  readonly maxOngoingRequests: number;
  /** Called when the link is connected. */
  onOpened(): void;
  /** Called when the link may take a request that it would not have taken before. */
  onRoom(): void;
  /** Called when the connection has ended or could not be opened. */
  onLost(): void;
}

/** A router's connection to one replica, with what is known about that replica's load. */
export class ReplicaLink implements Contender, Watched {
  readonly id: string;
  readonly path: string;
  channel: Channel | null = null;
  /** True while its first connection is being opened. */
  isOpening = true;
  /** Number of this router's requests that the replica has. */
  inFlight = 0;
  /** True if the replica has said that it takes no more requests. */
  draining = false;
  /** True if the controller says that the replica hangs and will be ended. */
  hung = false;
  /**
   * True if the replica has not begun what it was sent for a while. Then requests go to other replicas, as long as any of them begins its requests.
   */
  isSilent = false;
  /** Number of this router's requests that it was sent and has not begun. */
  #unbegun = 0;
  /** True if it has begun or refused a request since the last tick. */
  #heard = false;
  #silentTicks = 0;
  #watched = false;
  /** Number of other routers' requests that it had at its last answer. */
  #others = 0;
  #othersTicks = 0;
  /** Until this time it gets no requests, because it answered BUSY; by the clock of `performance.now()`. 0 means no pause. */
  pausedUntil = 0;
  #pauseMs = FIRST_PAUSE_MS;
  #retryMs = FIRST_RETRY_MS;
  #retryTimer: NodeJS.Timeout | null = null;
  #retired = false;
  /** This router's answers that the replica keeps. The connection stays open for them. */
  readonly #kept = new Set<{ onLeaving(): void }>();
  readonly #owner: LinkOwner;
  readonly #connect: ConnectReplica;
  readonly #watch: LinkWatch;

  constructor(id: string, path: string, owner: LinkOwner, connect: ConnectReplica, watch: LinkWatch) {
    this.id = id;
    this.path = path;
    this.#owner = owner;
    this.#connect = connect;
    this.#watch = watch;
    watch.know(this);
    this.#open();
  }

  get load(): number {
    return this.inFlight + this.#others;
  }

  get awaited(): number {
    return this.inFlight - this.#unbegun;
  }

  get hasUnacknowledged(): boolean {
    return this.#unbegun > 0;
  }

  get isOpen(): boolean {
    // A channel sets `isClosed` before it fails its calls; `closed` resolves a little later.
    return this.channel !== null && !this.channel.isClosed && !this.draining;
  }

  /** True if requests with an affinity key may wait for it: it is open or being opened for the first time. */
  get isHome(): boolean {
    return !this.#retired && (this.isOpen || this.isOpening);
  }

  get hasRoom(): boolean {
    return !this.isSilent && this.hasPlace;
  }

  /** True if it would have room, provided that it is not silent. */
  get hasPlace(): boolean {
    return this.isOpen && this.inFlight < this.#owner.maxOngoingRequests && !this.isPaused;
  }

  get isPaused(): boolean {
    return this.pausedUntil !== 0 && this.pausedUntil > performance.now();
  }

  /** Takes over what a reply said about the replica's ongoing requests, including the one of the reply. */
  report(ongoing: number): void {
    // A replica may report nonsense. It must not look as if it were never idle again.
    if (!Number.isSafeInteger(ongoing)) return;
    this.#others = Math.max(0, ongoing - this.inFlight);
    this.#othersTicks = 0;
  }

  /** To be called when it answered BUSY, because other routers fill it. It gets no requests for a short time, which grows until it takes one. */
  pause(ongoing: number): void {
    this.report(ongoing);
    this.pausedUntil = performance.now() + this.#pauseMs;
    this.#pauseMs = Math.min(this.#pauseMs * 2, LAST_PAUSE_MS);
  }

  /** To be called when one of our requests is sent to it. */
  take(): void {
    this.inFlight += 1;
    this.#unbegun += 1;
    if (this.#watched) return;
    this.#watched = true;
    this.#watch.add(this);
  }

  /** To be called when it has begun a request. */
  began(): void {
    this.#unbegun -= 1;
    if (this.pausedUntil !== 0) {
      this.pausedUntil = 0;
      this.#pauseMs = FIRST_PAUSE_MS;
    }
    this.heard();
  }

  /** To be called when it has said something about a request, so its main thread works. */
  heard(): void {
    this.#heard = true;
    if (this.isSilent) this.#setSilent(false);
  }

  /** To be called when it no longer has one of our requests. @param freed true if the request had occupied a place, which is free now */
  release(begun: boolean, freed: boolean): void {
    this.inFlight -= 1;
    if (!begun) this.#unbegun -= 1;
    if (freed) this.pausedUntil = 0;
    this.#leaveIfIdle();
  }

  /** To be called when it keeps an answer. */
  keep(answer: { onLeaving(): void }): void {
    this.#kept.add(answer);
    if (this.#retired) queueMicrotask(() => answer.onLeaving());
  }

  letGo(answer: { onLeaving(): void }): void {
    this.#kept.delete(answer);
    this.#leaveIfIdle();
  }

  onTick(): boolean {
    this.#forgetOthers();
    if (this.#heard || (this.#unbegun === 0 && !this.isSilent)) this.#silentTicks = 0;
    else this.#silentTicks += 1;
    this.#heard = false;
    if (!this.isSilent && this.#silentTicks >= SILENT_TICKS) this.#setSilent(true);
    else if (this.isSilent && this.#unbegun === 0 && this.#silentTicks >= REST_TICKS) this.#setSilent(false);
    this.#watched = !this.#retired && (this.#unbegun > 0 || this.#others > 0 || this.isSilent);
    return this.#watched;
  }

  /** To be called when no snapshot names the replica any more. The connection closes when the requests that it has begun have ended. */
  retire(): void {
    this.#retired = true;
    if (this.#retryTimer !== null) clearTimeout(this.#retryTimer);
    for (const answer of [...this.#kept]) answer.onLeaving();
    this.#leaveIfIdle();
  }

  /** True if a STARTED of the replica may have been lost on its way. If the replica was heard just before a reset, the network worked. */
  get isCut(): boolean {
    const { channel } = this;
    return channel?.isCut === true && (!channel.isReset || this.isSilent);
  }

  /**
   * To be called when the node of the replica is lost. No answer comes over the network any more, and nothing says so, so the connection is closed. On
   * the same machine it ends by itself, when all that the replica has written is read.
   */
  lose(): void {
    if (isPlace(this.path)) this.channel?.destroy();
  }

  #leaveIfIdle(): void {
    if (!this.#retired || this.inFlight > 0 || this.#kept.size > 0) return;
    this.#watch.forget(this);
    this.channel?.close();
  }

  #setSilent(silent: boolean): void {
    this.isSilent = silent;
    this.#silentTicks = 0;
    this.#owner.onRoom();
  }

  // No message tells when they end. Without this, a replica that had a high load at its last answer would never get a request again.
  #forgetOthers(): void {
    if (this.#others === 0) return;
    this.#othersTicks += 1;
    if (this.#othersTicks < HALF_LIFE_TICKS) return;
    this.#othersTicks = 0;
    this.#others = Math.floor(this.#others / 2);
  }

  #open(): void {
    this.#connect(this.path).then(
      (channel) => this.#onOpen(channel),
      () => this.#onLost(),
    );
  }

  #onOpen(channel: Channel): void {
    this.isOpening = false;
    if (this.#retired) {
      channel.close();
      return;
    }
    this.channel = channel;
    this.#retryMs = FIRST_RETRY_MS;
    void channel.closed.then(() => this.#onLost());
    this.#owner.onOpened();
  }

  // A replica that is still in the snapshot may have lost only its connection. A dead one refuses connections until a snapshot no longer contains it.
  #onLost(): void {
    this.isOpening = false;
    this.channel = null;
    this.#others = 0;
    this.#silentTicks = 0;
    this.isSilent = false;
    this.pausedUntil = 0;
    if (this.#retired) return;
    this.#retryTimer = setTimeout(() => this.#open(), this.#retryMs);
    this.#retryTimer.unref();
    this.#retryMs = Math.min(this.#retryMs * 2, LAST_RETRY_MS);
    this.#owner.onLost();
  }
}
