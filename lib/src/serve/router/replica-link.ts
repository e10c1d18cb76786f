import type { Channel } from '../../ipc/index.js';
import { type LinkWatch, TICK_MS, type Watched } from './link-watch.js';
import type { Contender } from './pick.js';

export type ConnectReplica = (path: string) => Promise<Channel>;

const FIRST_RETRY_MS = 20;
const LAST_RETRY_MS = 1000;
const FIRST_PAUSE_MS = 2;
const LAST_PAUSE_MS = 64;
/** A replica says at once that it has begun a request. One that has not for so long is stopped, or its main thread is blocked. */
const SILENT_TICKS = 200 / TICK_MS;
/** Nothing waits for its word any more: after so long it is tried again. */
const REST_TICKS = 5000 / TICK_MS;
/** What a reply said of other routers' requests is half as true after so long. */
const HALF_LIFE_TICKS = 1000 / TICK_MS;

/** What a link tells the deployment that it belongs to. */
export interface LinkOwner {
  readonly maxOngoingRequests: number;
  /** The link was connected. */
  onOpened(): void;
  /** It may take a request that it would not have taken before. */
  onRoom(): void;
  /** The connection ended, or could not be made. */
  onLost(): void;
}

/** A router's connection to one replica, with what it knows of that replica's load. */
export class ReplicaLink implements Contender, Watched {
  readonly id: string;
  readonly path: string;
  channel: Channel | null = null;
  /** Its first connection is being made. */
  isOpening = true;
  /** Requests of this router that the replica has. */
  inFlight = 0;
  /** It said that it takes no more. */
  draining = false;
  /** The controller says that it hangs, and ends it. */
  hung = false;
  /** It has not begun what it was sent for a while. Others are asked as long as there are any that do begin theirs. */
  isSilent = false;
  /** Requests of this router that it was sent and has not begun. */
  #unbegun = 0;
  /** It began one, or refused one, since the last tick. */
  #heard = false;
  #silentTicks = 0;
  #watched = false;
  /** Requests of other routers that it had when it answered last. */
  #others = 0;
  #othersTicks = 0;
  /** Until when it is left alone after it answered BUSY, on the clock of `performance.now()`; 0 is not at all. */
  pausedUntil = 0;
  #pauseMs = FIRST_PAUSE_MS;
  #retryMs = FIRST_RETRY_MS;
  #retryTimer: NodeJS.Timeout | null = null;
  #retired = false;
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

  get owesWord(): boolean {
    return this.#unbegun > 0;
  }

  get isOpen(): boolean {
    // A channel says that it is closed before it fails its calls; `closed` is told a little later.
    return this.channel !== null && !this.channel.isClosed && !this.draining;
  }

  get hasRoom(): boolean {
    return !this.isSilent && this.hasPlace;
  }

  /** It would have room, if only it were heard of. */
  get hasPlace(): boolean {
    return this.isOpen && this.inFlight < this.#owner.maxOngoingRequests && !this.isPaused;
  }

  get isPaused(): boolean {
    return this.pausedUntil !== 0 && this.pausedUntil > performance.now();
  }

  /** What a reply said of the replica's ongoing requests, this one included. */
  report(ongoing: number): void {
    // What it says of itself may be nonsense: it must not look as if it were never idle again.
    if (!Number.isSafeInteger(ongoing)) return;
    this.#others = Math.max(0, ongoing - this.inFlight);
    this.#othersTicks = 0;
  }

  /** It answered BUSY: others fill it. Left alone for a moment that grows until it takes one. */
  pause(ongoing: number): void {
    this.report(ongoing);
    this.pausedUntil = performance.now() + this.#pauseMs;
    this.#pauseMs = Math.min(this.#pauseMs * 2, LAST_PAUSE_MS);
  }

  /** One of our requests is sent to it. */
  take(): void {
    this.inFlight += 1;
    this.#unbegun += 1;
    if (this.#watched) return;
    this.#watched = true;
    this.#watch.add(this);
  }

  /** It began a request. */
  began(): void {
    this.#unbegun -= 1;
    if (this.pausedUntil !== 0) {
      this.pausedUntil = 0;
      this.#pauseMs = FIRST_PAUSE_MS;
    }
    this.heard();
  }

  /** It said something of a request, so its main thread is at work. */
  heard(): void {
    this.#heard = true;
    if (this.isSilent) this.#setSilent(false);
  }

  /** One of our requests is no longer there. @param freed it had a place, which is free now */
  release(begun: boolean, freed: boolean): void {
    this.inFlight -= 1;
    if (!begun) this.#unbegun -= 1;
    if (freed) this.pausedUntil = 0;
    if (this.#retired && this.inFlight === 0) this.#leave();
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

  /** No snapshot names it any more: what it has begun ends, then the connection is closed. */
  retire(): void {
    this.#retired = true;
    if (this.#retryTimer !== null) clearTimeout(this.#retryTimer);
    if (this.inFlight === 0) this.#leave();
  }

  #leave(): void {
    this.#watch.forget(this);
    this.channel?.close();
  }

  #setSilent(silent: boolean): void {
    this.isSilent = silent;
    this.#silentTicks = 0;
    this.#owner.onRoom();
  }

  // Nobody says when they end. Without this, one that was loaded when it was asked last would never be asked again.
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

  // A replica that still is in the snapshot may only have lost its connection. One that is dead refuses, until a snapshot drops it.
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
