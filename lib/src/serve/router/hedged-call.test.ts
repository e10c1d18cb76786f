import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type DeploymentRoute, ReplicaBusy, ReplicaDraining } from '../protocol/index.js';
import { HedgeBudget } from './hedge-budget.js';
import { type FakeCall, type HarnessReplica, RouterHarness, type Sent, settled } from './router-harness.test-support.js';

const HEDGED = { idempotent: ['m'], hedging: { delayMs: 2, maxExtra: 1 } } as const;

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}

const passed = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

interface Copies {
  readonly cluster: RouterHarness;
  readonly sent: Sent;
  readonly first: FakeCall;
  readonly second: FakeCall;
  /** The replicas that have them. */
  readonly at: { readonly first: HarnessReplica; readonly second: HarnessReplica };
}

/** Makes one request with two copies. */
async function twoCopies(
  more: Parameters<RouterHarness['send']>[0] = {},
  after: (sent: Sent) => void = () => {},
  { ids = ['x', 'y'], ...options }: Partial<DeploymentRoute> & { readonly ids?: readonly string[] } = {},
): Promise<Copies> {
  const cluster = new RouterHarness();
  await cluster.route(ids, { ...HEDGED, ...options });
  const sent = cluster.send(more);
  after(sent);
  const calls = (): FakeCall[] => [...cluster.replicas.values()].flatMap((replica) => replica.calls);
  const [first] = calls() as [FakeCall];
  await until(() => calls().length === 2);
  const second = calls().find((call) => call !== first) as FakeCall;
  const replicaOf = (call: FakeCall) =>
    [...cluster.replicas.values()].find(({ calls }) => calls.includes(call)) as HarnessReplica;
  const at = { first: replicaOf(first), second: replicaOf(second) };
  assert.notEqual(at.first, at.second, 'both at one replica');
  return { cluster, sent, first, second, at };
}

/** Answers until no replica has a request. */
function answerAll({ replicas }: RouterHarness): void {
  const open = (): FakeCall[] => [...replicas.values()].filter(({ isClosed }) => !isClosed).flatMap((replica) => replica.open);
  for (let calls = open(); calls.length > 0; calls = open()) for (const call of calls) call.answer();
}

const isOf = (name: string, { head }: FakeCall): boolean => head.kind === 'method' && head.method === name;
const other = { method: 'n', head: { kind: 'method', method: 'n', requestId: 'n' } } as const;

test('the first answer wins, whichever copy it is of, and the other copy is cancelled', async () => {
  for (const winner of ['first', 'second'] as const) {
    const { cluster, sent, ...copies } = await twoCopies();
    copies.first.sink.onStarted?.();
    copies.second.sink.onStarted?.();
    copies[winner].answer(1);
    assert.deepEqual(sent.log, ['started', 'head', 'end']);
    const loser = copies[winner === 'first' ? 'second' : 'first'];
    assert.match(loser.cancelled ?? '', /another replica answered first/);
    assert.ok(sent.call.done);
    // Both copies have released their places.
    const more = Array.from({ length: 4 }, () => cluster.send());
    await settled();
    assert.ok([...cluster.replicas.values()].every(({ open }) => open.length === 2));
    for (const { call } of more) call.cancel();
    cluster.router.close();
  }
});

test('an answer that comes in time has no second copy; nor has a method that is not idempotent', async () => {
  const cluster = new RouterHarness();
  await cluster.route(['x', 'y'], HEDGED);
  cluster.send();
  for (const replica of cluster.replicas.values()) for (const call of replica.open) call.answer();
  const unhedged = cluster.send({ method: 'n' });
  await passed();
  assert.equal(
    [...cluster.replicas.values()].reduce((sum, { calls }) => sum + calls.length, 0),
    2,
  );
  unhedged.call.cancel();
  cluster.router.close();
});

test('a second copy whose replica dies or is busy is lost without a word, and the first one answers', async () => {
  for (const fault of ['die', 'busy']) {
    const { cluster, sent, first, second, at } = await twoCopies();
    if (fault === 'die') at.second.die();
    else second.fail(ReplicaBusy({ replica: 'r', ongoing: 2 }));
    await settled();
    assert.deepEqual(sent.log, []);
    first.answer();
    assert.deepEqual(sent.log, ['started', 'head', 'end'], fault);
    cluster.router.close();
  }
});

