/** Replicas of the router's own node are preferred as long as they are not busier than the others. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { pickNear } from './pick.js';
import { RouterHarness } from './router-harness.test-support.js';

const isNear = (path: string): boolean => path.startsWith('near');
const ongoing = (harness: RouterHarness, ids: readonly string[]): readonly number[] =>
  ids.map((id) => harness.replica(id).open.length);

test('one request after the other stays on the node, whatever the draw', async () => {
  for (const random of [() => 0, () => 0.5, () => 0.999]) {
    const harness = new RouterHarness(random, isNear);
    await harness.route(['far1', 'near1', 'far2', 'far3']);
    for (let i = 0; i < 20; i += 1) {
      harness.send();
      harness.last('near1').answer();
    }
    assert.equal(harness.replica('near1').calls.length, 20);
  }
});

test('requests that go on at the same time leave the node as soon as its replicas are busier', async () => {
  const harness = new RouterHarness(() => 0, isNear);
  await harness.route(['far', 'near'], { maxOngoingRequests: 10 });
  const seen = [];
  for (let i = 0; i < 6; i += 1) {
    harness.send();
    seen.push(ongoing(harness, ['near', 'far']).join(' '));
  }
  assert.deepEqual(seen, ['1 0', '1 1', '2 1', '2 2', '3 2', '3 3']);
});

test('a near replica that other routers keep busy is not preferred', async () => {
  const harness = new RouterHarness(() => 0, isNear);
  await harness.route(['far', 'near'], { maxOngoingRequests: 10 });
  harness.send();
  // Its answer says that it has four more requests.
  harness.last('near').sink.onStarted?.();
  harness.last('near').answer(5);
  for (let i = 0; i < 4; i += 1) {
    harness.send();
    harness.last('far').sink.onStarted?.();
  }
  assert.deepEqual(ongoing(harness, ['near', 'far']), [0, 4]);
});

test('a far replica gets what the node has no room for, also when the near one dies', async () => {
  const harness = new RouterHarness(() => 0, isNear);
  await harness.route(['far', 'near'], { maxOngoingRequests: 1 });
  harness.send();
  harness.send();
  assert.deepEqual(ongoing(harness, ['near', 'far']), [1, 1]);
  const waiting = harness.send();
  harness.last('far').answer();
  assert.equal(harness.replica('far').calls.length, 2);
  harness.replica('near').die();
  harness.last('far').answer();
  assert.ok(waiting.log.includes('end'));
});

test('with room anywhere, one with room is chosen; a near one is never chosen while the drawn far one is less loaded', () => {
  const one = fc.record({ load: fc.nat(9), hasRoom: fc.boolean(), inFlight: fc.nat(9), hasUnacknowledged: fc.constant(false) });
  const some = fc.array(one, { maxLength: 5 });
  fc.assert(
    fc.property(some, some, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (near, far, drawn) => {
      const chosen = pickNear(near, far, () => drawn);
      const open = [...near, ...far].filter(({ hasRoom }) => hasRoom);
      assert.equal(chosen === undefined, open.length === 0);
      if (chosen === undefined) return;
      assert.ok(chosen.hasRoom);
      const least = Math.min(...near.filter(({ hasRoom }) => hasRoom).map(({ load }) => load));
      // With one far replica there is no draw among them.
      if (near.includes(chosen) && far.length === 1 && far[0]?.hasRoom === true) assert.ok(chosen.load <= far[0].load);
      if (far.includes(chosen) && near.length === 1 && near[0]?.hasRoom === true) assert.ok(chosen.load < least);
    }),
  );
});
