import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { operatorsOf } from './operators.js';
import { bytesField, type Field, integerField, join as joined, messageField } from './protobuf.js';

const folder = mkdtempSync(join(tmpdir(), 'nbs-operators-'));
after(() => rmSync(folder, { recursive: true }));

const node = (op: string, ...attributes: Field[]) => [
  bytesField(1, 'x'),
  bytesField(3, 'a name'),
  bytesField(4, op),
  ...attributes,
];

test('the operators of a model are found, also in inner graphs and in functions', () => {
  const path = join(folder, 'model.onnx');
  const inner = messageField(5, [bytesField(1, 'then_branch'), messageField(6, [messageField(1, node('Attention'))])]);
  writeFileSync(
    path,
    joined([
      integerField(1, 8),
      messageField(7, [
        messageField(1, node('Add')),
        messageField(5, [bytesField(8, 'Weight'), bytesField(9, new Uint8Array(300_000))]),
        messageField(1, node('If', inner)),
      ]),
      messageField(25, [bytesField(1, 'Own'), messageField(7, node('Mul'))]),
    ]),
  );
  assert.deepEqual([...operatorsOf(path)].sort(), ['Add', 'Attention', 'If', 'Mul']);
  writeFileSync(path, 'no model');
  assert.equal(operatorsOf(path).size, 0);
});
