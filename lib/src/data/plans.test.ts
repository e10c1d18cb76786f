import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isStable } from './plan.js';
import { filterPlan, sourcePlan } from './plans.js';

test('a condition that depends on chance or on the time is not the same each time', () => {
  const source = sourcePlan('rows', () => 'SELECT 1');
  const isStableWith = (condition: string) => isStable(filterPlan(source, condition));
  for (const condition of [
    'random() < 0.5',
    'at < now()',
    'at < current_timestamp',
    'day = CURRENT_DATE',
    'at < get_current_timestamp()',
    'day = today()',
    'at < localtimestamp - INTERVAL 1 DAY',
    'age(at) > INTERVAL 1 YEAR',
    'id IN (SELECT id FROM range(9) t(id) USING SAMPLE 3)',
  ])
    assert.equal(isStableWith(condition), false, condition);
  for (const condition of ['id > 2', 'known = 1', 'age > 30', 'age IN (1, 2)', 'currently = 1'])
    assert.equal(isStableWith(condition), true, condition);
});
