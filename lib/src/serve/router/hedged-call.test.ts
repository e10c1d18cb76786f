import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ReplicaBusy } from '../protocol/index.js';
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
  /** The replica that has the second copy. */
  readonly replica: HarnessReplica;
}

/** Makes one request with two copies. */
async function twoCopies(
  more: Parameters<RouterHarness['send']>[0] = {},
  after: (sent: Sent) => void = () => {},
): Promise<Copies> {
  const cluster = new RouterHarness();
  await cluster.route(['x', 'y'], HEDGED);
  const sent = cluster.send(more);
  after(sent);
  const calls = (): FakeCall[] => [...cluster.replicas.values()].flatMap((replica) => replica.calls);
  const [first] = calls() as [FakeCall];
  await until(() => calls().length === 2);
  const second = calls().find((call) => call !== first) as FakeCall;
  const replica = [...cluster.replicas.values()].find((one) => one.calls.includes(second)) as HarnessReplica;
  assert.ok(!replica.calls.includes(first), 'both at one replica');
  return { cluster, sent, first, second, replica };
}

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
  const other = cluster.send({ method: 'n' });
  await passed();
  assert.equal(
    [...cluster.replicas.values()].reduce((sum, { calls }) => sum + calls.length, 0),
    2,
  );
  other.call.cancel();
  cluster.router.close();
});

test('a second copy whose replica dies or is busy is lost without a word, and the first one answers', async () => {
  for (const fault of ['die', 'busy']) {
    const { cluster, sent, first, second, replica } = await twoCopies();
    if (fault === 'die') replica.die();
    else second.fail(ReplicaBusy({ replica: 'r', ongoing: 2 }));
    await settled();
    assert.deepEqual(sent.log, []);
    first.answer();
    assert.deepEqual(sent.log, ['started', 'head', 'end'], fault);
    cluster.router.close();
  }
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
  const other = await twoCopies({ timeoutMs: 60 });
  await until(() => other.sent.log.length > 0);
  assert.deepEqual(other.sent.log, ['NBS_REQUEST_TIMEOUT']);
  await until(() => other.first.cancelled !== undefined && other.second.cancelled !== undefined);
  other.cluster.router.close();
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
