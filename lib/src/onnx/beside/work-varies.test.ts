import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { encodeModel, type OnnxNode } from '../model-file.js';
import { tensor } from '../tensor.js';
import { workVaries } from './work-varies.js';

const info = (name: string) => ({ name, type: 'int64', shape: ['n'] }) as const;
const model = (...nodes: OnnxNode[]): Uint8Array =>
  encodeModel({
    name: 'work',
    inputs: [info('n'), info('x')],
    outputs: [info('y')],
    nodes,
    weights: { w: tensor('int64', [1n, 2n]) },
  });
const node = (op: string, inputs: readonly string[], output: string): OnnxNode => ({ op, inputs, outputs: [output] });
const varies = (...nodes: OnnxNode[]): boolean => workVaries(model(...nodes), ['n', 'x']);

test('the work depends on values if one decides the size of an output, or how often something is repeated', () => {
  for (const op of ['Loop', 'Scan', 'If']) assert.ok(varies(node(op, ['x'], 'y')), op);
  assert.ok(varies(node('Range', ['w', 'n', 'w'], 'y')));
  assert.ok(varies(node('Neg', ['n'], 'm'), node('Cast', ['m'], 'k'), node('Expand', ['x', 'k'], 'y')));
  for (const op of ['ConstantOfShape', 'NonZero', 'HannWindow', 'ImageDecoder']) assert.ok(varies(node(op, ['n'], 'y')), op);
  for (const op of ['Tile', 'Slice', 'Pad', 'OneHot', 'Reshape', 'RoiAlign', 'MaxRoiPool'])
    assert.ok(varies(node(op, ['x', 'n'], 'y')), op);
  assert.ok(varies(node('Resize', ['x', '', '', 'n'], 'y')));
});

test('it does not if sizes decide, or weights', () => {
  assert.ok(!varies(node('Conv', ['x', 'w'], 'y')));
  assert.ok(!varies(node('Looping', ['x'], 'y')));
  assert.ok(!varies(node('Expand', ['x', 'w'], 'y')));
  assert.ok(!varies(node('Shape', ['x'], 's'), node('Mul', ['s', 'w'], 't'), node('Expand', ['n', 't'], 'y')));
  assert.ok(varies(node('Shape', ['x'], 's'), node('Mul', ['s', 'n'], 't'), node('Expand', ['n', 't'], 'y')));
});

test('a file is read as well, and what cannot be read counts as varying', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'nbw-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'model.onnx');
  writeFileSync(file, model(node('Neg', ['x'], 'y')));
  assert.ok(!workVaries(file, ['n', 'x']));
  writeFileSync(file, 'no model');
  assert.ok(workVaries(file, ['n', 'x']));
  assert.ok(workVaries(join(folder, 'missing.onnx'), ['n', 'x']));
  assert.ok(workVaries(new Uint8Array(), ['x']));
});
