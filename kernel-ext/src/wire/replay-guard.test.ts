import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ReplayGuard } from './replay-guard.js';

it('a replay guard remembers at least its limit, and forgets in the end', () => {
  const guard = new ReplayGuard(10);
  for (let n = 0; n < 100; n++) {
    assert.ok(guard.admit(`s${n}`));
    for (let back = 0; back < 10 && back <= n; back++) assert.ok(!guard.admit(`s${n - back}`));
  }
  assert.ok(guard.admit('s0'));
});
