/** Interrupts of a cell that has just begun what later cells use too: that must go on. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { it } from 'node:test';
import { KernelClient } from './fixtures/client.js';

it('a cluster that an interrupted cell has begun to start is there for later cells', async (t) => {
  const cwd = mkdtempSync(path.join(tmpdir(), 'nbs-kept-'));
  t.after(() => rmSync(cwd, { recursive: true, force: true }));
  const kernel = await KernelClient.start({ cwd });
  t.after(() => kernel.kill());
  const declared = await kernel.execute(
    'const seven = serve.deployment((_: number) => 7, { name: "seven" }).bind(); const options = { routePrefix: null };',
  );
  assert.equal(declared.reply.status, 'ok', JSON.stringify(declared.reply));
  const { id, done } = kernel.executing(
    'const early = serve.run(seven, options); early.catch(() => {}); console.log("begun"); for (;;);',
  );
  await kernel.until(() => kernel.of(id).some(({ content }) => String(content.text).includes('begun')), 'the cell');
  await kernel.interrupt();
  assert.equal((await done).reply.status, 'error');
  const { reply, messages } = await kernel.execute('await (await serve.run(seven, options)).remote(1)');
  assert.equal(reply.status, 'ok', JSON.stringify(reply));
  const result = messages.find(({ type }) => type === 'execute_result');
  assert.deepEqual(result?.content.data, { 'text/plain': '7' });
  await kernel.shutdown();
});
