/** Interrupts that come while the kernel loads what it needs later: that work must not be lost. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { processTable } from '../dist/children/index.js';
import { KernelClient } from './fixtures/client.js';
import { gone } from './fixtures/processes.js';

/** Longer than the silence after which everything that user code has called may be terminated. */
const SLOW_MS = 1500;

/** Loads a package as slowly as a busy machine does. */
const slowly = (name: string): string => `
const Module = require('node:module');
const { isMainThread } = require('node:worker_threads');
const { writeSync } = require('node:fs');
const load = Module._load;
let begun = false;
Module._load = function (id, ...rest) {
  if (id === ${JSON.stringify(name)} && isMainThread && !begun) {
    begun = true;
    writeSync(2, 'loads ' + id);
    for (const end = performance.now() + ${SLOW_MS}; performance.now() < end; );
  }
  return load.call(this, id, ...rest);
};`;

describe('a kernel goes on', () => {
  let cwd: string;
  let kernel: KernelClient;
  before(async () => {
    cwd = mkdtempSync(path.join(tmpdir(), 'nbs-own-'));
    kernel = await KernelClient.start({ cwd });
  });
  after(async () => {
    await kernel.kill();
    rmSync(cwd, { recursive: true });
  });
  const resultOf = async (code: string): Promise<unknown> => {
    const { reply, messages } = await kernel.execute(code);
    assert.equal(reply.status, 'ok', JSON.stringify(reply));
    return messages.find(({ type }) => type === 'execute_result')?.content.data;
  };

  it('with a file that awaits and that an interrupt has ended while it was loaded', async () => {
    writeFileSync(
      path.join(cwd, 'side.ts'),
      "await null;\nif ((globalThis as { blocks?: boolean }).blocks) {\n  console.log('in');\n  for (;;) {}\n}\nexport const side = 1;\n",
    );
    await kernel.execute('(globalThis as { blocks?: boolean }).blocks = true');
    const cell = kernel.executing("import { side } from './side';\nside");
    await kernel.until(() => kernel.of(cell.id).some(({ type }) => type === 'stream'), 'the file');
    await kernel.interrupt();
    assert.equal((await cell.done).reply.ename, 'KeyboardInterrupt');
    await kernel.execute('(globalThis as { blocks?: boolean }).blocks = false');
    assert.deepEqual(await resultOf("import { side } from './side';\nside"), { 'text/plain': '1' });
  });

  it('with a compiler whose process was killed', async () => {
    assert.deepEqual(await resultOf('enum First { x = 1 }\nFirst.x'), { 'text/plain': '1' });
    const compilers = processTable().filter(({ parent, isService }) => parent === kernel.child.pid && isService === true);
    assert.ok(compilers.length > 0);
    for (const { pid } of compilers) process.kill(pid, 'SIGKILL');
    await gone(compilers.map(({ pid }) => pid));
    assert.deepEqual(await resultOf('enum Second { x = 2 }\nSecond.x'), { 'text/plain': '2' });
  });

  it('with a file that is compiled when an interrupt comes', async () => {
    const lines = Array.from({ length: 20_000 }, (_, i) => `export const value${i}: number = ${i};`);
    writeFileSync(path.join(cwd, 'large.ts'), lines.join('\n'));
    const cell = kernel.executing("const name: string = 'large';\nconsole.log('in');\nawait import('./' + name + '.ts')");
    await kernel.until(() => kernel.of(cell.id).some(({ type }) => type === 'stream'), 'the import');
    await kernel.interrupt();
    await cell.done;
    assert.deepEqual(await resultOf('enum Third { x = 3 }\nThird.x'), { 'text/plain': '3' });
  });
});

describe('an interrupt of a kernel that loads', () => {
  for (const name of ['esbuild', '@babel/parser']) {
    it(`leaves ${name} as it is, which the first deployment needs`, async (t) => {
      const cwd = mkdtempSync(path.join(tmpdir(), 'nbs-own-'));
      t.after(() => rmSync(cwd, { recursive: true, force: true }));
      const hook = path.join(cwd, 'node_modules', 'slow', 'index.cjs');
      mkdirSync(path.dirname(hook), { recursive: true });
      writeFileSync(hook, slowly(name));
      const kernel = await KernelClient.start({ cwd, env: { NODE_OPTIONS: `--require ${hook}` } });
      t.after(() => kernel.kill());
      await kernel.until(() => kernel.stderr.includes(`loads ${name}`), 'the load');
      await kernel.interrupt();
      const code =
        'const handle = await serve.run(serve.deployment((_: number) => 7, { name: "seven" }).bind(), { routePrefix: null }); await handle.remote(1)';
      const { reply, messages } = await kernel.execute(code);
      assert.equal(reply.status, 'ok', JSON.stringify(reply));
      const result = messages.find(({ type }) => type === 'execute_result');
      assert.deepEqual(result?.content.data, { 'text/plain': '7' });
      await kernel.shutdown();
    });
  }
});
