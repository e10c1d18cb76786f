import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { TestNotebook } from './session-harness.js';

/** Data sets in cells, with real workers. */
describe('data sets in cells', () => {
  const notebook = new TestNotebook();
  after(() => notebook.close());

  it('sends a class that is written in the call, with what it uses from other cells', async () => {
    await notebook.file('trips.csv', 'id,tip\n1,2.5\n2,7\n3,0\n');
    await notebook.value(
      "import { type Batch, data } from 'nbserve/data';\nconst factor = 10; function scaled(n: number) { return n * factor; }",
    );
    await notebook.value(
      `interface Trip { id: number; tip: number }\nconst trips = data.readCsv<Trip>(${JSON.stringify(`${notebook.folder}/trips.csv`)});`,
    );
    const shown = await notebook.value(`const more = trips.mapBatches(
  class {
    constructor(private readonly add: number) {}
    call(batch: Batch<Trip>) {
      return { id: batch.id, more: Array.from(batch.id, (n) => scaled(n) + this.add), here: [...batch.id].map(() => process.pid) };
    }
  },
  { fnConstructorArgs: [1], concurrency: 2, batchSize: 2 },
);
const rows = await more.takeAll();
({ more: rows.map((row) => row.more), here: rows.some((row) => row.here === process.pid) })`);
    assert.equal(shown, '{ more: [ 11, 21, 31 ], here: false }');
  });

  it('sends functions that are written in the call', async () => {
    const shown = await notebook.value(`const big = trips
  .mapBatches((batch) => ({ id: batch.id, twice: Float64Array.from(batch.tip, (tip) => scaled(tip)) }), { concurrency: 1 })
  .filter((row) => row.twice > factor, { concurrency: 1 });
await big.takeAll()`);
    assert.equal(shown, '[ { id: 1, twice: 25 }, { id: 2, twice: 70 } ]');
  });

  it('shows the line of a function that throws in a worker, or here', async () => {
    const cell = (options: string) => `await trips
  .mapBatches((batch) => {
    throw new Error('no batch today');
    return batch;
  }${options})
  .takeAll()`;
    const line = /Error: no batch today\n[\s\S]*> 3 \| {5}throw new Error\('no batch today'\)/;
    assert.match(await notebook.failure(cell(', { concurrency: 1 }')), line);
    assert.match(await notebook.failure(cell('')), line);
  });

  it('knows the types of columns', async () => {
    assert.match(await notebook.failure('await trips.map((row) => ({ x: row.tipp })).take()'), /tipp/);
    assert.match(await notebook.failure("await trips.select('tipp').take()"), /tipp/);
  });

  it('shows a data set as a table with its schema', async () => {
    const { outcome } = await notebook.run('trips');
    assert.ok(outcome.status === 'ok');
    assert.match(String(outcome.result?.data['text/plain']), /^id +tip\nBIGINT +DOUBLE\n/);
    assert.match(String(outcome.result?.data['text/html']), /<table>/);
  });
});
