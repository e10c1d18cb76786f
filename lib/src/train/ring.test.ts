import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { hasCode } from '../core/index.js';
import { PeerLost } from './errors.js';
import { Ring } from './ring.js';

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nbst-ring-'));
});
after(() => rm(folder, { recursive: true }));

async function ringsOf(count: number): Promise<Ring[]> {
  const rings = await Promise.all(Array.from({ length: count }, (_, rank) => Ring.listen(rank, count, folder)));
  await Promise.all(rings.map((ring) => ring.connect()));
  return rings;
}

/** Numbers that no other rank has, and whose sums are rounded. */
const valuesOf = (rank: number, length: number): Float32Array =>
  Float32Array.from({ length }, (_, i) => Math.sin(i + 1) / (rank + 1));

describe('a ring', () => {
  for (const [count, length] of [
    [1, 5],
    [2, 1],
    [2, 7],
    [2, 100_003],
    [3, 2],
    [3, 100_003],
    [5, 1003],
  ] as const) {
    it(`of ${count} gives all of them the same means of ${length} numbers, and numbers that are changed at once afterwards do no harm`, async () => {
      const rings = await ringsOf(count);
      const seen = await Promise.all(
        rings.map(async (ring) => {
          const results: Float32Array[] = [];
          const values = valuesOf(ring.rank, length);
          for (let turn = 0; turn < 3; turn += 1) {
            values.set(valuesOf(ring.rank + turn, length));
            await ring.mean(values);
            results.push(values.slice());
            values.fill(Number.NaN);
          }
          return results;
        }),
      );
      for (let turn = 0; turn < 3; turn += 1) {
        const first = seen[0]?.[turn] as Float32Array;
        for (const results of seen) assert.deepEqual(results[turn], first);
        for (const i of [0, Math.floor(length / 2), length - 1]) {
          const expected = rings.reduce((sum, { rank }) => sum + (valuesOf(rank + turn, length)[i] as number), 0) / count;
          assert.ok(Math.abs((first[i] as number) - expected) < 1e-6, `${first[i]} for ${expected}`);
        }
      }
      for (const ring of rings) ring.close();
    });
  }

  it('spreads the numbers of the first one', async () => {
    const rings = await ringsOf(3);
    const all = rings.map(({ rank }) => valuesOf(rank, 1001));
    await Promise.all(rings.map((ring, i) => ring.spread(all[i] as Float32Array)));
    for (const values of all) assert.deepEqual(values, valuesOf(0, 1001));
    for (const ring of rings) ring.close();
  });

  it('ends with a code for all that wait, if one of them goes', async () => {
    const rings = await ringsOf(3);
    const waiting = rings.slice(1).map((ring) => ring.mean(valuesOf(ring.rank, 10)).finally(() => ring.close()));
    rings[0]?.close();
    for (const each of waiting) await assert.rejects(each, (error) => hasCode(error, PeerLost));
  });

  it('on a machine without the folder says so', async () => {
    await assert.rejects(Ring.listen(1, 2, join(folder, 'none')), {
      code: 'NBS_TRAIN_OTHER_MACHINE',
      message: /worker 1 .*none/,
    });
  });
});
