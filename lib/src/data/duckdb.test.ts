import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asAsync, makeBlock } from './block.js';
import { Computation } from './computation.js';
import { rethrow } from './duckdb.js';
import { keptPlan, queryPlan, streamPlan } from './plans.js';
import { spool } from './spool.js';

/** Ends the database as an error for lack of memory can, without the work that this takes. */
const endDatabase = (): void => assert.throws(() => rethrow(new Error('FATAL Error: ended')), { code: 'NBS_DATA_QUERY' });

test('rows that were kept in a database that has ended are lost with a code of their own, and new ones are kept', async () => {
  const rows = streamPlan('rows', [], () => asAsync([makeBlock(1, [['a', [1]]])]));
  const kept = new Computation(keptPlan(rows));
  assert.deepEqual(await kept.rows(), [{ a: 1 }]);
  endDatabase();
  await assert.rejects(kept.rows(), { code: 'NBS_DATA_LOST' });
  assert.deepEqual(await new Computation(keptPlan(rows)).rows(), [{ a: 1 }]);
});

test('the reason of a failure is told, and not what fails after it', async (t) => {
  const { TMPDIR } = process.env;
  const restore = (): void => {
    if (TMPDIR === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = TMPDIR;
  };
  t.after(restore);
  // From now on, no database can be opened in which the tables could be dropped.
  const fail = (): never => {
    endDatabase();
    process.env.TMPDIR = '/nowhere/at/all';
    throw new Error('the first reason');
  };
  const block = makeBlock(1, [['a', [1]]]);
  const rows = streamPlan('rows', [], () => asAsync([block]));
  await assert.rejects(new Computation(queryPlan('query', rows, fail)).rows(), /the first reason/);
  restore();
  async function* failing() {
    yield block;
    fail();
  }
  await assert.rejects(spool(failing()), /the first reason/);
});
