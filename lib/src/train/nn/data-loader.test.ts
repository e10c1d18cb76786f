import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { tensor } from '../../onnx/index.js';
import { DataLoader, imageDataset, type LoaderOptions, tensorDataset } from './data-loader.js';

/** Sample i is the number i. */
const samples = (count: number) =>
  tensorDataset(
    tensor(
      Float32Array.from({ length: count }, (_, i) => i),
      [count, 1],
    ),
    {
      type: 'int32',
      dims: [count],
      data: Int32Array.from({ length: count }, (_, i) => i),
    },
  );

const batchesOf = (loader: DataLoader): number[][] => Array.from(loader, ([, { data }]) => [...data]);

describe('a data loader', () => {
  it('gives each sample once in an epoch, in a new order each time, and the same order for the same seed and epoch', () => {
    const loader = new DataLoader(samples(103), { batchSize: 10, shuffle: true, seed: 5 });
    const [first, second] = [batchesOf(loader), batchesOf(loader)];
    assert.equal(loader.length, 11);
    assert.notDeepEqual(first, second);
    for (const epoch of [first, second])
      assert.deepEqual(
        epoch.flat().sort((a, b) => a - b),
        [...Array(103).keys()],
      );
    const again = new DataLoader(samples(103), { batchSize: 10, shuffle: true, seed: 5 });
    again.epoch = 1;
    assert.deepEqual(batchesOf(again), second);
    assert.notDeepEqual(batchesOf(new DataLoader(samples(103), { batchSize: 10, shuffle: true, seed: 6 })), first);
  });

  it('leaves out a last batch that is not full, if asked to', () => {
    const options = { batchSize: 4 };
    assert.deepEqual(batchesOf(new DataLoader(samples(10), options)), [
      [0, 1, 2, 3],
      [4, 5, 6, 7],
      [8, 9],
    ]);
    assert.deepEqual(batchesOf(new DataLoader(samples(10), { ...options, dropLast: true })), [
      [0, 1, 2, 3],
      [4, 5, 6, 7],
    ]);
    assert.deepEqual(batchesOf(new DataLoader(samples(3), { ...options, dropLast: true })), []);
  });

  it('in parts: the batches of all workers together are the batches of one with all of them', () => {
    fc.assert(
      fc.property(
        fc.record({
          count: fc.integer({ min: 1, max: 60 }),
          workers: fc.integer({ min: 1, max: 5 }),
          batchSize: fc.integer({ min: 1, max: 9 }),
        }),
        fc.boolean(),
        ({ count, workers, batchSize }, dropLast) => {
          const options: LoaderOptions = { batchSize, shuffle: true, seed: 3, dropLast };
          const parts = Array.from({ length: workers }, (_, rank) =>
            batchesOf(new DataLoader(samples(count), options, { rank, workers })),
          );
          const whole = batchesOf(new DataLoader(samples(count), { ...options, batchSize: batchSize * workers }));
          for (const part of parts) {
            assert.equal(part.length, parts[0]?.length);
            for (const [i, batch] of part.entries()) assert.equal(batch.length, parts[0]?.[i]?.length);
          }
          for (const [i, batch] of whole.entries()) {
            const joined = parts.flatMap((part) => part[i] ?? []);
            if (joined.length === batch.length) assert.deepEqual(joined.sort(), [...batch].sort());
          }
          const seen = new Set(parts.flat(2));
          if (!dropLast) assert.equal(seen.size, count);
        },
      ),
    );
  });

  it('makes numbers of pictures', () => {
    const images = [new Uint8Array(784).fill(255), new Uint8Array(784)];
    const [[x, y] = []] = [...new DataLoader(imageDataset({ images, labels: [7, 1] }), { batchSize: 2 })];
    assert.deepEqual(x?.dims, [2, 1, 28, 28]);
    assert.deepEqual([x?.data[0], x?.data[784]], [1, -1]);
    assert.deepEqual([...(y?.data ?? [])], [7, 1]);
  });

  it('refuses what is not data, with the reason', () => {
    const images = [new Uint8Array(784)];
    const refused = (make: () => unknown, message: RegExp) => assert.throws(make, { code: 'NBS_INVALID_OPTION', message });
    refused(() => imageDataset({ images, labels: [] }), /labels must be 1 labels, one for each image, got "?0/);
    refused(() => imageDataset({ images: [new Uint8Array(7)], labels: [1] }), /images\[0\] must be 784 bytes/);
    refused(() => imageDataset({ images, labels: [1] }, { normalize: { mean: 0, std: 0 } }), /std that is not 0/);
    refused(() => new DataLoader(samples(3), { batchSize: 0 }), /batchSize must be an integer of at least 1/);
    refused(() => tensorDataset(tensor([[1], [2]]), { type: 'int32', dims: [3], data: Int32Array.of(1, 2, 3) }), /2 rows/);
  });
});
