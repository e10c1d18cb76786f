import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { NodeInfo } from '../../../engine/index.js';
import type { Allocation, Resources } from '../../protocol/index.js';
import { Places, whyNever } from './placement.js';

const node: NodeInfo = {
  id: 'local',
  ip: '127.0.0.1',
  alive: true,
  resources: { cpu: 4, gpus: ['0', '1'], memory: 1000, custom: { accelerator: 2 } },
};
const want = (changes: Partial<Resources>): Resources => ({ cpu: 0, gpu: 0, memory: 0, custom: {}, ...changes });

/** Places each replica in turn. The result is a text, the reason, if there was no room. */
function placeAll(wanted: readonly Resources[]): (Allocation | string)[] {
  const held: Allocation[] = [];
  return wanted.map((resources) => {
    const placed = new Places([node], held).take(resources);
    if ('reason' in placed) return placed.reason;
    held.push(placed);
    return placed;
  });
}

const gpusOf = (placed: Allocation | string | undefined) => (typeof placed === 'object' ? placed.gpus : placed);

describe('place', () => {
  it('packs parts of GPUs onto one, so that whole ones stay free', () => {
    const half = want({ gpu: 0.5 });
    assert.deepEqual(placeAll([half, half, want({ gpu: 1 })]).map(gpusOf), [['0'], ['0'], ['1']]);
    const tenths = placeAll(new Array<Resources>(20).fill(want({ gpu: 0.1 }))).map(gpusOf);
    assert.deepEqual(tenths, [...new Array(10).fill(['0']), ...new Array(10).fill(['1'])]);
    assert.deepEqual(placeAll([want({ gpu: 2 })]).map(gpusOf), [['0', '1']]);
  });

  it('says what is free if there is no room', () => {
    const [, , reason] = placeAll([want({ gpu: 0.6 }), want({ gpu: 0.7 }), want({ gpu: 0.5 })]);
    assert.equal(reason, 'each replica takes gpu 0.5, and local has gpu 0.4 + 0.3 free');
    const [, other] = placeAll([want({ cpu: 3, custom: { accelerator: 1 } }), want({ cpu: 2, custom: { accelerator: 1 } })]);
    assert.equal(other, 'each replica takes cpu 2, custom accelerator 1, and local has cpu 1, custom accelerator 1 free');
    assert.match(String(placeAll([want({ custom: { none: 1 } })])[0]), /custom none 0 free/);
  });

  it('never gives out more than there is', () => {
    const anyWant = fc.record({
      cpu: fc.double({ min: 0, max: 3, noNaN: true }),
      gpu: fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(2)),
      memory: fc.nat(600),
      custom: fc.record({ accelerator: fc.double({ min: 0, max: 1, noNaN: true }) }),
    });
    fc.assert(
      fc.property(fc.array(anyWant, { maxLength: 30 }), (wanted) => {
        const placed = placeAll(wanted).filter((one) => typeof one === 'object');
        const sum = (of: (one: Allocation) => number) => placed.reduce((total, one) => total + of(one), 0);
        assert.ok(sum(({ resources }) => resources.cpu) <= 4 + 1e-6);
        assert.ok(sum(({ resources }) => resources.memory) <= 1000);
        assert.ok(sum(({ resources }) => resources.custom.accelerator ?? 0) <= 2 + 1e-6);
        for (const id of node.resources.gpus) {
          const share = sum(({ gpus, resources }) => (gpus.includes(id) ? Math.min(1, resources.gpu) : 0));
          assert.ok(share <= 1 + 1e-6);
        }
      }),
    );
  });

  describe('on several nodes', () => {
    const named = (id: string, resources: Partial<NodeInfo['resources']> = {}, alive = true): NodeInfo => ({
      ...node,
      id,
      alive,
      resources: { cpu: 4, gpus: [], memory: 1000, custom: {}, ...resources },
    });
    const three = [named('a', { gpus: ['0'] }), named('b', { gpus: ['1', '2'] }), named('c', { custom: { special: 1 } })];

    /** Places the replicas of one deployment after those of the other. */
    function placeOn(nodes: readonly NodeInfo[], deployments: readonly (readonly [count: number, resources: Resources])[]) {
      const held: Allocation[] = [];
      return deployments.map(([count, resources]) => {
        const siblings: string[] = [];
        return Array.from({ length: count }, () => {
          const placed = new Places(nodes, held).take(resources, siblings);
          if ('reason' in placed) return placed.reason;
          held.push(placed);
          siblings.push(placed.node);
          return placed;
        });
      });
    }
    const nodesOf = (placed: readonly (Allocation | string)[] | undefined) =>
      placed?.map((one) => (typeof one === 'object' ? one.node : one));

    it('spreads the replicas of a deployment, and deployments as well', () => {
      const [four, one, other] = placeOn(three, [
        [4, want({})],
        [1, want({})],
        [1, want({ cpu: 1 })],
      ]);
      assert.deepEqual(nodesOf(four), ['a', 'b', 'c', 'a']);
      assert.deepEqual([nodesOf(one), nodesOf(other)], [['b'], ['c']]);
    });

    it('goes where there is room', () => {
      const [special, gpus] = placeOn(three, [
        [1, want({ custom: { special: 1 } })],
        [3, want({ gpu: 1 })],
      ]);
      assert.deepEqual([nodesOf(special), nodesOf(gpus)], [['c'], ['a', 'b', 'b']]);
      assert.deepEqual(gpus?.map(gpusOf), [['0'], ['1'], ['2']]);
    });

    it('leaves whole GPUs whole, if the deployment has none there yet', () => {
      const [first, second] = placeOn(three, [
        [1, want({ gpu: 0.5 })],
        [2, want({ gpu: 0.25 })],
      ]);
      assert.deepEqual([first, second].map(nodesOf), [['a'], ['a', 'b']]);
    });

    it('says of each node what is free, and which is down', () => {
      const nodes = [named('a', { cpu: 1 }), named('b', {}, false)];
      const [placed] = placeOn(nodes, [[2, want({ cpu: 1 })]]);
      assert.deepEqual(nodesOf(placed), ['a', 'each replica takes cpu 1, and a has cpu 0 free; b is down']);
      assert.deepEqual(new Places([named('a', {}, false)], []).take(want({})), {
        reason: 'each replica takes nothing, and a is down',
      });
    });

    it('never gives out more than a node has, and spreads evenly if all is equal', () => {
      const anyNode = fc.record({
        cpu: fc.nat(8),
        gpus: fc.nat(2),
        memory: fc.nat(1000),
        special: fc.nat(2),
        alive: fc.boolean(),
      });
      const anyWant = fc.record({
        cpu: fc.nat(3),
        gpu: fc.constantFrom(0, 0.25, 0.5, 1, 2),
        memory: fc.nat(300),
        special: fc.nat(1),
      });
      const anyCase = fc.tuple(
        fc.array(anyNode, { minLength: 1, maxLength: 4 }),
        fc.array(fc.tuple(fc.nat(6), anyWant), { maxLength: 8 }),
      );
      fc.assert(
        fc.property(anyCase, ([specs, wanted]) => {
          const nodes = specs.map(({ cpu, gpus, memory, special, alive }, i) =>
            named(
              `n${i}`,
              { cpu, memory, gpus: Array.from({ length: gpus }, (_, g) => `${i}-${g}`), custom: { special } },
              alive,
            ),
          );
          const deployments = wanted.map(
            ([count, { special, ...others }]) => [count, want({ ...others, custom: { special } })] as const,
          );
          const placed = placeOn(nodes, deployments).flat();
          const allocations = placed.filter((one) => typeof one === 'object');
          for (const { id, alive, resources } of nodes) {
            const here = allocations.filter((one) => one.node === id);
            const sum = (of: (one: Allocation) => number) => here.reduce((total, one) => total + of(one), 0);
            assert.ok(alive || here.length === 0);
            assert.ok(sum((one) => one.resources.cpu) <= resources.cpu);
            assert.ok(sum((one) => one.resources.memory) <= resources.memory);
            assert.ok(sum((one) => one.resources.custom.special ?? 0) <= (resources.custom.special ?? 0));
            for (const gpu of resources.gpus)
              assert.ok(sum((one) => (one.gpus.includes(gpu) ? Math.min(1, one.resources.gpu) : 0)) <= 1);
            for (const { gpus } of here) for (const gpu of gpus) assert.ok(resources.gpus.includes(gpu));
          }
        }),
      );
      fc.assert(
        fc.property(fc.integer({ min: 1, max: 6 }), fc.nat(20), fc.constantFrom(0, 0.1), (count, replicas, cpu) => {
          const nodes = Array.from({ length: count }, (_, i) => named(`n${i}`));
          const placed = nodesOf(placeOn(nodes, [[replicas, want({ cpu })]])[0]) ?? [];
          const counts = nodes.map(({ id }) => placed.filter((one) => one === id).length);
          assert.ok(Math.max(...counts) - Math.min(...counts) <= 1);
        }),
      );
    });
  });
});

