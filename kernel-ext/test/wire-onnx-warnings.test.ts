import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { encodeModel, onnx } from 'nbserve/onnx';
import { KernelClient } from './fixtures/client.js';
import { notebookOf, run, textOf } from './fixtures/runner.js';

const WARNING = /\[W:onnxruntime:.*Removing initializer 'unused'/;

/** A model that ONNX Runtime warns of: no node uses one of its weights. */
const MODEL = encodeModel({
  name: 'warns',
  inputs: [{ name: 'x', type: 'float32', shape: ['n'] }],
  outputs: [{ name: 'y', type: 'float32', shape: ['n'] }],
  nodes: [{ op: 'Relu', inputs: ['x'], outputs: ['y'] }],
  weights: { unused: onnx.tensor([1, 2]) },
});

describe('warnings of ONNX Runtime', () => {
  const folder = mkdtempSync(join(tmpdir(), 'nbserve-warns-'));
  const file = JSON.stringify(join(folder, 'warns.onnx'));
  let kernel: KernelClient;

  before(async () => {
    writeFileSync(join(folder, 'warns.onnx'), MODEL);
    kernel = await KernelClient.start({ cwd: folder });
    await kernel.execute("import { onnx } from 'nbserve/onnx';");
  });
  after(async () => {
    await kernel.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  it('reach the cell that loads the model', async () => {
    const cell = await kernel.execute(`console.error('before'); const model = await onnx.load(${file}); console.error('after');`);
    assert.equal(cell.reply.status, 'ok', JSON.stringify(cell.reply));
    assert.match(cell.text('stderr').replaceAll('\n', ' '), /before .*Removing initializer 'unused'.* after/);
    assert.equal((await kernel.execute('model.name')).text('stderr'), '');
  });

  it('are left out if the log level of the model is higher', async () => {
    for (const level of ['error', 'fatal']) {
      const cell = await kernel.execute(`await onnx.load(${file}, { logLevel: '${level}' }); 0`);
      assert.equal(cell.reply.status, 'ok', JSON.stringify(cell.reply));
      assert.equal(cell.text('stderr'), '');
    }
    const wrong = await kernel.execute(`await onnx.load(${file}, { logLevel: 'quiet' as never });`);
    assert.match(JSON.stringify(wrong.reply), /NBS_INVALID_OPTION.*logLevel.*one of verbose, info, warning, error, fatal/);
  });

  it('of a replica reach the cell that runs the application', async () => {
    const { id, done } = kernel.executing(`const Warns = serve.deployment(class Warns {
  readonly model = onnx.load(${file});
  async name() { return (await this.model).name }
});
const warns = await serve.run(Warns.bind(), { name: 'warns', routePrefix: null }); await warns.name.remote()`);
    const { reply } = await done;
    assert.equal(reply.status, 'ok', JSON.stringify(reply));
    const printed = (): string =>
      kernel
        .of(id)
        .map(({ content }) => String(content.text ?? ''))
        .join('');
    await kernel.until(() => WARNING.test(printed()), 'the warning');
    assert.match(printed(), /^\(Warns#[^)]+\) .*Removing initializer/m);
  });

  it('are in an executed notebook', async (t) => {
    const { code, stderr, notebook } = await run(
      t,
      notebookOf(["import { onnx } from 'nbserve/onnx';", `const model = await onnx.load(${file});`, '1']),
    );
    assert.equal(code, 0, stderr);
    assert.deepEqual(
      notebook?.cells.map((cell) => WARNING.test(textOf(cell, 'stderr'))),
      [false, true, false],
    );
  });
});
