import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { NodeInfo } from '../../../engine/index.js';
import type { AppSpec } from '../../protocol/index.js';
import { app, deployment, sampleAutoscaling } from '../sample-apps.test-support.js';
import { reconcile } from './reconcile.js';
import { ReplicaEvent } from './replica-state.js';
import { World } from './world.test-support.js';

const STARTUP_MS = 60_000;

const node = (id: string, cpu: number): NodeInfo => ({
  id,
  ip: '127.0.0.1',
  alive: true,
  resources: { cpu, gpus: [], memory: 0, custom: {} },
});
const resources = { cpu: 1, gpu: 0, memory: 0, custom: {} };
/** Each model takes a core; the front takes nothing. */
const version = (front: string, models: number): AppSpec =>
  app('chat', [
    deployment('Model', 'm', { numReplicas: models, resources }),
    { ...deployment('Front', front), dependencies: ['Model'] },
  ]);

function run(world: World): void {
  for (let i = 0; i < 20; i += 1) {
    world.round();
    world.progress();
  }
}

function lose(world: World, lost: string): void {
  world.actual.nodes = (world.actual.nodes ?? []).map((one) => (one.id === lost ? { ...one, alive: false } : one));
  for (const { id, allocation } of [...world.actual.replicas.values()])
    if (allocation?.node === lost) world.actual.transition(id, ReplicaEvent.EXITED, world.now);
}

const live = (world: World) => world.target.apps.get('chat')?.live?.generation;
const waits = (world: World) => world.target.apps.get('chat')?.next != null;
const models = (world: World) => world.actual.groups.get('chat/Model/m')?.length ?? 0;

describe('an update without room', () => {
  const running = (nodes: readonly NodeInfo[], count = 4): World => {
    const world = new World(nodes);
    world.deploy(version('f1', count));
    run(world);
    assert.equal(live(world), 1);
    return world;
  };

  it('goes on if only what the running version lacks too is missing', () => {
    const world = running([node('a', 2), node('b', 2)]);
    lose(world, 'b');
    run(world);
    assert.equal(models(world), 2);
    world.deploy(version('f2', 4));
    run(world);
    assert.equal(live(world), 2);
    assert.equal(models(world), 2);
    world.deploy(version('f3', 3));
    run(world);
    assert.equal(live(world), 3, 'a smaller number is no reason to wait either');
  });

  it('goes on if the room is lost meanwhile, and needs no other event for that', () => {
    const world = running([node('a', 2), node('b', 2)]);
    world.deploy(version('f2', 4));
    run(world);
    world.deploy(version('f2', 4));
    lose(world, 'b');
    const wakes = reconcile(world.target, world.actual, world.now).filter((action) => action.kind === 'wake');
    assert.deepEqual(wakes, [{ kind: 'wake', at: world.now }]);
    run(world);
    assert.equal(live(world), 3);
  });

  it('is refused after startupTimeout if it wants more of a deployment, and the running version stays as it was', () => {
    const world = running([node('a', 2), node('b', 2)]);
    world.deploy(version('f2', 5));
    run(world);
    assert.ok(waits(world));
    world.now += STARTUP_MS - 1;
    run(world);
    assert.ok(waits(world));
    world.now += 1;
    run(world);
    assert.equal(waits(world), false);
    assert.deepEqual([live(world), models(world)], [1, 4]);
    const { failures, refusals, pending } = world.actual;
    assert.deepEqual([failures.size, refusals.size, pending.size], [0, 0, 0]);
  });

  it('has this time from when it is deployed, however long the running version has waited before', () => {
    const world = running([node('a', 2), node('b', 2)]);
    lose(world, 'b');
    run(world);
    world.now += 10 * STARTUP_MS;
    world.deploy(version('f2', 5));
    run(world);
    assert.ok(waits(world));
    world.now += STARTUP_MS;
    run(world);
    assert.equal(waits(world), false);
    assert.deepEqual([live(world), models(world)], [1, 2]);
  });

  it('is not refused when a replica ends on which nobody had waited longer', () => {
    const world = running([node('a', 1), node('b', 1)], 2);
    lose(world, 'b');
    run(world);
    world.deploy(version('f2', 2));
    world.round();
    world.now += STARTUP_MS - 1;
    world.progress();
    world.round();
    // The room of the last model is not free before it has ended.
    const last = [...world.actual.replicas.values()].find(({ deployment: name }) => name === 'Model') ?? assert.fail();
    world.actual.transition(last.id, ReplicaEvent.DRAIN, world.now);
    world.now += 1;
    world.round();
    world.round();
    assert.deepEqual([waits(world), live(world)], [true, 1]);
    run(world);
    assert.deepEqual([live(world), models(world)], [2, 1]);
  });

  it('is refused after startupTimeout if nothing runs of a deployment that it shares with the running version', () => {
    const world = running([node('a', 4), node('b', 0)]);
    lose(world, 'a');
    run(world);
    world.deploy(version('f2', 4));
    run(world);
    assert.ok(waits(world));
    world.now += STARTUP_MS;
    run(world);
    assert.deepEqual([waits(world), live(world)], [false, 1]);
  });

  it('waits for replicas that are being started, as before', () => {
    const world = running([node('a', 4)]);
    world.step(
      [...world.actual.replicas.values()].findIndex(({ deployment: name }) => name === 'Model'),
      true,
    );
    world.actual.failures.clear();
    world.deploy(version('f1', 4));
    world.round();
    assert.ok(waits(world));
    run(world);
    assert.deepEqual([live(world), models(world)], [2, 4]);
  });
});

