import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { after, test } from 'node:test';
import { keysOf } from './model-key.js';
import { bytesField, type Field, integerField, join as joined, messageField } from './protobuf.js';
import { filesOfWeights } from './weight-files.js';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'nbs-weights-')));
after(() => rmSync(folder, { recursive: true }));

/** A tensor whose values are in a file. */
const tensorIn = (file: string): Field[] => [
  bytesField(8, 'w'),
  messageField(13, [bytesField(1, 'offset'), bytesField(2, '0')]),
  messageField(13, [bytesField(1, 'location'), bytesField(2, file)]),
  integerField(14, 1),
];

test('the files that a model names are found: in folders, with long names, in subgraphs and constants, and beside many weights', () => {
  const names = ['weights/w.bin', `${'long'.repeat(40)}.bin`, 'constant', 'inner', 'function.data'];
  mkdirSync(join(folder, 'weights'));
  for (const name of [...names, 'other.bin', 'text']) writeFileSync(join(folder, name), name);
  const [first, long, constant, inner, ofFunction] = names as [string, string, string, string, string];
  const graph = (...fields: Field[]) => messageField(7, fields);
  const attribute = (number: number, fields: readonly Field[]) =>
    messageField(5, [bytesField(1, 'a'), messageField(number, fields)]);
  const bytes = joined([
    integerField(1, 8),
    bytesField(2, 'location text'),
    graph(
      messageField(5, [bytesField(8, 'inside'), bytesField(9, new Uint8Array(300_000))]),
      messageField(5, tensorIn(first)),
      messageField(5, tensorIn(long)),
      messageField(5, tensorIn('gone.bin')),
      messageField(1, [bytesField(4, 'Constant'), attribute(5, tensorIn(constant))]),
      messageField(1, [bytesField(4, 'If'), attribute(6, [messageField(5, tensorIn(inner))])]),
    ),
    messageField(25, [messageField(7, [bytesField(4, 'Constant'), attribute(5, tensorIn(ofFunction))])]),
  ]);
  const model = join(folder, 'model.onnx');
  writeFileSync(model, bytes);
  assert.deepEqual(filesOfWeights(model).sort(), names.map((name) => join(folder, name)).sort());
  // A link to the model, as in the cache of the Hugging Face Hub: the weights are beside the link.
  const snapshot = join(folder, 'snapshot');
  mkdirSync(snapshot);
  symlinkSync(model, join(snapshot, 'model.onnx'));
  writeFileSync(join(snapshot, constant), '');
  assert.ok(filesOfWeights(join(snapshot, 'model.onnx')).includes(join(snapshot, constant)));

  const before = keysOf(model, null);
  assert.deepEqual(keysOf(model, null), before);
  writeFileSync(join(folder, first), 'other weights');
  const changed = keysOf(model, null);
  assert.equal(changed.model, before.model);
  assert.notEqual(changed.version, before.version);
  writeFileSync(join(folder, 'other.bin'), 'other');
  assert.deepEqual(keysOf(model, null), changed);
});

test('a file of weights is named once, and a model has the same keys, by a relative path and through a linked folder', () => {
  const [own, linked] = [join(folder, 'own'), join(folder, 'linked')];
  mkdirSync(own);
  symlinkSync(own, linked);
  writeFileSync(join(own, 'w.bin'), 'weights');
  const model = join(own, 'm.onnx');
  writeFileSync(model, joined([integerField(1, 8), messageField(7, [messageField(5, tensorIn('w.bin'))])]));
  const others = [relative(process.cwd(), model), join(linked, 'm.onnx'), `./${relative(process.cwd(), join(linked, 'm.onnx'))}`];
  for (const path of others) {
    assert.equal(filesOfWeights(path).length, 1, path);
    assert.deepEqual(keysOf(path, null), keysOf(model, null), path);
  }
});

test('what is no model names no files', () => {
  const file = join(folder, 'none.onnx');
  writeFileSync(file, 'no model at all');
  assert.deepEqual(filesOfWeights(file), []);
});
