import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { TestNotebook } from './session-harness.js';

function opened(t: TestContext): TestNotebook {
  const notebook = new TestNotebook();
  t.after(() => notebook.close());
  return notebook;
}

describe('globals whose types are loaded when a cell mentions them', () => {
  it('are known in a file beside the notebook, if no cell mentions them', async (t) => {
    const notebook = opened(t);
    await notebook.file('loads.ts', 'export const kind = typeof onnx.load; export const bad: string = 1 as any;');
    assert.equal(await notebook.value("import { kind } from './loads'; kind"), "'function'");
    await notebook.file('wrong.ts', 'export const kind: number = onnx.load;');
    assert.match(await notebook.failure("import { kind } from './wrong'; kind"), /TS2322/);
  });

  it('add their members to the types of Node, if no cell mentions them', async (t) => {
    const notebook = opened(t);
    await notebook.value('const f = (request: Request) => request.query.txt');
    assert.match(await notebook.failure('const g = (request: Request) => request.queri'), /Did you mean 'query'/);
  });

  it('are proposed for a name that is not known', async (t) => {
    const notebook = opened(t);
    assert.match(await notebook.failure('serv.status()'), /Did you mean 'serve'/);
    assert.equal(await notebook.value('typeof serve.run'), "'function'");
  });

  it('are completed and inspected before a cell mentions them', (t) => {
    const notebook = opened(t);
    assert.ok(notebook.session.complete('on', 2).matches.includes('onnx'));
    assert.deepEqual(notebook.session.complete('onnx.loa', 8).matches, ['load']);
    assert.ok(notebook.session.complete('displ', 5).matches.includes('display'));
    assert.match(String(notebook.session.inspect('serve.run', 8, 0).data['text/plain']), /run/);
  });
});
