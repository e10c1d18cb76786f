import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type CellRun, TestNotebook } from './session-harness.js';

/** What replicas print during a call appears below the cell that called. */
describe('output of calls', () => {
  const notebook = new TestNotebook();
  let ran: CellRun;

  before(async () => {
    ran = await notebook.run(`const Inner = serve.deployment(class Inner {
  say(text: string) { console.log('inner', text); return text }
});
const Printer = serve.deployment(class Printer {
  inner;
  constructor({ inner }: { inner: any }) { this.inner = inner; console.log('constructed') }
  say(text: string) { console.log(text); console.error(text + ' failed'); return text }
  async late(text: string) { await new Promise((resolve) => setTimeout(resolve, 20)); console.log('late', text); return text }
  *items() { console.log('first'); yield 1; console.log('second'); yield 2 }
  pieces() { process.stdout.write('a'); process.stdout.write('b\\nc\\n'); process.stdout.write(Buffer.from('dé\\ne')); console.log() }
  long(length: number) { console.log('x'.repeat(length)); return length }
  async nested(text: string) { return await this.inner.say.remote(text) }
  @serve.batch({ maxBatchSize: 4, batchWaitTimeout: '20ms' })
  async many(texts: string[]) { console.log('batch of', texts.join()); return texts }
  async fetch(request: Request) { console.log('by http'); await Promise.resolve(); console.log('and after'); return 'ok' }
});
const printer = await serve.run(Printer.bind({ inner: Inner.bind() }), { name: 'printer', routePrefix: '/printer' });`);
    assert.equal(ran.outcome.status, 'ok', JSON.stringify(ran.outcome));
  });
  after(() => notebook.close());

  const lines = (cell: CellRun): string[] =>
    [...cell.text().matchAll(/^\((?:Printer|Inner)#[^)]+\) (.*)$/gm)].map(([, text]) => text as string);

  it('of a constructor appears below the cell that ran the application', () => {
    assert.deepEqual(lines(ran), ['constructed']);
  });

  it('appears below the cell that called, on both streams, also behind an await', async () => {
    const cell = await notebook.run("await printer.say.remote('hello'); await printer.late.remote('on')");
    assert.deepEqual(lines(cell).sort(), ['hello', 'hello failed', 'late on']);
  });

  it('by HTTP appears below the cell that ran the application', async () => {
    const cell = await notebook.run('await (await fetch(printer.url)).text()');
    assert.deepEqual(lines(cell), []);
    assert.deepEqual(lines(ran), ['constructed', 'by http', 'and after']);
  });

  it('keeps calls of several cells apart', async () => {
    const first = await notebook.run("const calls = [1, 2, 3].map((n) => printer.late.remote('first' + n)); 0");
    const second = await notebook.run(
      "await Promise.all([1, 2, 3].map((n) => printer.late.remote('second' + n))); await Promise.all(calls)",
    );
    assert.deepEqual(lines(first).sort(), ['late first1', 'late first2', 'late first3']);
    assert.deepEqual(lines(second).sort(), ['late second1', 'late second2', 'late second3']);
  });

  it('of a generator appears below the cell that reads it', async () => {
    const cell = await notebook.run('for await (const item of printer.items.remote()) console.log(item)');
    assert.deepEqual(lines(cell).sort(), ['first', 'second']);
  });

  it('of pieces of lines, of bytes and of very long lines is whole', async () => {
    assert.deepEqual(lines(await notebook.run('await printer.pieces.remote()')), ['ab', 'c', 'dé', 'e']);
    const cell = await notebook.run('await printer.long.remote(200_000)');
    assert.equal(lines(cell).join(''), 'x'.repeat(200_000));
  });

  it('of a call that the call makes appears below the same cell', async () => {
    assert.deepEqual(lines(await notebook.run("await printer.nested.remote('deep')")), ['inner deep']);
  });

  it('of a batch appears below the cell whose calls it has', async () => {
    const cell = await notebook.run("await Promise.all(['a', 'b'].map((text) => printer.many.remote([text])))");
    assert.deepEqual(lines(cell), ['batch of a,b']);
  });

  it('has no mark in the log file', async () => {
    const cell = await notebook.run('!nbserve logs printer 2>&1 | cat -v');
    assert.doesNotMatch(cell.text(), /nbserve;|\^\[/);
  });
});
