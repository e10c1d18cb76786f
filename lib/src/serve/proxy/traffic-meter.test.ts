import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TrafficReport } from '../protocol/index.js';
import { TrafficMeter } from './traffic-meter.js';

const rule = (id: number, prefix = '/c') => ({ prefix, rule: id, reportMs: 100 });

test('it tells while there is anything to tell, keeps what the controller could not take, and is silent else', () => {
  const timers: { ms: number; action: () => void }[] = [];
  const reports: TrafficReport[] = [];
  let away = true;
  const meter = new TrafficMeter({
    send: (report) => {
      if (!away) reports.push(structuredClone(report));
      return !away;
    },
    after: (ms, action) => void timers.push({ ms, action }),
  });
  const tick = (): void => timers.shift()?.action();

  assert.equal(timers.length, 0);
  meter.record(rule(1), 'v1', false, 1);
  meter.record(rule(1), 'v2', true, 1);
  assert.deepEqual(
    timers.map(({ ms }) => ms),
    [100],
  );
  tick();
  meter.record(rule(1), 'v2', false, 2000);
  meter.record(rule(2), 'v2', false, 1);
  meter.recordUncopied(rule(2), 'dropped');
  away = false;
  tick();
  assert.equal(reports.length, 1);
  const [first, second] = reports[0] ?? [];
  assert.deepEqual([first?.rule, second?.rule], [1, 2]);
  assert.equal(first?.versions.v1?.requests, 1);
  assert.deepEqual([first?.versions.v2?.requests, first?.versions.v2?.failures], [2, 1]);
  assert.equal(Object.values(first?.versions.v2?.latencies ?? {}).length, 2);
  assert.deepEqual([first?.mirror, second?.mirror?.dropped], [null, 1]);
  assert.equal(timers.length, 0);
  meter.recordCopy(rule(1), false, 1);
  tick();
  assert.deepEqual([reports.length, reports[1]?.[0]?.mirror?.requests], [2, 1]);
  assert.equal(timers.length, 0);
});