describe('a first version', () => {
  const first = (count: number, changes = {}) =>
    app('chat', [deployment('Model', 'm', { numReplicas: count, resources, autoscaling: sampleAutoscaling(changes) })]);

  it('begins to serve with the replicas that it begins with, if there is no room for those that its load has added', () => {
    const world = new World([node('a', 2)]);
    world.deploy(first(4));
    run(world);
    assert.deepEqual([live(world), models(world)], [1, 2]);
  });

  it('does not wait for replicas that its load has added, nor is it given up if one of these cannot start', () => {
    const world = new World([node('a', 8)]);
    const front = { ...deployment('Front', 'f'), dependencies: ['Model'] };
    const scaled = (count: number) => ({ ...first(count), deployments: [...first(count).deployments, front] });
    world.deploy(scaled(1));
    const startedBy = (name: string) => [...world.actual.replicas.values()].filter((one) => one.deployment === name);
    for (let i = 0; i < 4; i += 1) {
      world.round();
      for (const [pick, one] of [...world.actual.replicas.values()].entries())
        if (one.deployment === 'Model') world.step(pick, false);
    }
    assert.equal(live(world), undefined);
    // While the front starts, the load adds models.
    const next = world.target.apps.get('chat')?.next ?? assert.fail();
    const apps = new Map([['chat', { live: null, next: { ...next, spec: scaled(4) }, failed: null }]]);
    world.target = { ...world.target, apps };
    world.round();
    const added = startedBy('Model').at(-1) ?? assert.fail();
    world.step([...world.actual.replicas.values()].indexOf(added), true);
    world.round();
    assert.ok(waits(world));
    for (let i = 0; i < 4; i += 1) {
      for (const [pick, one] of [...world.actual.replicas.values()].entries())
        if (one.deployment === 'Front') world.step(pick, false);
      world.round();
    }
    assert.equal(live(world), 1);
    run(world);
    assert.equal(models(world), 4);
  });

  it('is given up if one of the replicas that it begins with cannot start', () => {
    const world = new World([node('a', 8)]);
    world.deploy(first(2, { initialReplicas: 2 }));
    world.round();
    world.progress();
    world.round();
    world.step(0, false);
    world.step(1, true);
    world.round();
    assert.deepEqual([waits(world), live(world)], [false, undefined]);
  });

  it('waits for room for the replicas that it begins with', () => {
    const world = new World([node('a', 2), { ...node('b', 2), alive: false }]);
    world.deploy(first(4, { initialReplicas: 3 }));
    run(world);
    world.now += 10 * STARTUP_MS;
    run(world);
    assert.deepEqual([live(world), models(world)], [undefined, 2]);
    world.actual.nodes = [node('a', 2), node('b', 2)];
    run(world);
    assert.deepEqual([live(world), models(world)], [1, 4]);
  });
});
