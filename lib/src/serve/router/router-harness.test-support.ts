import { deferred } from '../../core/index.js';
import type { Channel, OutgoingCall, ResponseSink } from '../../ipc/index.js';
import { PeerGone } from '../../ipc/index.js';
import type { DeploymentRoute, RequestHead, RouteSnapshot } from '../protocol/index.js';
import type { Dispatch } from './dispatch.js';
import { Router } from './router.js';

/** The replica's side of one call. */
export class FakeCall implements OutgoingCall {
  done = false;
  cancelled?: string | undefined;
  written = '';
  ended = false;
  /** If true, the sender is asked to wait after each write. */
  isFull = false;
  constructor(
    readonly head: RequestHead,
    readonly body: Uint8Array | null | 'stream',
    readonly sink: ResponseSink,
  ) {}
  write(chunk: Uint8Array): boolean {
    this.written += Buffer.from(chunk).toString();
    return !this.isFull;
  }
  end(): void {
    this.ended = true;
  }
  cancel(reason = ''): void {
    this.cancelled = reason;
    this.done = true;
  }
  consumed(): void {}
  answer(queue?: number): void {
    if (this.done) return;
    this.sink.onHead({ kind: 'value', ...(queue === undefined ? {} : { queue }) });
    this.done = true;
    this.sink.onEnd();
  }
  fail(error: Error): void {
    if (this.done) return;
    this.done = true;
    this.sink.onError(error);
  }
}

export class HarnessReplica {
  readonly calls: FakeCall[] = [];
  isClosed = false;
  isCut = false;
  isReset = false;
  readonly #closed = deferred<void>();
  readonly closed = this.#closed.promise;
  /** The calls that have not ended. */
  get open(): readonly FakeCall[] {
    return this.calls.filter((call) => !call.done);
  }
  request(head: RequestHead, body: Uint8Array | null | 'stream', sink: ResponseSink): OutgoingCall {
    const call = new FakeCall(head, body, sink);
    this.calls.push(call);
    return call;
  }
  close(): void {
    this.die();
  }
  destroy(): void {
    this.die({ isCut: true });
  }
  die({ isCut = false, isReset = false } = {}): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.isCut = isCut;
    this.isReset = isReset;
    for (const call of this.open) call.fail(PeerGone({ peer: 'replica' }));
    this.#closed.resolve();
  }
}

export const route = (replicas: readonly string[], more: Partial<DeploymentRoute> = {}): DeploymentRoute => ({
  app: 'a',
  name: 'd',
  replicas: replicas.map((id) => ({ id, path: id })),
  maxOngoingRequests: 2,
  maxQueuedRequests: -1,
  requestTimeoutMs: null,
  idempotent: [],
  methods: [],
  http: true,
  ...more,
});

export const snapshot = (version: number, deployment?: DeploymentRoute): RouteSnapshot => ({
  version,
  routes: [],
  ingresses: {},
  deployments: deployment === undefined ? {} : { 'a/d': deployment },
});

export interface Sent {
  /** What the caller saw: `started`, `head`, `data`, `end`, `drain`, or the code of an error. */
  readonly log: string[];
  readonly errors: Error[];
  readonly call: OutgoingCall;
}

/** A router and the replicas that it is connected to. */
export class RouterHarness {
  readonly replicas = new Map<string, HarnessReplica>();
  readonly router: Router;
  #version = 0;
  constructor(random: () => number = () => 0, isNear?: (path: string) => boolean) {
    const connect = async (path: string): Promise<Channel> => this.replica(path) as unknown as Channel;
    this.router = new Router({ connect, random, ...(isNear && { isNear }) });
  }
  replica(id: string): HarnessReplica {
    const known = this.replicas.get(id) ?? new HarnessReplica();
    this.replicas.set(id, known);
    return known;
  }
  async route(replicas: readonly string[], more: Partial<DeploymentRoute> = {}): Promise<void> {
    this.#version += 1;
    this.router.apply(snapshot(this.#version, route(replicas, more)));
    await settled();
  }
  send(more: Partial<Dispatch> = {}): Sent {
    const log: string[] = [];
    const errors: Error[] = [];
    const call = this.router.dispatch({
      key: 'a/d',
      method: 'm',
      head: { kind: 'method', method: 'm', requestId: 'r' },
      body: null,
      sink: {
        onStarted: () => log.push('started'),
        onHead: () => log.push('head'),
        onData: () => log.push('data'),
        onEnd: () => log.push('end'),
        onError: (error) => {
          errors.push(error);
          log.push((error as { code?: string }).code ?? error.message);
        },
        onDrain: () => log.push('drain'),
      },
      ...more,
    });
    return { log, errors, call };
  }
  /** The last call that a replica got. */
  last(id: string): FakeCall {
    return this.replica(id).calls.at(-1) as FakeCall;
  }
}

export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