type Copy = 'first' | 'second';
const DEATHS: readonly (readonly Copy[])[] = [['first'], ['second'], ['first', 'second'], ['second', 'first']];

for (const deaths of DEATHS) {
  test(`if the replica of the ${deaths.join(' copy dies, and then that of the ')} copy dies, the request is answered once, and holds up no other`, async () => {
    for (const begun of [[], ['first'], ['second'], ['first', 'second']] as Copy[][]) {
      for (const waiting of [0, 3]) {
        for (const atOnce of [true, false]) {
          const { cluster, sent, at, ...copies } = await twoCopies();
          const what = JSON.stringify({ begun, waiting, atOnce });
          for (const copy of begun) copies[copy].sink.onStarted?.();
          const others = Array.from({ length: waiting === 0 ? 0 : waiting + 2 }, () => cluster.send(other));
          for (const copy of deaths) {
            at[copy].die();
            if (!atOnce) await settled();
          }
          await settled();
          if (deaths.length === 2) {
            await cluster.route(['z'], HEDGED);
            assert.equal(cluster.replica('z').calls.filter((call) => isOf('m', call)).length, 1, what);
          } else {
            const left = at[deaths[0] === 'first' ? 'second' : 'first'];
            assert.equal(left.open.filter((call) => isOf('m', call)).length, 1, what);
            if (waiting === 0) {
              others.push(cluster.send(other));
              assert.equal(left.open.length, 2, what);
            }
          }
          assert.equal(sent.log.at(-1), begun.length > 0 ? 'started' : undefined, what);
          answerAll(cluster);
          for (const { log } of [sent, ...others]) assert.deepEqual(log, ['started', 'head', 'end'], what);
          assert.ok(sent.call.done);
          cluster.router.close();
        }
      }
    }
  });
}

test('if the replica of a copy is busy or ends, others that have room get the requests, though none may wait', async () => {
  for (const copy of ['first', 'second'] as const) {
    for (const refused of [ReplicaBusy({ replica: 'r', ongoing: 9 }), ReplicaDraining({ replica: 'r' })]) {
      const { cluster, sent, at, ...copies } = await twoCopies({}, undefined, { maxQueuedRequests: 0 });
      const left = copy === 'first' ? 'second' : 'first';
      copies[left].sink.onStarted?.();
      copies[copy].fail(refused);
      const next = cluster.send(other);
      await settled();
      assert.deepEqual([sent.log, next.log, at[left].open.length], [['started'], [], 2]);
      answerAll(cluster);
      assert.deepEqual([sent.log.at(-1), next.log.at(-1)], ['end', 'end']);
      cluster.router.close();
    }
  }
});

test('the copy that is left is hedged again, if another replica has room by then', async () => {
  for (const copy of ['first', 'second'] as const) {
    for (const fault of ['die', 'drain']) {
      const { cluster, sent, at, ...copies } = await twoCopies();
      const left = copy === 'first' ? 'second' : 'first';
      if (fault === 'die') at[copy].die();
      else copies[copy].fail(ReplicaDraining({ replica: 'r' }));
      const ids = [...cluster.replicas].filter(([, { isClosed }]) => !isClosed).map(([id]) => id);
      await cluster.route([...ids, 'z'], HEDGED);
      await until(() => cluster.replica('z').calls.length === 1);
      assert.equal(at[left].open.length, 1);
      cluster.last('z').answer();
      assert.deepEqual(sent.log, ['started', 'head', 'end']);
      assert.match(copies[left].cancelled ?? '', /another replica answered first/);
      cluster.router.close();
    }
  }
});

test('a copy whose replica dies goes to one that has neither copy', async () => {
  for (const copy of ['first', 'second'] as const) {
    const { cluster, sent, at, ...copies } = await twoCopies({}, undefined, { ids: ['x', 'y', 'z'] });
    at[copy].die();
    const again = [...cluster.replicas.values()].find((replica) => replica !== at.first && replica !== at.second)?.calls[0];
    again?.answer();
    assert.deepEqual(sent.log, ['started', 'head', 'end']);
    assert.match(copies[copy === 'first' ? 'second' : 'first'].cancelled ?? '', /another replica answered first/);
    cluster.router.close();
  }
});

