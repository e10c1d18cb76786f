import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { TestNotebook } from './session-harness.js';

describe('completion, inspection, interrupt', () => {
  const notebook = new TestNotebook();
  before(() => notebook.value('const longName = { inner: 1, outer() { return 2 } };'));
  after(() => notebook.close());
  const matches = (code: string) => notebook.session.complete(code, code.length).matches;

  it('completes', () => {
    assert.deepEqual(matches('longName.').sort(), ['inner', 'outer']);
    assert.equal(matches('!ls\nlongN')[0], 'longName');
    assert.ok(matches('serve.').includes('run'));
    assert.ok(matches('import x from "node:f').includes('node:fs'));
    assert.deepEqual(matches('%serve s'), ['%serve status', '%serve shutdown']);
    assert.ok(matches('').every((name) => !name.startsWith('__nbs')));
  });

  it('inspects names and calls', () => {
    const { found, data } = notebook.session.inspect('longName', 3, 0);
    assert.ok(found);
    assert.match(String(data['text/plain']), /const longName: \{/);
    const code = 'longName.outer(';
    assert.match(String(notebook.session.inspect(code, code.length, 0).data['text/plain']), /outer\(\): number/);
    assert.match(String(notebook.session.inspect('serve.run', 8, 1).data['text/markdown']), /Runs an application/);
    assert.match(String(notebook.session.inspect('console.log', 11, 0).data['text/plain']), /Prints to `stdout` with newline/);
    assert.equal(notebook.session.inspect('  ', 1, 0).found, false);
  });

  it('says whether a cell is complete', () => {
    const { session } = notebook;
    assert.deepEqual(session.isComplete('!ls'), { status: 'complete' });
    assert.deepEqual(session.isComplete('if (x) {'), { status: 'incomplete', indent: '  ' });
    assert.deepEqual(session.isComplete('await f();'), { status: 'complete' });
    assert.deepEqual(session.isComplete('x ]'), { status: 'invalid' });
    for (const magic of ['%%bash', '%%time', '%%timeit -n 3', '%%capture x', '%%time\n1 + 1', '%%capture\n%%bash']) {
      assert.deepEqual(session.isComplete(magic), { status: 'incomplete', indent: '' }, magic);
      assert.deepEqual(session.isComplete(`${magic}\n`), { status: 'complete' }, magic);
    }
    assert.deepEqual(session.isComplete('%%time\nif (x) {\n'), { status: 'incomplete', indent: '  ' });
    for (const help of ['%%time?', '%%capture?', '%%timeit??'])
      assert.deepEqual(session.isComplete(help), { status: 'complete' }, help);
  });

  it('ends a cell that waits', async () => {
    const cell = notebook.run('await new Promise(() => {})');
    let ended: Awaited<typeof cell> | undefined;
    void cell.then((run) => {
      ended = run;
    });
    while (ended === undefined) {
      notebook.session.interrupt();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.equal(ended.outcome.status === 'error' && ended.outcome.ename, 'KeyboardInterrupt');
    assert.equal(await notebook.value('longName.inner'), '1');
  });

  it('queues cells', async () => {
    const slow = notebook.value('await new Promise((r) => setTimeout(r, 10)); const made = 1;');
    assert.equal(await notebook.value('made'), '1');
    await slow;
  });
});
