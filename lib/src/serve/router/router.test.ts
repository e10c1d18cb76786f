import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CallHead, type Channel, type OutgoingCall, PeerGone, type ResponseSink } from '../../ipc/index.js';
import { type DeploymentRoute, ReplicaBusy, ReplicaDraining, type RouteSnapshot } from '../protocol/index.js';
import type { Dispatch } from './dispatch.js';
import { Router } from './router.js';

/** A replica's end of one call. */
class FakeCall implements OutgoingCall {
  done = false;
  cancelled: string | undefined;
  written = '';
  ended = false;
  constructor(
    readonly head: CallHead,
    readonly body: Uint8Array | null | 'stream',
    readonly sink: ResponseSink,
  ) {}
  write(chunk: Uint8Array): boolean {
    this.written += Buffer.from(chunk).toString();
    return true;
  }
  end(): void {
    this.ended = true;
  }
  cancel(reason = ''): void {
    this.cancelled = reason;
  }
  consumed(): void {}
  answer(queue?: number): void {
    this.sink.onHead({ kind: 'value', ...(queue === undefined ? {} : { queue }) });
    this.sink.onEnd();
  }
}

class FakeReplica {
  readonly calls: FakeCall[] = [];
  isClosed = false;
  #close!: () => void;
  readonly closed = new Promise<void>((resolve) => {
    this.#close = resolve;
  });
  request(head: CallHead, body: Uint8Array | null | 'stream', sink: ResponseSink): OutgoingCall {
    const call = new FakeCall(head, body, sink);
    this.calls.push(call);
    return call;
  }
  close(): void {
    this.die();
  }
  die(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    for (const call of this.calls) if (!call.done) call.sink.onError(PeerGone({ peer: 'replica' }));
    this.#close();
  }
}

