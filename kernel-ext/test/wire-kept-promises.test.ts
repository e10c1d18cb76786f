/** Interrupts of a cell that has just begun what later cells use too: that must go on. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { it } from 'node:test';
import { KernelClient } from './fixtures/client.js';

const KINDS = {
  'a cluster that starts': {
    declared: `
      const seven = serve.deployment((_: number) => 7, { name: "seven" }).bind();
      const options = { routePrefix: null };`,
    begun: 'serve.run(seven, options)',
    later: 'await (await serve.run(seven, options)).remote(1)',
  },
  'a run of a model': {
    declared: `
      import { onnx } from 'nbserve/onnx';
      import { Network, nn } from 'nbserve/train';
      const network = new Network(nn.linear(3, 7), { inputShape: [3], device: 'cpu' });
      const model = await onnx.load(network.toOnnx(), { device: 'cpu', runIn: 'loop' });
      const input = onnx.tensor(new Float32Array(3), [1, 3]);`,
    begun: 'model.run({ input })',
    later: '(await model.run({ input })).logits?.dims[1]',
  },
};

for (const [what, { declared, begun, later }] of Object.entries(KINDS)) {
  it(`${what} in a cell that is interrupted then leaves later cells what they need`, async (t) => {
    const cwd = mkdtempSync(path.join(tmpdir(), 'nbs-kept-'));
    t.after(() => rmSync(cwd, { recursive: true, force: true }));
    const kernel = await KernelClient.start({ cwd });
    t.after(() => kernel.kill());
    const first = await kernel.execute(declared);
    assert.equal(first.reply.status, 'ok', JSON.stringify(first.reply));
    const { id, done } = kernel.executing(`const early = ${begun}; early.catch(() => {}); console.log("begun"); for (;;);`);
    await kernel.until(() => kernel.of(id).some(({ content }) => String(content.text).includes('begun')), 'the cell');
    await kernel.interrupt();
    assert.equal((await done).reply.status, 'error');
    const { reply, messages } = await kernel.execute(later);
    assert.equal(reply.status, 'ok', JSON.stringify(reply));
    const result = messages.find(({ type }) => type === 'execute_result');
    assert.deepEqual(result?.content.data, { 'text/plain': '7' });
    await kernel.shutdown();
  });
}
