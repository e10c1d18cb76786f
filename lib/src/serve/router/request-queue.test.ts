import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Linked, LinkedList } from './linked-list.js';
import { BATCH_TURN, RequestQueue, type Waiting } from './request-queue.js';

class Entry implements Waiting {
  listNext: Linked | null = null;
  listPrevious: Linked | null = null;
  inList: LinkedList | null = null;
  arrival = 0;
  constructor(
    readonly name: number,
    readonly isBatch: boolean,
  ) {}
}

const takeAll = (queue: RequestQueue<Entry>): Entry[] => {
  const taken: Entry[] = [];
  for (let entry = queue.shift(); entry !== null; entry = queue.shift()) taken.push(entry);
  return taken;
};

test('interactive requests go first, and one of so many is a batch one', () => {
  const queue = new RequestQueue<Entry>();
  for (let i = 0; i < 4; i += 1) queue.push(new Entry(i, true));
  for (let i = 0; i < 3 * BATCH_TURN; i += 1) queue.push(new Entry(100 + i, false));
  const taken = takeAll(queue);
  const places = taken.flatMap(({ isBatch }, place) => (isBatch ? [place] : []));
  assert.deepEqual(places, [BATCH_TURN - 1, 2 * BATCH_TURN - 1, 3 * BATCH_TURN - 1, 3 * BATCH_TURN + 3]);
  assert.deepEqual(
    taken.filter(({ isBatch }) => isBatch).map(({ name }) => name),
    [0, 1, 2, 3],
  );
});

test('against lists: each kind is first in, first out; those that came back go first; the youngest batch request is found', () => {
  const action = fc.oneof(
    fc.record({ do: fc.constant('push' as const), isBatch: fc.boolean() }),
    fc.record({ do: fc.constant('unshift' as const), isBatch: fc.boolean() }),
    fc.record({ do: fc.constant('remove' as const), n: fc.nat(20) }),
    fc.record({ do: fc.constant('shift' as const) }),
    fc.record({ do: fc.constant('youngest' as const) }),
  );
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
      const queue = new RequestQueue<Entry>();
      const all: Entry[] = [];
      const model = { false: [[], []], true: [[], []] } as Record<`${boolean}`, [Entry[], Entry[]]>;
      const flat = (isBatch: boolean): Entry[] => model[`${isBatch}`].flat();
      const drop = (entry: Entry | null): void => {
        for (const list of [...model.true, ...model.false]) {
          const at = entry === null ? -1 : list.indexOf(entry);
          if (at >= 0) list.splice(at, 1);
        }
      };
      for (const step of actions) {
        if (step.do === 'push' || step.do === 'unshift') {
          const entry = new Entry(all.length, step.isBatch);
          all.push(entry);
          queue[step.do](entry);
          model[`${step.isBatch}`][step.do === 'unshift' ? 0 : 1].push(entry);
        } else if (step.do === 'remove') {
          const entry = all[step.n];
          if (entry !== undefined) queue.remove(entry);
          drop(entry ?? null);
        } else if (step.do === 'shift') {
          const { first } = queue;
          const taken = queue.shift();
          assert.equal(taken, first);
          if (taken === null) assert.equal(flat(true).length + flat(false).length, 0);
          else assert.equal(taken, flat(taken.isBatch)[0]);
          if (flat(false).length > 0 && flat(true).length === 0) assert.equal(taken?.isBatch, false);
          drop(taken);
        } else {
          const youngest = model.true[1].at(-1) ?? null;
          assert.equal(queue.youngestBatch, youngest);
          if (youngest !== null) queue.remove(youngest);
          drop(youngest);
        }
        assert.equal(queue.size, flat(true).length + flat(false).length);
      }
      const left = takeAll(queue);
      for (const isBatch of [true, false])
        assert.deepEqual(
          left.filter((entry) => entry.isBatch === isBatch),
          flat(isBatch),
        );
    }),
  );
});
