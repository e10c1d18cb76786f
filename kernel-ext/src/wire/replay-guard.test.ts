import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { ReplayGuard } from './replay-guard.js';

it('a replay guard remembers at least as many as its limit, and later forgets them', () => {
  const guard = new ReplayGuard(10);
  for (let n = 0; n < 100; n += 1) {
    assert.ok(guard.admit(`s${n}`));
    for (let back = 0; back < 10 && back <= n; back += 1) assert.ok(!guard.admit(`s${n - back}`));
  }
  assert.ok(guard.admit('s0'));
});

it('a replay guard knows what the one before it has seen, from a file that stays small and private', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'nbs-replays-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'seen');
  const signature = (n: number): string => String(n).padStart(64, '0').split('').reverse().join('');
  for (let n = 0; n < 100; n += 1) {
    const guard = new ReplayGuard(10, file);
    assert.ok(guard.admit(signature(n)));
    for (let back = 0; back < 10 && back <= n; back += 1) assert.ok(!new ReplayGuard(10, file).admit(signature(n - back)));
  }
  assert.ok(statSync(file).size <= 33 * 20);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.ok(new ReplayGuard(10, join(folder, 'no', 'such', 'folder')).admit('s'));
});

it('a replay guard writes what it has admitted when it is told to, and refuses it before that', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'nbs-replays-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'seen');
  const waiting: (() => void)[] = [];
  const guard = new ReplayGuard(10, file, (work) => waiting.push(work));
  const [one, two] = ['1', '2'].map((digit) => digit.repeat(64)) as [string, string];
  assert.ok(guard.admit(one) && guard.admit(two));
  assert.ok(!guard.admit(one));
  assert.ok(new ReplayGuard(10, file).admit(one.replace('1', '3')));
  for (const work of waiting) work();
  const next = new ReplayGuard(10, file);
  assert.ok(!next.admit(one) && !next.admit(two));
});
