import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tensor } from '../onnx/index.js';
import { DataLoader, tensorDataset } from './index.js';
import { prepareDataLoader, setPlace } from './worker-context.js';

test('the part of a loader begins with the epoch that the loader has', () => {
  const numbers = Array.from({ length: 8 }, (_, i) => i);
  const dataset = tensorDataset(tensor(Float32Array.from(numbers), [8, 1]), {
    type: 'int32',
    dims: [8],
    data: Int32Array.from(numbers),
  });
  const exchange = async (): Promise<void> => {};
  const loaderOf = () => {
    const loader = new DataLoader(dataset, { batchSize: 4, shuffle: true, seed: 1 });
    loader.epoch = 3;
    return loader;
  };
  const parts = [0, 1].map((rank) => {
    setPlace({ rank, workers: 2, name: 'test', mean: exchange, spread: exchange });
    return prepareDataLoader(loaderOf());
  });
  assert.deepEqual(
    parts.map(({ epoch }) => epoch),
    [3, 3],
  );
  const seen = parts.flatMap((part) => [...part].flatMap(([, { data }]) => [...data]));
  const again = [...loaderOf()].flatMap(([, { data }]) => [...data]);
  assert.deepEqual(
    seen,
    [0, 1].flatMap((rank) => again.filter((_, i) => i % 2 === rank)),
  );
});
