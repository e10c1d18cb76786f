import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Demand } from '../protocol/index.js';
import { DemandMeter, meterFor } from './demand-meter.js';

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

test('if the interval changes when load has just ended, the new meter says so', (t) => {
  const told: number[] = [];
  let load = 3;
  const send = ({ now }: Demand) => told.push(now) > 0;
  const slow = meterFor(null, 3_600_000, () => load, send);
  load = 0;
  const quick = meterFor(slow, 50, () => load, send);
  t.after(() => quick?.stop());
  assert.deepEqual(told, [3, 0]);
});
