import { hasCode } from '../../core/index.js';
import { type OutgoingCall, PeerGone, type ResponseSink } from '../../ipc/index.js';
import { type AnswerHead, ReplicaBusy, ReplicaDraining, type RequestHead } from '../protocol/index.js';
import { Alarm } from './alarm.js';
import { BodyReplay, REPLAY_LIMIT_BYTES } from './body-replay.js';
import type { CallHost } from './call-host.js';
import type { DeadlineWheel, Expiring } from './deadline-wheel.js';
import { type DeadlineLimit, type Dispatch, mayRunTwice } from './dispatch.js';
import {
  AnswerBroken,
  BodyNotReplayable,
  busyWith,
  ReplicaCutOff,
  ReplicaDied,
  ReplicaHung,
  RequestTimeout,
  requestTimeoutOf,
} from './errors.js';
import { KeptAnswerLease } from './kept-answer-lease.js';
import type { Linked, LinkedList } from './linked-list.js';
import type { ReplicaLink } from './replica-link.js';
import { affinityOf, modelOf } from './request-keys.js';
import type { Waiting } from './request-queue.js';

/** A request may kill at most this many replicas; otherwise it could kill all of them. */
const MAX_RUNS = 3;

/** One request on its way: it waits, is at one replica, moves to another one, and ends. */
export class RoutedCall implements OutgoingCall, ResponseSink, Expiring, Waiting {
  /** Model that the request selects; `''` for none. */
  readonly modelId: string;
  /** Key whose requests go to the same replica; `''` for none. */
  readonly affinity: string;
  expiresAt = 0;
  wheelNext: Expiring | null = null;
  wheelPrevious: Expiring | null = null;
  /** If true, all requests that are not batch requests go before it. */
  readonly isBatch: boolean;
  arrival = 0;
  listNext: Linked | null = null;
  listPrevious: Linked | null = null;
  inList: LinkedList | null = null;
  /** Null while the request waits. */
  link: ReplicaLink | null = null;
  /** The other copy of the same request. The two are never at the same replica, and neither waits while the other is at one. */
  twin: RoutedCall | null = null;
  /** Number of replicas that have died while they worked on it, or may have done so. */
  deaths = 0;
  done = false;
  /** Called if it ends before it has been given to its deployment. */
  onEarlyEnd: (() => void) | null = null;
  readonly #request: Dispatch;
  readonly #wheel: DeadlineWheel;
  readonly #replay: BodyReplay | null;
  #pool: CallHost | null = null;
  #outgoing: OutgoingCall | null = null;
  #timeoutMs: number | null = null;
  /** Names the deadline in messages; '' means the deployment's own. */
  #deadlineOf = '';
  /** True if the deadline is what an earlier caller left of it. */
  #isRest = false;
  #inWheel = false;
  #started = false;
  #headOut = false;
  #senderWaits = false;
  /** Runs while it waits for the replica of its affinity key. */
  #homeAlarm: Alarm | null = null;
  #keep = false;
  /** Set while the replica keeps the answer. The request itself has ended. */
  #lease: KeptAnswerLease | null = null;

  constructor(request: Dispatch, wheel: DeadlineWheel) {
    this.#request = request;
    const { head } = request;
    this.modelId = modelOf(head);
    this.affinity = affinityOf(head);
    this.isBatch = head.priority === 'batch';
    this.#wheel = wheel;
    this.#replay = request.body === 'stream' ? new BodyReplay() : null;
  }

  get mayWait(): boolean {
    return this.#request.mayWait !== false;
  }

  waitForHome(timeoutMs: number, givesUp: () => void): void {
    this.#homeAlarm = new Alarm();
    this.#homeAlarm.set(timeoutMs, givesUp, { keepsAlive: true });
  }

  stopWaitingForHome(): void {
    this.#homeAlarm?.clear();
  }

  /** Gives the request to its deployment. */
  enter(pool: CallHost): void {
    this.#pool = pool;
    this.limitTime(pool.route.requestTimeoutMs);
    if (!this.done) pool.place(this);
  }