const route = (replicas: string[], more: Partial<DeploymentRoute> = {}): DeploymentRoute => ({
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

const snapshot = (version: number, deployment?: DeploymentRoute): RouteSnapshot => ({
  version,
  routes: [],
  ingresses: {},
  deployments: deployment === undefined ? {} : { 'a/d': deployment },
});

class Cluster {
  readonly replicas = new Map<string, FakeReplica>();
  readonly router: Router;
  #version = 0;
  constructor() {
    this.router = new Router({
      connect: async (path) => this.replica(path) as unknown as Channel,
      random: () => 0,
    });
  }
  replica(id: string): FakeReplica {
    const known = this.replicas.get(id) ?? new FakeReplica();
    this.replicas.set(id, known);
    return known;
  }
  async route(replicas: string[], more: Partial<DeploymentRoute> = {}): Promise<void> {
    this.#version += 1;
    this.router.apply(snapshot(this.#version, route(replicas, more)));
    await settled();
  }
  send(more: Partial<Dispatch> = {}): { log: string[]; call: OutgoingCall } {
    const log: string[] = [];
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
        onError: (error) => log.push((error as { code?: string }).code ?? error.message),
        onDrain: () => log.push('drain'),
      },
      ...more,
    });
    return { log, call };
  }
  /** The calls that a replica has and has not answered. */
  last(id: string): FakeCall {
    return this.replica(id).calls.at(-1) as FakeCall;
  }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('an unbegun request goes elsewhere: EOF, BUSY, DRAINING', async () => {
  for (const fault of ['eof', 'busy', 'draining']) {
    const cluster = new Cluster();
    await cluster.route(['x', 'y']);
    const { log } = cluster.send();
    const first = cluster.replica('x').calls.length > 0 ? 'x' : 'y';
    const second = first === 'x' ? 'y' : 'x';
    if (fault === 'eof') cluster.replica(first).die();
    else
      cluster
        .last(first)
        .sink.onError(fault === 'busy' ? ReplicaBusy({ replica: first, ongoing: 2 }) : ReplicaDraining({ replica: first }));
    assert.equal(cluster.replica(second).calls.length, 1, fault);
    cluster.last(second).answer();
    assert.deepEqual(log, ['started', 'head', 'end'], fault);
    cluster.router.close();
  }
});

test('a begun request is run again only where its method is idempotent and nothing came back', async () => {
  const cases: [Partial<DeploymentRoute>, boolean, string[]][] = [
    [{}, false, ['started', 'NBS_REPLICA_DIED']],
    [{ idempotent: ['other'] }, false, ['started', 'NBS_REPLICA_DIED']],
    [{ idempotent: ['m'] }, false, ['started', 'started', 'head', 'end']],
    [{ idempotent: true }, true, ['started', 'head', 'NBS_ANSWER_BROKEN']],
  ];
  for (const [options, headOut, expected] of cases) {
    const cluster = new Cluster();
    await cluster.route(['x'], options);
    const { log } = cluster.send();
    cluster.last('x').sink.onStarted?.();
    if (headOut) cluster.last('x').sink.onHead({ kind: 'items' });
    cluster.replica('x').die();
    await cluster.route(['y'], options);
    cluster.replicas.get('y')?.calls.at(-1)?.answer();
    assert.deepEqual(log, expected);
    cluster.router.close();
  }
});

test('a request that kills its replica does not kill all of them', async () => {
  const cluster = new Cluster();
  const ids = ['a', 'b', 'c', 'd', 'e'];
  await cluster.route(ids, { idempotent: true });
  const { log } = cluster.send();
  for (;;) {
    const busy = ids.find((id) => cluster.replica(id).calls.length > 0 && !cluster.replica(id).isClosed);
    if (busy === undefined) break;
    cluster.last(busy).sink.onStarted?.();
    cluster.replica(busy).die();
  }
  assert.equal(log.at(-1), 'NBS_REPLICA_DIED');
  assert.equal(ids.filter((id) => cluster.replica(id).isClosed).length, 3);
  cluster.router.close();
});

test('over the limit requests wait in their order; over the queue they are refused', async () => {
  const cluster = new Cluster();
  await cluster.route(['x'], { maxQueuedRequests: 2 });
  const sent = Array.from({ length: 5 }, (_, i) => cluster.send({ head: { kind: 'method', method: 'm', requestId: String(i) } }));
  await settled();
  const { calls } = cluster.replica('x');
  assert.equal(calls.length, 2);
  assert.deepEqual(sent[4]?.log, ['NBS_QUEUE_FULL']);
  sent[2]?.call.cancel();
  calls[0]?.answer();
  assert.deepEqual(
    calls.map(({ head }) => (head.kind === 'method' ? head.requestId : '')),
    ['0', '1', '3'],
  );
  cluster.router.close();
});

test('without a replica requests wait for the next snapshot, or fail at once where that says why', async () => {
  const cluster = new Cluster();
  const early = cluster.send();
  await cluster.route([]);
  const waiting = cluster.send();
  await cluster.route(['x']);
  assert.equal(cluster.replica('x').calls.length, 2);
  for (const call of cluster.replica('x').calls) call.answer();
  assert.deepEqual([early.log.at(-1), waiting.log.at(-1)], ['end', 'end']);
  cluster.replica('x').die();
  await cluster.route([], { unavailable: 'its constructor threw' });
  const refused = cluster.send();
  await settled();
  assert.deepEqual(refused.log, ['NBS_NO_REPLICA']);
  cluster.router.apply(snapshot(99));
  const unknown = cluster.send();
  await settled();
  assert.deepEqual(unknown.log, ['NBS_NO_SUCH_DEPLOYMENT']);
  cluster.router.close();
});

test('a deadline is told with 504 and cancels at the replica, also while it waits', async () => {
  const cluster = new Cluster();
  await cluster.route(['x'], { maxOngoingRequests: 1, requestTimeoutMs: 20 });
  const sent = cluster.send();
  const waiting = cluster.send({ timeoutMs: 25 });
  while (waiting.log.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.deepEqual([sent.log, waiting.log], [['NBS_REQUEST_TIMEOUT'], ['NBS_REQUEST_TIMEOUT']]);
  assert.match(cluster.replica('x').calls[0]?.cancelled ?? '', /no answer/);
  cluster.router.close();
});

test('a streamed body is held until a replica begins, and sent again where it does not', async () => {
  const cluster = new Cluster();
  await cluster.route(['x', 'y']);
  const { call, log } = cluster.send({ body: 'stream' });
  const [first, second] = cluster.replica('x').calls.length > 0 ? ['x', 'y'] : ['y', 'x'];
  assert.equal(call.write(Buffer.from('one')), true);
  assert.equal(call.write(Buffer.alloc(300_000, 'x')), false);
  cluster.replica(first as string).die();
  const again = cluster.last(second as string);
  assert.equal(again.written.length, 300_003);
  again.sink.onStarted?.();
  assert.deepEqual(log, ['started', 'drain']);
  call.end(Buffer.from('end'));
  assert.deepEqual([again.written.slice(-4), again.ended], ['xend', true]);
  cluster.router.close();
});

test('the new replicas of an update are found under their own key until it is switched to', async () => {
  const cluster = new Cluster();
  const scoped = (deployments: RouteSnapshot['deployments'], version: number): RouteSnapshot => ({
    version,
    routes: [],
    ingresses: {},
    deployments,
  });
  cluster.router.apply(scoped({ 'a/d': route(['old']), 'a/d@2': route([]) }, 1));
  const waiting = cluster.send({ key: 'a/d@2' });
  cluster.router.apply(scoped({ 'a/d': route(['new']) }, 2));
  await settled();
  cluster.last('new').answer();
  assert.deepEqual(waiting.log, ['started', 'head', 'end']);
  cluster.router.close();
});
