import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ReplicaState } from '../../protocol/index.js';
import { app, deployment } from '../sample-apps.test-support.js';
import { addFailure, type Failure, keepsFailing, provenAt } from './back-off.js';
import { reconcile } from './reconcile.js';
import { World } from './world.test-support.js';

const error = new Error('no model');
const PAUSES = [0, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000];

/** The failure counts for ten seconds more, and then no longer. */
function isOverAfterTenSeconds(world: World): void {
  const isOver = (): boolean | undefined => world.actual.failures.get('one/Chat/a')?.isOver;
  world.now += 9999;
  world.round();
  assert.equal(isOver(), false);
  world.now += 1;
  world.round();
  assert.equal(isOver(), true);
}

describe('failures in a row', () => {
  it('have growing pauses, whether starts fail or replicas die soon', () => {
    for (const ranMs of [null, 0, 9999]) {
      let failure: Failure | undefined;
      for (const [n, pause] of PAUSES.entries()) {
        failure = addFailure(failure, error, ranMs, 100_000);
        assert.deepEqual([failure.count, failure.retryAt - failure.at], [n + 1, pause]);
      }
      assert.ok(keepsFailing(failure as Failure));
    }
  });

  it('are counted again from one after a replica has run for long, or after another one has proven itself', () => {
    const before = addFailure(addFailure(undefined, error, null, 1), error, null, 2);
    assert.equal(addFailure(before, error, null, 3).count, 3);
    assert.equal(addFailure(before, error, 10_000, 3).count, 1);
    const again = addFailure({ ...before, isOver: true }, error, null, 3);
    assert.deepEqual([again.count, again.isOver], [1, false]);
  });

  it('are over ten seconds after a later replica has begun to run, and not because of one that ran before', () => {
    const failure = addFailure(undefined, error, null, 5000);
    const { RUNNING, INITIALIZING, DRAINING } = ReplicaState;
    assert.equal(provenAt(failure, [], 0), Number.POSITIVE_INFINITY);
    assert.equal(provenAt(failure, [{ state: RUNNING, since: 4999 }], 2), Number.POSITIVE_INFINITY);
    const later = [RUNNING, INITIALIZING, DRAINING].map((state, i) => ({ state, since: 6000 - i }));
    assert.equal(provenAt(failure, later, 3), 16_000);
  });

  it('are over ten seconds after the last one if all replicas that are wanted ran on', () => {
    const failure = addFailure(undefined, error, null, 5000);
    const { RUNNING, DRAINING } = ReplicaState;
    const old = { state: RUNNING, since: 1000 };
    assert.equal(provenAt(failure, [old, old], 2), 15_000);
    assert.equal(provenAt(failure, [old, { state: DRAINING, since: 2000 }], 2), Number.POSITIVE_INFINITY);
    assert.equal(provenAt(failure, [old, { state: RUNNING, since: 6000 }], 2), 16_000);
  });
});

describe('a group with a failure', () => {
  const started = (world: World): number => {
    world.round();
    return [...world.actual.replicas.values()].filter(({ state }) => state === ReplicaState.STARTING).length;
  };
  const scaledTo = (world: World, numReplicas: number): void => {
    // The load changes the number, so this is no new version.
    const [target] = world.target.apps.values();
    const live = target?.live ?? assert.fail();
    const spec = app('one', [deployment('Chat', 'a', { numReplicas })]);
    world.target = { ...world.target, apps: new Map([['one', { live: { ...live, spec }, next: null, failed: null }]]) };
  };
  const settled = (): World => {
    const world = new World();
    world.deploy(app('one', [deployment('Chat', 'a')]));
    for (let i = 0; i < 10; i += 1) {
      world.round();
      world.progress();
    }
    return world;
  };

  it('starts no replica beside one that starts until one has proven itself', () => {
    const world = settled();
    scaledTo(world, 2);
    world.round();
    world.now += 100;
    world.step(1, true);
    world.now += 100;
    assert.equal(started(world), 1);
    scaledTo(world, 4);
    assert.equal(started(world), 1);
    scaledTo(world, 2);
    world.progress();
    world.round();
    world.progress();
    isOverAfterTenSeconds(world);
    scaledTo(world, 3);
    assert.equal(started(world), 1);
    scaledTo(world, 5);
    assert.equal(started(world), 3);
  });

  it('forgets it if the replica that failed is not needed any more', () => {
    const world = settled();
    scaledTo(world, 2);
    world.round();
    world.now += 100;
    world.step(1, true);
    scaledTo(world, 1);
    isOverAfterTenSeconds(world);
    scaledTo(world, 4);
    assert.equal(started(world), 3);
  });

  it('is looked at when that time is over', () => {
    const world = settled();
    world.now += 50;
    world.step(0, true);
    world.round();
    for (let i = 0; i < 3; i += 1) {
      world.progress();
      world.round();
    }
    const actions = reconcile(world.target, world.actual, world.now);
    assert.deepEqual(actions, [{ kind: 'wake', at: world.now + 10_000 }]);
  });

  it('backs off further although another replica runs well, if that one began before', () => {
    const world = settled();
    scaledTo(world, 2);
    for (const [n, pause] of PAUSES.entries()) {
      world.now += pause;
      world.round();
      world.progress();
      world.round();
      world.progress();
      // It has run for nine seconds, and dies.
      world.now += 9000;
      world.round();
      world.step(1, true);
      assert.equal(world.actual.failures.get('one/Chat/a')?.count, n + 1);
    }
  });
});