  /** From now on its deadline counts. @param own that of its deployment; null if there are no routes yet, so that only its caller's is known */
  limitTime(own: number | null): void {
    const { timeoutMs: asked, limit } = this.#request;
    let timeoutMs = asked === undefined ? own : asked;
    if (this.#inWheel) {
      if (asked !== undefined || own === null || performance.now() + own >= this.expiresAt) return;
      this.#wheel.remove(this);
      this.#deadlineOf = '';
      this.#isRest = false;
    } else if (limit !== undefined && (timeoutMs === null || limit.leftMs < timeoutMs)) {
      timeoutMs = limit.leftMs;
      this.#deadlineOf = limit.of;
      this.#isRest = true;
    } else if (asked !== undefined) this.#deadlineOf = `the timeout of the call to ${this.#label}`;
    if (timeoutMs === null) return;
    this.#timeoutMs = timeoutMs;
    this.#inWheel = timeoutMs > 0;
    if (this.#inWheel) this.#wheel.add(this, timeoutMs);
    else this.fail(this.#timedOut());
  }

  get #label(): string {
    return this.#pool?.label ?? this.#request.key;
  }

  /** The time that is left until its deadline, for calls that act in its place. */
  get limit(): DeadlineLimit | undefined {
    if (this.#timeoutMs === null) return undefined;
    return { leftMs: this.expiresAt - performance.now(), of: this.#deadlineOf };
  }

  /** The pieces of its streamed body; `[]` if it has none, `null` if some are missing. */
  get bodyPieces(): readonly Uint8Array[] | null {
    if (this.#replay === null) return [];
    return this.#replay.ended ? this.#replay.chunks : null;
  }

  /** To be called when its deployment continues under another key. */
  move(pool: CallHost): void {
    this.#pool = pool;
    pool.replace(this);
  }

  send(link: ReplicaLink): void {
    const { channel } = link;
    if (channel === null) {
      this.#pool?.replace(this);
      return;
    }
    this.link = link;
    link.take();
    const outgoing = channel.request(this.#headToSend(), this.#request.body, this);
    this.#outgoing = outgoing;
    if (this.#keep) outgoing.keep?.();
    if (this.#replay === null) return;
    for (const chunk of this.#replay.chunks ?? []) outgoing.write(chunk);
    if (this.#replay.ended) outgoing.end();
  }

  /** Fails the request for good. If the request has not been sent yet, the sink is called in a later microtask. */
  fail(error: Error): void {
    if (this.done) return;
    const untold = this.link === null;
    this.#finish();
    if (untold) queueMicrotask(() => this.#request.sink.onError(error));
    else this.#request.sink.onError(error);
  }

  write(chunk: Uint8Array): boolean {
    if (this.done || this.#replay === null) return true;
    if (this.#started && !this.#replay.isWhole) return this.#outgoing?.write(chunk) ?? true;
    const room = this.#replay.add(chunk);
    if (this.#started) this.#replay.begun(this.#mayRunAgain);
    const written = this.#outgoing?.write(chunk) ?? true;
    if (this.#started) return written;
    if (!room || !written) this.#senderWaits = true;
    return room && written;
  }

  end(chunk?: Uint8Array): void {
    if (this.done || this.#replay === null) return;
    if (chunk !== undefined && chunk.length > 0) this.write(chunk);
    this.#replay.ended = true;
    this.#outgoing?.end();
  }

  keep(): void {
    this.#keep = true;
    this.#outgoing?.keep?.();
  }

  cancel(reason?: string): void {
    this.#lease?.cancel(reason);
    this.#lease = null;
    if (this.done) return;
    this.#outgoing?.cancel(reason);
    this.#finish();
  }

  consumed(bytes: number): void {
    this.#outgoing?.consumed(bytes);
  }

  // ResponseSink: the replica's answer

  onStarted(): void {
    if (this.done || this.#started) return;
    this.#started = true;
    this.link?.began();
    this.#replay?.begun(this.#mayRunAgain);
    this.#request.sink.onStarted?.();
    if (!this.#senderWaits) return;
    this.#senderWaits = false;
    this.#request.sink.onDrain?.();
  }

  onHead(head: AnswerHead): void {
    if (this.done) return;
    if (!this.#started) this.onStarted();
    this.#headOut = true;
    this.#replay?.drop();
    if (head.queue !== undefined) this.link?.report(head.queue);
    if (head.kind === 'kept') this.#beginLease();
    this.#request.sink.onHead(head);
  }

  /** The replica's place is free again, but the call on its connection stays open. */
  #beginLease(): void {
    const { link } = this;
    const outgoing = this.#outgoing;
    if (link === null || outgoing === null) return;
    this.#lease = new KeptAnswerLease(link, outgoing, () => this.#request.sink.onLeaving?.());
    this.#finish();
  }

  onData(chunk: Uint8Array): void {
    if (!this.done) this.#request.sink.onData(chunk);
  }

  onEnd(): void {
    if (this.done) return;
    this.#finish();
    this.#request.sink.onEnd();
  }

  onError(error: Error): void {
    const link = this.link;
    if (this.#lease !== null) {
      const lost = this.#lease.lost(this.#label, error);
      this.#lease = null;
      this.#request.sink.onError(lost);
      return;
    }
    if (this.done || link === null) return;
    const gone = hasCode(error, PeerGone) && link.channel?.isClosed !== false;
    if (!gone) link.heard();
    if (gone && (this.#started || link.isCut)) {
      this.#replicaDied(link, error);
      return;
    }
    if (this.#started) {
      this.fail(error);
      return;
    }
    if (hasCode(error, ReplicaBusy)) link.pause(busyWith(error));
    else if (hasCode(error, ReplicaDraining)) link.draining = true;
    else if (!gone) this.fail(error);
    if (!this.done) this.#sendElsewhere();
  }

  onDrain(): void {
    if (!this.done && !this.#senderWaits) this.#request.sink.onDrain?.();
    // Before STARTED, the sender waits for STARTED.
  }

  onExpired(): void {
    this.#inWheel = false;
    if (this.done) return;
    const error = this.#timedOut();
    this.#outgoing?.cancel(error.message);
    this.fail(error);
  }

  #timedOut(): Error {
    const timeoutMs = Math.max(0, Math.round(this.#timeoutMs ?? 0));
    const whose = this.#deadlineOf === '' ? requestTimeoutOf(this.#label) : this.#deadlineOf;
    return RequestTimeout({ deployment: this.#label, timeoutMs, deadline: this.#isRest ? `what was left of ${whose}` : whose });
  }

  /** The head, with the time that is left for the calls that user code makes. It is changed in place, because a copy costs a microsecond more. */
  #headToSend(): RequestHead {
    const { head } = this.#request;
    if (this.#timeoutMs === null) return head;
    head.budgetMs = Math.max(0, Math.round(this.expiresAt - performance.now()));
    if (this.#deadlineOf !== '') head.budgetOf = this.#deadlineOf;
    return head;
  }

  #replicaDied({ id: replica, hung }: ReplicaLink, cause: Error): void {
    const deployment = this.#label;
    if (this.#headOut) {
      this.fail(AnswerBroken({ deployment, replica }, cause));
      return;
    }
    if (!this.#mayRunAgain || this.deaths + (this.twin?.deaths ?? 0) + 1 >= MAX_RUNS) {
      const failed = !this.#started ? ReplicaCutOff : hung ? ReplicaHung : ReplicaDied;
      this.fail(failed({ deployment, replica, method: this.#request.method }, cause));
      return;
    }
    if (this.#replay !== null && !this.#replay.isWhole) {
      this.fail(BodyNotReplayable({ deployment, replica, limit: REPLAY_LIMIT_BYTES }, cause));
      return;
    }
    this.deaths += 1;
    this.#sendElsewhere();
  }

  #sendElsewhere(): void {
    this.#leave(false);
    this.#started = false;
    // The sender may wait for the replica that is gone. If it does not, it hears once too often that it may write.
    if (this.#replay?.ended === false) this.#senderWaits = true;
    this.#pool?.replace(this);
  }

  #leave(freed: boolean): void {
    const link = this.link;
    this.link = null;
    this.#outgoing = null;
    link?.release(this.#started, freed);
  }

  #finish(): void {
    this.done = true;
    if (this.#inWheel) this.#wheel.remove(this);
    this.stopWaitingForHome();
    const pool = this.#pool;
    if (pool === null) return void this.onEarlyEnd?.();
    if (this.link === null) return void pool.withdraw(this);
    this.#leave(true);
    if (pool.waiting > 0) pool.onRoom();
  }

  get #mayRunAgain(): boolean {
    return this.#pool !== null && mayRunTwice(this.#pool.route, this.#request);
  }
}
