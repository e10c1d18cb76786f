import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { isNews, shareWhatIsSaid } from './said-once.js';

const root = mkdtempSync(join(tmpdir(), 'nbs-said-'));
after(() => rmSync(root, { recursive: true }));

test('a text is news once in a process, and once for all processes that share a folder', () => {
  assert.deepEqual([isNews('a'), isNews('a'), isNews('b')], [true, false, true]);
  const folder = join(root, 'said');
  shareWhatIsSaid(folder, 'Chat');
  assert.deepEqual([isNews('c'), isNews('c')], [true, false]);
  assert.equal(readdirSync(folder).length, 1);
  shareWhatIsSaid(folder, 'Other');
  assert.deepEqual([isNews('d'), readdirSync(folder).length], [true, 2]);
  // No folder can be made below a file.
  shareWhatIsSaid('/dev/null/said', 'Chat');
  assert.equal(isNews('e'), true);
});
