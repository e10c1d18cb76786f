import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import fc from 'fast-check';
import { load, tensor } from '../onnx/index.js';
import { loadTrees } from './files.js';
import type { TreesModel } from './model.js';
import { TreesTrainer } from './trainer.js';

const storagePath = mkdtempSync(join(tmpdir(), 'nbserve-trees-'));
after(() => rmSync(storagePath, { recursive: true, force: true }));

const number = fc.oneof(
  fc.constantFrom(0, -0, 1, 2, 3, 0.1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e30, 16_777_217),
  fc.double({ noDefaultInfinity: true }),
  fc.constant(null),
);
const text = fc.oneof(fc.constantFrom('a', 'b', 'c', '', 'Größe', '__proto__'), fc.constant(null));
const row = fc.record({ x: number, y: number, z: fc.constantFrom(0, 1, 2, 3), kind: text, flag: fc.boolean() });
const rows = fc.array(row, { minLength: 2, maxLength: 60 });

async function runOnnx(model: TreesModel, matrix: Float32Array): Promise<{ margin: Float32Array; prediction: Float32Array }> {
  const session = await load(model.toOnnx(), { device: 'cpu' });
  const X = tensor(matrix, [matrix.length / model.features.length, model.features.length]);
  const { margin, prediction } = await session.run({ X });
  await session.dispose();
  return { margin: margin?.data as Float32Array, prediction: prediction?.data as Float32Array };
}

/** Rows whose values are exactly the thresholds of the model, and the numbers beside them. */
function atThresholds(model: TreesModel): Float32Array {
  const { trees, features } = model.toJSON();
  const limits = trees.flatMap((tree) => tree.threshold.filter((_, node) => (tree.feature[node] as number) >= 0));
  const values = limits.flatMap((limit) => [
    limit,
    Math.fround(limit * (1 + 2 ** -23)),
    Math.fround(limit * (1 - 2 ** -23)),
    -limit,
  ]);
  return Float32Array.from([...values, Number.NaN].flatMap((value) => features.map(() => value)));
}

describe('a model of trees as ONNX', () => {
  for (const objective of ['binary:logistic', 'reg:squarederror'] as const) {
    it(`${objective}: ONNX Runtime adds up the same leaves, bit by bit`, async () => {
      const label = objective === 'binary:logistic' ? fc.constantFrom(0, 1) : fc.double({ min: -1e6, max: 1e6, noNaN: true });
      const params = { objective, maxDepth: 4, minChildWeight: 0, subsample: 0.9, colsampleBytree: 0.8 } as const;
      await fc.assert(
        fc.asyncProperty(rows, fc.array(label, { minLength: 60, maxLength: 60 }), rows, async (data, labels, others) => {
          const train = data.map((each, i) => ({ ...each, y0: labels[i] }));
          const trainer = new TreesTrainer({
            labelColumn: 'y0',
            datasets: { train },
            params,
            runConfig: { storagePath, name: 'a' },
          });
          const { model, checkpoint } = await trainer.fit();
          // A column that was all null in training is a column of numbers, and takes no texts.
          const given = model.features.some(({ name, categories }) => name === 'kind' && categories === undefined)
            ? others.map((each) => ({ ...each, kind: null }))
            : others.map((each, i) => (i === 0 ? { ...each, kind: 'unknown' } : each));
          for (const matrix of [model.encode(train), model.encode(given), atThresholds(model)]) {
            const onnx = await runOnnx(model, matrix);
            assert.deepEqual(onnx.margin, model.margins(matrix));
          }
          const predictions = model.predict(given);
          const { prediction } = await runOnnx(model, model.encode(given));
          predictions.forEach((value, i) =>
            assert.ok(Math.abs(value - (prediction[i] as number)) <= 3e-7 * Math.max(1, Math.abs(value))),
          );
          assert.deepEqual((await loadTrees(checkpoint)).predict(given), predictions);
        }),
        { numRuns: 60 },
      );
    });
  }
});
