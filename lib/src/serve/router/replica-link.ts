import type { Channel } from '../../ipc/index.js';
import type { Candidate } from './pick.js';

export type ConnectReplica = (path: string) => Promise<Channel>;

const FIRST_RETRY_MS = 20;
const LAST_RETRY_MS = 1000;
const FIRST_PAUSE_MS = 2;
const LAST_PAUSE_MS = 64;

/** What a link tells the deployment that it belongs to. */
export interface LinkOwner {
  readonly maxOngoingRequests: number;
  /** The link was connected. */
  onOpened(): void;
  /** The connection ended, or could not be made. */
  onLost(): void;
}

/** A router's connection to one replica, with what it knows of that replica's load. */
export class ReplicaLink implements Candidate {
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
  /** Requests of other routers that it had when it answered last. */
  #others = 0;
  /** Until when it is left alone after it answered BUSY, on the clock of `performance.now()`; 0 is not at all. */
  pausedUntil = 0;
  #pauseMs = FIRST_PAUSE_MS;
  #retryMs = FIRST_RETRY_MS;
  #retryTimer: NodeJS.Timeout | null = null;
  #retired = false;
  readonly #owner: LinkOwner;
  readonly #connect: ConnectReplica;

  constructor(id: string, path: string, owner: LinkOwner, connect: ConnectReplica) {
    this.id = id;
    this.path = path;
    this.#owner = owner;
    this.#connect = connect;
    this.#open();
  }

  get load(): number {
    return this.inFlight + this.#others;
  }

  get isOpen(): boolean {
    // A channel says that it is closed before it fails its calls; `closed` is told a little later.
    return this.channel !== null && !this.channel.isClosed && !this.draining;
  }

  get hasRoom(): boolean {
    return this.isOpen && this.inFlight < this.#owner.maxOngoingRequests && !this.isPaused;
  }

  get isPaused(): boolean {
    return this.pausedUntil !== 0 && this.pausedUntil > performance.now();
  }

  /** What a reply said of the replica's ongoing requests, this one included. */
  report(ongoing: number): void {
    const others = ongoing - this.inFlight;
    this.#others = Math.max(0, others);
  }

  /** It answered BUSY: others fill it. Left alone for a moment that grows until it takes one. */
  pause(ongoing: number): void {
    this.report(ongoing);
    this.pausedUntil = performance.now() + this.#pauseMs;
    this.#pauseMs = Math.min(this.#pauseMs * 2, LAST_PAUSE_MS);
  }

  /** It took a request. */
  accepted(): void {
    if (this.pausedUntil === 0) return;
    this.pausedUntil = 0;
    this.#pauseMs = FIRST_PAUSE_MS;
  }

  /** One of our requests is no longer there. @param freed it had a place, which is free now */
  release(freed: boolean): void {
    this.inFlight -= 1;
    if (freed) this.pausedUntil = 0;
    if (this.#retired && this.inFlight === 0) this.channel?.close();
  }

  /** No snapshot names it any more: what it has begun ends, then the connection is closed. */
  retire(): void {
    this.#retired = true;
    if (this.#retryTimer !== null) clearTimeout(this.#retryTimer);
    if (this.inFlight === 0) this.channel?.close();
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
    this.pausedUntil = 0;
    if (this.#retired) return;
    this.#retryTimer = setTimeout(() => this.#open(), this.#retryMs);
    this.#retryTimer.unref();
    this.#retryMs = Math.min(this.#retryMs * 2, LAST_RETRY_MS);
    this.#owner.onLost();
  }
}
