import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import { KernelClient } from './fixtures/client.js';

/** A first cell that defines a deployment and runs it. */
const FIRST: Readonly<Record<string, string>> = {
  'a class':
    'const handle = await serve.run(serve.deployment(class Seven { ask(_: number) { return 7 } }).bind(), OPTIONS); await handle.ask.remote(1)',
  'a function':
    'const handle = await serve.run(serve.deployment((_: number) => 7, { name: "seven" }).bind(), OPTIONS); await handle.remote(1)',
  'imports of nbserve':
    'import { serve } from "nbserve"; import { onnx } from "nbserve/onnx"; const Seven = serve.deployment(class Seven { t = onnx.tensor([7]); ask(_: number) { return this.t.data[0] } }); const handle = await serve.run(Seven.bind(), OPTIONS); await handle.ask.remote(1)',
  'the import of a file':
    'import { seven } from "./seven"; const Seven = serve.deployment(class Seven { ask(_: number) { return seven } }); const handle = await serve.run(Seven.bind(), OPTIONS); await handle.ask.remote(1)',
};

describe('a kernel that is just ready', () => {
  for (const [name, code] of Object.entries(FIRST)) {
    // Node resolves links wrongly after a look at a pipe, so that the notebook's nbserve was loaded twice, and knew only half of the cells.
    for (const before of ['', 'import { statSync } from "node:fs"; statSync("pipe");']) {
      it(`serves from ${before === '' ? 'its first cell' : 'a cell after a look at a pipe'}: ${name}`, async (t) => {
        const cwd = mkdtempSync(path.join(tmpdir(), 'nbs-first-'));
        t.after(() => rmSync(cwd, { recursive: true, force: true }));
        writeFileSync(path.join(cwd, 'seven.ts'), 'export const seven: number = 7;\n');
        execFileSync('mkfifo', [path.join(cwd, 'pipe')]);
        const kernel = await KernelClient.start({ cwd });
        t.after(() => kernel.kill());
        const looked = before === '' ? undefined : kernel.execute(before);
        const { reply, messages } = await kernel.execute(code.replace('OPTIONS', '{ routePrefix: null }'));
        assert.equal((await looked)?.reply.status ?? 'ok', 'ok');
        assert.equal(reply.status, 'ok', JSON.stringify(reply));
        const result = messages.find(({ type }) => type === 'execute_result');
        assert.deepEqual(result?.content.data, { 'text/plain': '7' });
        await kernel.shutdown();
      });
    }
  }
});
