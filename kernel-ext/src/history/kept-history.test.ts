import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { KeptHistory } from './kept-history.js';

it('a kernel that has looked for earlier sessions gets a number of its own, and makes no file before its first cell', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'nbs-history-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const [first, second] = [new KeptHistory(folder), new KeptHistory(folder)];
  first.prepare();
  assert.deepEqual([readdirSync(folder), first.session], [[], undefined]);
  assert.equal(second.add(1, 'a'), 1);
  assert.equal(first.add(1, 'b'), 2);
  assert.deepEqual(first.cells(1), [{ session: 1, line: 1, source: 'a' }]);
  assert.deepEqual(first.earlier(), [1]);
});
