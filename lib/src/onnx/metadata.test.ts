import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { load } from './load.js';
import { describeMetadata, readMetadata } from './metadata.js';
import { encodeModel } from './model-file.js';
import { bytesField, integerField, join as joinFields, messageField } from './protobuf.js';
import { tensor } from './tensor.js';

const scale = encodeModel({
  name: 'scale',
  inputs: [{ name: 'x', type: 'float32', shape: ['n', 2] }],
  outputs: [{ name: 'y', type: 'float32', shape: ['n', 2] }],
  nodes: [{ op: 'Mul', inputs: ['x', 'factor'], outputs: ['y'] }],
  weights: { factor: tensor(new Float32Array([0.1, -3]), [2]) },
  metadata: { licence: 'CC0', empty: '', 'ein Name': 'Größe 数' },
});

/** Every field that is read, with weights that are larger than the window before the name of the graph. */
const full = joinFields([
  integerField(1, 9),
  bytesField(2, 'pytorch'),
  bytesField(3, '2.4.1'),
  messageField(7, [
    messageField(5, [bytesField(8, 'weights'), bytesField(9, new Uint8Array(200_000).fill(0xff))]),
    bytesField(2, 'main_graph'),
    messageField(5, [bytesField(8, 'more'), bytesField(9, new Uint8Array(65_536))]),
    bytesField(10, 'digits'),
  ]),
  bytesField(4, 'com.example'),
  integerField(5, -2),
  bytesField(6, 'a model'),
  messageField(8, [integerField(2, 17)]),
  messageField(8, [bytesField(1, 'ai.onnx.ml'), integerField(2, 3)]),
  messageField(14, [bytesField(1, 'labels'), bytesField(2, '{"0":"zero"}')]),
  messageField(14, [bytesField(1, 'licence')]),
  messageField(14, [bytesField(1, 'labels'), bytesField(2, 'the last one counts')]),
]);
const expected = {
  producer: 'pytorch',
  producerVersion: '2.4.1',
  graphName: 'main_graph',
  domain: 'com.example',
  version: -2,
  description: 'a model',
  graphDescription: 'digits',
  irVersion: 9,
  opset: 17,
  opsets: { 'ai.onnx': 17, 'ai.onnx.ml': 3 },
  properties: { labels: 'the last one counts', licence: '' },
};

test('a model knows what its file says about itself', async () => {
  const model = await load(scale, { device: 'cpu' });
  const { producer, graphName, opset, properties } = model.metadata;
  assert.deepEqual([producer, graphName, opset], ['nbserve', 'scale', 17]);
  assert.deepEqual(properties, { licence: 'CC0', empty: '', 'ein Name': 'Größe 数' });
  assert.match(String(model), /^Model model\n {2}written by nbserve, graph scale, opset 17\n {2}inputs/);
  await model.dispose();
});

test('metadata is read from bytes and from a file, whatever stands between', () => {
  const folder = mkdtempSync(join(tmpdir(), 'nbs-metadata-'));
  try {
    const path = join(folder, 'full.onnx');
    writeFileSync(path, full);
    assert.deepEqual(readMetadata(full), expected);
    assert.deepEqual(readMetadata(path), expected);
    assert.equal(
      describeMetadata(readMetadata(path)),
      'written by pytorch 2.4.1, graph main_graph, version -2, opset 17, ai.onnx.ml 3',
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('bytes that are no model have no metadata, and nothing fails', () => {
  const { producer } = readMetadata(new TextEncoder().encode('ORTM and something else'));
  assert.equal(producer, '');
  assert.equal(describeMetadata(readMetadata(new Uint8Array())), '');
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => typeof readMetadata(bytes).producer === 'string'));
  fc.assert(fc.property(fc.nat(), (cut) => typeof readMetadata(scale.subarray(0, cut % scale.length)).opset === 'number'));
});
