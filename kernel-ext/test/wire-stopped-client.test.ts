import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { KernelClient } from './fixtures/client.js';

const LISTENER = fileURLToPath(new URL('./fixtures/listener.js', import.meta.url));

/** More than waits for clients before the pipes are paused, and what may wait in the queue and the buffers of the stopped client. */
const SIZE = 50_000_000;

describe('while another client has stopped', () => {
  /** A kernel of its own for each test, because nobody waits for long in the minute after the first wait. */
  const start = async (t: TestContext): Promise<KernelClient> => {
    const kernel = await KernelClient.start();
    t.after(() => kernel.kill());
    const stopped = fork(LISTENER, [kernel.file]);
    t.after(() => stopped.kill('SIGKILL'));
    await once(stopped, 'message');
    stopped.kill('SIGSTOP');
    return kernel;
  };

  it('an interrupt reaches a cell that writes much at once, and its variables stay', async (t) => {
    const kernel = await start(t);
    await kernel.execute('import { writeSync } from "node:fs"; const kept = 7;');
    const cell = kernel.executing(`writeSync(1, Buffer.alloc(${SIZE}, "x")); for (;;);`);
    await kernel.until(() => kernel.of(cell.id).some(({ type }) => type === 'stream'), 'the first print');
    await kernel.interrupt();
    const { reply } = await cell.done;
    assert.deepEqual([reply.status, reply.ename], ['error', 'KeyboardInterrupt']);
    assert.match((await kernel.execute('console.log(kept)')).text(), /7\n$/);
  });

  it('a Node process, which makes the pipe non-blocking, can print much before anybody has waited long enough', async (t) => {
    const kernel = await start(t);
    const folder = mkdtempSync(join(tmpdir(), 'nbserve-seen-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const seen = join(folder, 'seen');
    const printer = `process.stdout.write('x'.repeat(${SIZE}), () => fs.writeFileSync(${JSON.stringify(seen)}, ''))`;
    const cell = kernel.executing(`import { spawn } from "node:child_process"; import { once } from "node:events";
await once(spawn(process.execPath, ["-e", ${JSON.stringify(printer)}], { stdio: "inherit" }), "exit");`);
    const isLost = (): boolean => /a client has read nothing/.test(kernel.stderr);
    // No message comes meanwhile.
    while (!existsSync(seen) && !isLost()) await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(isLost(), false);
    const { text } = await cell.done;
    assert.equal(text().length, SIZE);
  });
});
