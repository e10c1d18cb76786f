import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { findLoops } from './find-loops.js';

const node = (operator: string) => Buffer.concat([Buffer.from([0x22, operator.length]), Buffer.from(operator)]);

test('a node with Loop or Scan is found, another one is not', async () => {
  for (const [operator, found] of [
    ['Loop', true],
    ['Scan', true],
    ['Conv', false],
    ['Looping', false],
  ] as const)
    assert.equal(await findLoops(Buffer.concat([Buffer.alloc(100), node(operator), Buffer.alloc(9)])), found, operator);
});

test('a file is searched in pieces, also at their borders', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'find-loops-'));
  const file = join(folder, 'model.onnx');
  try {
    for (const before of [0, 1024 * 1024 - 3, 1024 * 1024, 3_000_000]) {
      writeFileSync(file, Buffer.concat([Buffer.alloc(before), node('Loop'), Buffer.alloc(100)]));
      assert.equal(await findLoops(file), true, String(before));
    }
    writeFileSync(file, Buffer.alloc(3_000_000));
    assert.equal(await findLoops(file), false);
  } finally {
    rmSync(folder, { recursive: true });
  }
  assert.equal(await findLoops(file), true, 'nobody knows what a missing file has');
});