test('the copy that is left has the deadline of the request, and its cancel reaches it', async () => {
  const one = await twoCopies({ timeoutMs: 300 });
  one.at.first.die();
  await until(() => one.sent.log.length > 0);
  assert.deepEqual(one.sent.log, ['NBS_REQUEST_TIMEOUT']);
  assert.match(one.second.cancelled ?? '', /no answer/);
  one.cluster.router.close();
  const cancelled = await twoCopies();
  cancelled.at.first.die();
  await settled();
  cancelled.sent.call.cancel('enough');
  assert.deepEqual([cancelled.second.cancelled, cancelled.sent.log], ['enough', []]);
  cancelled.cluster.router.close();
});

test('two copies of a request that kills its replicas do not kill all of them', async () => {
  const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
  const { cluster, sent } = await twoCopies({}, undefined, { ids });
  for (;;) {
    const busy = ids.find((id) => cluster.replica(id).open.length > 0);
    if (busy === undefined) break;
    cluster.last(busy).sink.onStarted?.();
    cluster.replica(busy).die();
    await settled();
  }
  assert.equal(sent.log.at(-1), 'NBS_REPLICA_DIED');
  assert.equal(ids.filter((id) => cluster.replica(id).isClosed).length, 3);
  cluster.router.close();
});

test('an error is an answer too', async () => {
  const { cluster, sent, first, second } = await twoCopies();
  second.sink.onStarted?.();
  second.fail(new Error('thrown'));
  assert.deepEqual(sent.log, ['started', 'thrown']);
  assert.notEqual(first.cancelled, undefined);
  cluster.router.close();
});

test('a cancel reaches both copies, and so does a deadline', async () => {
  const one = await twoCopies();
  one.sent.call.cancel('enough');
  assert.deepEqual([one.first.cancelled, one.second.cancelled], ['enough', 'enough']);
  assert.deepEqual(one.sent.log, []);
  one.cluster.router.close();
  const late = await twoCopies({ timeoutMs: 60 });
  await until(() => late.sent.log.length > 0);
  assert.deepEqual(late.sent.log, ['NBS_REQUEST_TIMEOUT']);
  await until(() => late.first.cancelled !== undefined && late.second.cancelled !== undefined);
  late.cluster.router.close();
});

test('the caller hears of the deadline too if it passes while the second copy answers', async () => {
  const { cluster, sent, first, second } = await twoCopies({ timeoutMs: 60 });
  second.sink.onStarted?.();
  second.sink.onHead({ kind: 'value' });
  assert.match(first.cancelled ?? '', /another replica answered first/);
  await until(() => second.cancelled !== undefined);
  assert.deepEqual([sent.log.at(-1), sent.call.done], ['NBS_REQUEST_TIMEOUT', true]);
  cluster.router.close();
});

test('a streamed body goes to both if all of it is there, and the request is sent once if it is not', async () => {
  const { cluster, second, sent } = await twoCopies({ body: 'stream' }, ({ call }) => {
    call.write(Buffer.from('one '));
    call.end(Buffer.from('two'));
  });
  assert.deepEqual([second.written, second.ended], ['one two', true]);
  sent.call.cancel();
  cluster.router.close();

  const endless = new RouterHarness();
  await endless.route(['x', 'y'], HEDGED);
  const { call } = endless.send({ body: 'stream' });
  call.write(Buffer.from('one '));
  await passed();
  assert.equal(
    [...endless.replicas.values()].reduce((sum, { calls }) => sum + calls.length, 0),
    1,
  );
  call.cancel();
  endless.router.close();
});

test('if no other replica has room there is no second copy, and its budget is kept', async () => {
  const cluster = new RouterHarness();
  await cluster.route(['x'], HEDGED);
  const sent = cluster.send();
  await passed();
  assert.equal(cluster.replica('x').calls.length, 1);
  cluster.last('x').answer();
  assert.equal(sent.log.at(-1), 'end');
  cluster.router.close();
});

test('of n requests at most 1 + maxExtra · n are sent twice', () => {
  fc.assert(
    fc.property(fc.double({ min: 0.001, max: 1, noNaN: true }), fc.array(fc.boolean(), { maxLength: 300 }), (maxExtra, slow) => {
      const budget = new HedgeBudget({ delayMs: 1, maxExtra });
      let extra = 0;
      slow.forEach((isSlow, i) => {
        budget.earn();
        if (isSlow && budget.take()) extra += 1;
        assert.ok(extra <= 1 + maxExtra * (i + 1) + 1e-9);
      });
    }),
  );
});
