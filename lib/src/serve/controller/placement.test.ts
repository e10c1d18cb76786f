import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { NodeInfo } from '../../engine/index.js';
import type { Allocation, Resources } from '../protocol/index.js';
import { place } from './placement.js';

const node: NodeInfo = {
  id: 'local',
  ip: '127.0.0.1',
  alive: true,
  resources: { cpu: 4, gpus: ['0', '1'], memory: 1000, custom: { accelerator: 2 } },
};
const want = (changes: Partial<Resources>): Resources => ({ cpu: 0, gpu: 0, memory: 0, custom: {}, ...changes });

/** Places each in turn; a text is the reason why one was not. */
function placeAll(wanted: readonly Resources[]): (Allocation | string)[] {
  const held: Allocation[] = [];
  return wanted.map((resources) => {
    const placed = place(resources, [node], held);
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

  it('says what is free where there is no room', () => {
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
});
