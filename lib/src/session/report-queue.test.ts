import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { ReportQueue } from './index.js';

const all = async (queue: ReportQueue<number>, work: () => Promise<void>): Promise<number[]> => {
  const reports: number[] = [];
  for await (const report of queue.during(work)) {
    reports.push(report);
    queue.answer(report < 3);
  }
  return reports;
};

test('reports arrive in the order of the calls, also those that nobody awaits and that take time to make', async () => {
  const queue = new ReportQueue<number>();
  const slowly = (report: number) => queue.ask(() => delay(20, report));
  const work = async () => {
    void slowly(1);
    assert.equal(await queue.ask(async () => 2), true);
    void queue.ask(async () => 3);
    void queue.tell(4);
    void slowly(5);
  };
  assert.deepEqual(await all(queue, work), [1, 2, 3, 4, 5]);
});

test('a function that throws has told its reports before; one that cannot be made fails its own call only', async () => {
  const queue = new ReportQueue<number>();
  const seen: number[] = [];
  const work = async () => {
    void queue.ask(() => delay(20, 1));
    await assert.rejects(
      queue.ask(() => Promise.reject(new RangeError('not made'))),
      { message: 'not made' },
    );
    void queue.ask(async () => 2);
    throw new Error('over');
  };
  const read = async () => {
    for await (const report of queue.during(work)) seen.push(report);
  };
  await assert.rejects(read(), { message: 'over' });
  assert.deepEqual(seen, [1, 2]);
});
