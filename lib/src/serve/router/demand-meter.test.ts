import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Demand } from '../protocol/index.js';
import { DemandMeter } from './demand-meter.js';

test('a request that is refused is told at once after none, as one for each interval, and then as over', (t) => {
  let now = 0;
  const told: Demand[] = [];
  const meter = new DemandMeter(
    100,
    () => 0,
    (demand) => told.push(demand) > 0,
    () => now,
  );
  t.after(() => meter.stop());
  meter.knock();
  meter.knock();
  meter.knock();
  assert.deepEqual(
    told.map((demand) => demand.now),
    [1],
  );
  for (const at of [50, 100, 150, 200]) {
    now = at;
    meter.sample();
  }
  assert.deepEqual(
    told.map((demand) => demand.now),
    [1, 1, 0],
    'those that came after the first report are one more',
  );
  meter.knock();
  assert.equal(told.at(-1)?.now, 1);
});
