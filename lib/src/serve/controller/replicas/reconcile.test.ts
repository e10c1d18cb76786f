import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { NodeInfo } from '../../../engine/index.js';
import { type AppSpec, ReplicaState } from '../../protocol/index.js';
import { app, deployment } from '../sample-apps.test-support.js';
import { accept, emptyTarget, remove, wantedGroups } from '../target/target.js';
import { reconcile } from './reconcile.js';
import { rollingCounts } from './rolling.js';
import { World } from './world.test-support.js';

const appName = fc.constantFrom('one', 'two');
/** Undefined means all replicas at once. */
const rollingUpdate = fc.constantFrom(
  undefined,
  { maxSurge: 1, maxUnavailable: 0 },
  { maxSurge: 0, maxUnavailable: 1 },
  { maxSurge: 2, maxUnavailable: 1 },
);
const version = fc
  .record({
    inner: fc.constantFrom('i1', 'i2'),
    outer: fc.constantFrom('o1', 'o2'),
    innerCount: fc.nat(3),
    outerCount: fc.nat(4),
    rollingUpdate,
  })
  .map(({ inner, outer, innerCount, outerCount, rollingUpdate: update }) => (name: string) => {
    const rolling = update === undefined ? {} : { rollingUpdate: update };
    return app(name, [
      deployment('Inner', inner, { numReplicas: innerCount, ...rolling }),
      { ...deployment('Outer', outer, { numReplicas: outerCount, ...rolling }), dependencies: ['Inner'] },
    ]);
  });
const event = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('deploy' as const), name: appName, version }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete' as const), name: appName }) },
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('step' as const), pick: fc.nat(50), fault: fc.constant(false) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('step' as const), pick: fc.nat(50), fault: fc.constant(true) }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('progress' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('time' as const), ms: fc.nat(20_000) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('crash' as const) }) },
);
type Happening = typeof event extends fc.Arbitrary<infer T> ? T : never;

function happen(world: World, happening: Happening): void {
  if (happening.kind === 'deploy') {
    world.actual.failures.clear();
    world.deploy(happening.version(happening.name));
  } else if (happening.kind === 'delete') world.target = remove(world.target, happening.name, world.now);
  else if (happening.kind === 'progress') world.progress();
  else if (happening.kind === 'time') world.now += happening.ms;
  else if (happening.kind === 'crash') world.crash();
  else world.step(happening.pick, happening.fault);
}

/** Lets the world run without faults until no action is left. */
function settle(world: World): void {
  for (let i = 0; i < 3000; i += 1) {
    world.now += 40_000 * (i % 50 === 49 ? 1 : 0);
    world.progress();
    const idle = world.round().length === 0;
    const resting = [...world.actual.replicas.values()].every(({ state }) => state === ReplicaState.RUNNING);
    if (idle && resting && i % 50 === 49) break;
  }
  assert.deepEqual(
    reconcile(world.target, world.actual, world.now).filter(({ kind }) => kind !== 'wake'),
    [],
  );
}

const node = (id: string, cpu: number): NodeInfo => ({
  id,
  ip: '127.0.0.1',
  alive: true,
  resources: { cpu, gpus: [], memory: 0, custom: {} },
});
/** Amount of cpu that each replica of the same version takes. */
const hungry = fc.constantFrom(0.5, 1, 2);

function takes(spec: AppSpec, cpu: number): AppSpec {
  const deployments = spec.deployments.map((one) => {
    return {
      ...one,
      replicaHash: `${one.replicaHash} ${cpu}`,
      config: { ...one.config, resources: { ...one.config.resources, cpu } },
    };
  });
  return { ...spec, deployments };
}

