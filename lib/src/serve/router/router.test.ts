import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MethodCallHead } from '../protocol/index.js';
import { type DeploymentRoute, ReplicaBusy, ReplicaDraining, type RouteSnapshot } from '../protocol/index.js';
import { RouterHarness, route, type Sent, settled, snapshot } from './router-harness.test-support.js';

test('an unbegun request goes elsewhere: EOF, BUSY, DRAINING', async () => {
  for (const fault of ['eof', 'busy', 'draining']) {
    const cluster = new RouterHarness();
    await cluster.route(['x', 'y']);
    const { log } = cluster.send();
    const first = cluster.replica('x').calls.length > 0 ? 'x' : 'y';
    const second = first === 'x' ? 'y' : 'x';
    if (fault === 'eof') cluster.replica(first).die();
    else
      cluster
        .last(first)
        .fail(fault === 'busy' ? ReplicaBusy({ replica: first, ongoing: 2 }) : ReplicaDraining({ replica: first }));
    assert.equal(cluster.replica(second).calls.length, 1, fault);
    cluster.last(second).answer();
    assert.deepEqual(log, ['started', 'head', 'end'], fault);
    cluster.router.close();
  }
});

test('a begun request is run again only if its method is idempotent and nothing came back', async () => {
  const cases: [Partial<DeploymentRoute>, boolean, string[]][] = [
    [{}, false, ['started', 'NBS_REPLICA_DIED']],
    [{ idempotent: ['other'] }, false, ['started', 'NBS_REPLICA_DIED']],
    [{ idempotent: ['m'] }, false, ['started', 'started', 'head', 'end']],
    [{ idempotent: true }, true, ['started', 'head', 'NBS_ANSWER_BROKEN']],
  ];
  for (const [options, headOut, expected] of cases) {
    const cluster = new RouterHarness();
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

test('an unbegun request on a cut connection may have begun: it goes elsewhere only if its method is idempotent', async () => {
  for (const [idempotent, expected] of [
    [[], ['NBS_REPLICA_CUT_OFF']],
    [true, ['started', 'head', 'end']],
  ] as const) {
    const cluster = new RouterHarness();
    await cluster.route(['x'], { idempotent });
    const { log } = cluster.send();
    cluster.replica('x').die({ isCut: true });
    await cluster.route(['y'], { idempotent });
    cluster.replicas.get('y')?.calls.at(-1)?.answer();
    assert.deepEqual(log, expected);
    cluster.router.close();
  }
});

test('an unbegun request on a connection that was reset has not begun: it goes elsewhere', async () => {
  const cluster = new RouterHarness();
  await cluster.route(['x']);
  const { log } = cluster.send();
  cluster.replica('x').die({ isCut: true, isReset: true });
  await cluster.route(['y']);
  cluster.last('y').answer();
  assert.deepEqual(log, ['started', 'head', 'end']);
  cluster.router.close();
});

test('the connection to a replica whose node is lost is closed, but not one on the same machine', async () => {
  const far = 'tls:other/10.0.0.2/1/name/socket';
  const cluster = new RouterHarness();
  await cluster.route([far, 'near'], { idempotent: true });
  const sent = [cluster.send(), cluster.send()];
  assert.equal(cluster.replica(far).calls.length, 1);
  await cluster.route(['other'], { idempotent: true, lost: [far, 'near'] });
  assert.deepEqual([cluster.replica(far).isClosed, cluster.replica('near').isClosed], [true, false]);
  cluster.last('other').answer();
  cluster.last('near').answer();
  for (const { log } of sent) assert.equal(log.at(-1), 'end');
  cluster.router.close();
});

test('a request that kills its replica does not kill all of them', async () => {
  const cluster = new RouterHarness();
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
  const cluster = new RouterHarness();
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

test('requests that come while the connections open fill the places of the replicas before the queue', async () => {
  const cluster = new RouterHarness();
  const routed = cluster.route(['x', 'y'], { maxQueuedRequests: 2 });
  const sent = Array.from({ length: 8 }, () => cluster.send());
  await routed;
  assert.deepEqual([cluster.replica('x').calls.length, cluster.replica('y').calls.length], [2, 2]);
  assert.deepEqual(
    sent.map(({ log }) => log),
    [[], [], [], [], [], [], ['NBS_QUEUE_FULL'], ['NBS_QUEUE_FULL']],
  );
  cluster.router.close();
});

test('a request that may not wait is refused if there is no room, now or when it comes back', async () => {
  const cluster = new RouterHarness();
  await cluster.route(['x'], { maxOngoingRequests: 1 });
  const first = cluster.send({ mayWait: false });
  const second = cluster.send({ mayWait: false });
  const third = cluster.send();
  await settled();
  assert.deepEqual([first.log, second.log, third.log], [[], ['NBS_QUEUE_FULL'], []]);
  // Requests that wait go first.
  cluster.last('x').answer();
  const fourth = cluster.send({ mayWait: false });
  await settled();
  assert.deepEqual(fourth.log, ['NBS_QUEUE_FULL']);
  cluster.last('x').answer();
  assert.deepEqual(third.log, ['started', 'head', 'end']);
  const fifth = cluster.send({ mayWait: false });
  cluster.replica('x').die();
  await settled();
  assert.deepEqual(fifth.log, ['NBS_QUEUE_FULL']);
  cluster.router.close();
});

test('without a replica requests wait for the next snapshot, or fail at once if that says why', async () => {
  const cluster = new RouterHarness();
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
  const cluster = new RouterHarness();
  await cluster.route(['x'], { maxOngoingRequests: 1, requestTimeoutMs: 20 });
  const sent = cluster.send();
  const waiting = cluster.send({ timeoutMs: 25 });
  while (waiting.log.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.deepEqual([sent.log, waiting.log], [['NBS_REQUEST_TIMEOUT'], ['NBS_REQUEST_TIMEOUT']]);
  assert.match(cluster.replica('x').calls[0]?.cancelled ?? '', /no answer/);
  cluster.router.close();
});

test('of calls that have ended before there are routes, nothing is left that keeps the process', async () => {
  const timers = (): number => process.getActiveResourcesInfo().filter((what) => what === 'Timeout').length;
  const cluster = new RouterHarness();
  const late = cluster.send({ timeoutMs: 20 });
  const { call } = cluster.send();
  while (late.log.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const before = timers();
  call.cancel();
  assert.equal(timers(), before - 1);
  cluster.send({ timeoutMs: 0 });
  assert.equal(timers(), before - 1);
  await cluster.route(['x']);
  assert.equal(cluster.replica('x').calls.length, 0);
  cluster.router.close();
});

test('a deadline that the caller has set counts before there are routes, too', async () => {
  const cluster = new RouterHarness();
  const early = [cluster.send({ timeoutMs: 20 }), cluster.send({ limit: { leftMs: 20, of: 'the timeout of the test' } })];
  const untimed = cluster.send();
  const [short, long] = [20, 60_000].map((leftMs) => cluster.send({ limit: { leftMs: 30_000 + leftMs, of: 'another' } }));
  while (early.some(({ log }) => log.length === 0)) await new Promise((resolve) => setTimeout(resolve, 5));
  for (const { log } of early) assert.deepEqual(log, ['NBS_REQUEST_TIMEOUT']);
  assert.match(early[0]?.errors[0]?.message ?? '', /^a\/d: no answer within 20 ms, the timeout of the call to a\/d$/);
  await cluster.route(['x'], { requestTimeoutMs: 40_000, maxOngoingRequests: 9 });
  const heads = cluster.replica('x').calls.map(({ head }) => head as MethodCallHead);
  assert.deepEqual(
    heads.map(({ budgetOf }) => budgetOf),
    [undefined, 'another', undefined],
  );
  // It has been counted since the call.
  assert.ok((heads[1]?.budgetMs ?? 0) < 30_020);
  assert.ok((heads[2]?.budgetMs ?? 0) > 39_000);
  for (const { call } of [untimed, short, long] as Sent[]) call.cancel();
  cluster.router.close();
});

test('a streamed body is held until a replica begins, and sent again if it does not', async () => {
  const cluster = new RouterHarness();
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

test('an upload that waits for a replica that dies goes on when the next one has begun it', async () => {
  const cluster = new RouterHarness();
  await cluster.route(['x', 'y'], { idempotent: true });
  const { call, log } = cluster.send({ body: 'stream' });
  const [first, second] = cluster.replica('x').calls.length > 0 ? ['x', 'y'] : ['y', 'x'];
  cluster.last(first as string).sink.onStarted?.();
  cluster.last(first as string).isFull = true;
  assert.equal(call.write(Buffer.from('one ')), false);
  cluster.replica(first as string).die();
  const again = cluster.last(second as string);
  assert.equal(again.written, 'one ');
  again.sink.onDrain?.();
  assert.deepEqual(log, ['started']);
  again.sink.onStarted?.();
  assert.deepEqual(log, ['started', 'started', 'drain']);
  call.end(Buffer.from('two'));
  assert.deepEqual([again.written, again.ended], ['one two', true]);
  again.answer();
  assert.equal(log.at(-1), 'end');
  cluster.router.close();
});

test('the new replicas of an update are found under their own key until it is switched to', async () => {
  const cluster = new RouterHarness();
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

test('of two deadlines the nearer one counts, is told by name, and travels on', async () => {
  const cluster = new RouterHarness();
  await cluster.route(['x'], { requestTimeoutMs: 60_000 });
  const headOf = (n: number): MethodCallHead => cluster.replica('x').calls[n]?.head as MethodCallHead;
  const own = cluster.send();
  assert.equal(headOf(0).budgetOf, undefined);
  assert.ok((headOf(0).budgetMs ?? 0) > 59_000);
  own.call.cancel();
  const asked = cluster.send({ timeoutMs: 30_000 });
  assert.equal(headOf(1).budgetOf, 'the timeout of the call to a/d');
  asked.call.cancel();
  const longer = cluster.send({ limit: { leftMs: 90_000, of: 'the requestTimeout of a/outer' } });
  assert.equal(headOf(2).budgetOf, undefined);
  longer.call.cancel();
  const limited = cluster.send({ limit: { leftMs: 20, of: 'the requestTimeout of a/outer' } });
  assert.equal(headOf(3).budgetOf, 'the requestTimeout of a/outer');
  assert.ok((headOf(3).budgetMs ?? 99) <= 20);
  while (limited.log.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.match(
    limited.errors[0]?.message ?? '',
    /^a\/d: no answer within 20 ms, what was left of the requestTimeout of a\/outer$/,
  );
  const over = cluster.send({ limit: { leftMs: -1, of: 'the requestTimeout of a/outer' } });
  await settled();
  assert.deepEqual(over.log, ['NBS_REQUEST_TIMEOUT']);
  assert.equal(cluster.replica('x').calls.length, 4, 'nothing was sent');
  cluster.router.close();
});
