/** Interrupts that come while the kernel loads what it needs later: that work must not be lost. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import { KernelClient } from './fixtures/client.js';

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