describe('whyNever', () => {
  const other: NodeInfo = { id: 'other', ip: '127.0.0.2', alive: false, resources: { cpu: 8, gpus: [], memory: 10, custom: {} } };

  it('is about each node by itself, were it empty and up', () => {
    const never = (resources: Partial<Resources>) => whyNever([node, other], want(resources));
    for (const fits of [{}, { cpu: 8 }, { gpu: 2 }, { gpu: 0.3, cpu: 4 }, { memory: 1000, custom: { accelerator: 2 } }])
      assert.equal(never(fits), null);
    assert.equal(never({ gpu: 3 }), 'each replica takes gpu 3, and local has 2 GPUs; other has no GPU');
    assert.equal(
      never({ cpu: 5, gpu: 1 }),
      'each replica takes cpu 5, gpu 1, and local has cpu 4, 2 GPUs; other has cpu 8, no GPU',
    );
    assert.equal(
      never({ custom: { accelerator: 2.5 } }),
      'each replica takes custom accelerator 2.5, and local has custom accelerator 2; other has custom accelerator 0',
    );
  });

  it('agrees with the place that is found on nodes that are up and empty', () => {
    const amount = fc.constantFrom(0, 0.5, 1, 2, 3, 5);
    const resources = fc.record({
      cpu: amount,
      gpu: amount,
      memory: amount,
      custom: fc.record({ accelerator: amount }, { requiredKeys: [] }),
    });
    fc.assert(
      fc.property(resources, (wanted) => {
        const nodes = [node, { ...other, alive: true }];
        const placed = new Places(nodes, []).take(wanted);
        assert.equal(whyNever(nodes, wanted) !== null, 'reason' in placed);
      }),
    );
  });
});