describe('reconcile', () => {
  it('keeps its promises under any order of requests, progress, faults and crashes of its own, and settles', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 120 }), (events) => {
        const world = new World();
        for (const happening of events) {
          happen(world, happening);
          const before = world.liveRunning();
          const promoted = world.round().some(({ kind }) => kind === 'promote');
          if (promoted) continue;
          const after = world.liveRunning();
          for (const [key, count] of before) assert.ok((after.get(key) ?? 0) >= count, 'never below wanted while it was up');
        }
        // Without faults, everything must reach the wanted state.
        settle(world);
        const present = new Map<string, number>();
        for (const { group, state } of world.actual.replicas.values()) {
          assert.equal(state, ReplicaState.RUNNING);
          present.set(group, (present.get(group) ?? 0) + 1);
        }
        const wanted = [...wantedGroups(world.target).values()].filter(({ liveCount }) => liveCount > 0);
        assert.deepEqual(present, new Map(wanted.map(({ key, liveCount }) => [key, liveCount])));
        for (const { next } of world.target.apps.values()) assert.equal(next, null);
      }),
      { numRuns: 300 },
    );
  });

  it('never gives out more than the nodes have, and comes to rest even if not all fits', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 100 }), hungry, fc.nat(4), (events, cpu, room) => {
        const world = new World([node('a', 2), node('b', room)]);
        for (const happening of events) {
          happen(
            world,
            happening.kind === 'deploy' ? { ...happening, version: (name) => takes(happening.version(name), cpu) } : happening,
          );
          world.round();
        }
        settle(world);
        const unfit = [...wantedGroups(world.target).values()].filter(({ key, liveCount, nextCount }) => {
          return (world.actual.groups.get(key)?.length ?? 0) < Math.max(liveCount, nextCount);
        });
        const largest = Math.max(...(world.nodes?.map(({ id, resources }) => resources.cpu - world.heldOf(id)) ?? []));
        if (unfit.some(({ inLive }) => inLive))
          assert.ok(largest < cpu, `${largest} is free, and what takes ${cpu} is not started`);
      }),
      { numRuns: 200 },
    );
  });

  it('takes whole steps of a rolling update: shares are rounded, and one that can move nothing moves one', () => {
    const step = (maxSurge: number | `${number}%`, maxUnavailable: number | `${number}%`, replicas: number) =>
      rollingCounts({
        update: { maxSurge, maxUnavailable },
        oldWanted: replicas,
        oldAlive: replicas,
        newWanted: replicas,
        newRunning: 0,
      });
    assert.deepEqual(step('25%', 0, 4), { old: 4, new: 1 });
    assert.deepEqual(step('25%', 0, 5), { old: 5, new: 2 });
    assert.deepEqual(step(1, '25%', 8), { old: 6, new: 1 });
    assert.deepEqual(step(0, '10%', 4), { old: 3, new: 0 });
    assert.deepEqual(step('100%', 0, 3), { old: 3, new: 3 });
  });

  it('starts no more than a few processes at a time', () => {
    const world = new World();
    world.target = accept(emptyTarget, app('big', [deployment('Big', 'b', { numReplicas: 200 })]), world.now);
    world.round();
    assert.equal(world.actual.replicas.size, 16);
  });

  it('starts an inner deployment although many outer replicas wait for it', () => {
    const world = new World();
    const outer = { ...deployment('Outer', 'o', { numReplicas: 40 }), dependencies: ['Inner'] };
    world.target = accept(emptyTarget, app('big', [deployment('Inner', 'i'), outer]), world.now);
    world.round();
    for (let i = 0; i < 10; i += 1) {
      // Each Inner dies as it starts, so that the waiting replicas have all the room.
      for (const [index, replica] of [...world.actual.replicas.values()].entries())
        world.step(index, replica.deployment === 'Inner');
      world.actual.failures.clear();
      world.round();
    }
    assert.ok([...world.actual.replicas.values()].some((replica) => replica.deployment === 'Inner'));
  });

  it('initializes an outer replica of a rolling update whose inner deployment gives up its last old replica', () => {
    const world = new World();
    const version = (inner: string, innerCount: number, outerCount: number) => {
      const rolling = { rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } };
      const outer = { ...deployment('Outer', 'o', { numReplicas: outerCount, ...rolling }), dependencies: ['Inner'] };
      return app('one', [deployment('Inner', inner, { numReplicas: innerCount, ...rolling }), outer]);
    };
    world.target = accept(world.target, version('i1', 1, 0), world.now);
    settle(world);
    world.target = accept(world.target, version('i2', 0, 1), world.now);
    settle(world);
    assert.equal(world.target.apps.get('one')?.live?.generation, 2);
  });

  it('retires replicas that do not run yet before those that do', () => {
    const world = new World();
    const scaled = (numReplicas: number) =>
      accept(world.target, app('one', [deployment('Chat', 'a', { numReplicas })]), world.now);
    world.target = scaled(1);
    for (let i = 0; i < 5; i += 1) {
      world.round();
      world.progress();
    }
    world.target = scaled(3);
    world.round();
    world.target = scaled(1);
    const actions = reconcile(world.target, world.actual, world.now);
    const retired = actions.filter(({ kind }) => kind === 'stop' || kind === 'drain');
    assert.deepEqual(retired, [
      { kind: 'stop', id: 'r2' },
      { kind: 'stop', id: 'r3' },
    ]);
  });
});
