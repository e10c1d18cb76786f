import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { KernelClient, STUB_KERNEL } from './fixtures/client.js';

const CASES: Readonly<Record<string, string>> = {
  'a synchronous loop': 'console.log("in"); for (;;);',
  'an await, then a loop': 'await null; console.log("in"); for (;;);',
  'a pending await': 'console.log("in"); await new Promise(() => {});',
  'a loop in a timer callback': 'await new Promise(() => setTimeout(() => { console.log("in"); for (;;); }, 10));',
  'a loop in an immediate': 'await new Promise(() => setImmediate(() => { console.log("in"); for (;;); }));',
  'a loop after a tick': 'await new Promise(() => process.nextTick(() => { console.log("in"); for (;;); }));',
  'awaits without end': 'console.log("in"); for (;;) await null;',
  'prints without end': 'for (;;) console.log("in".repeat(500));',
  'a question': 'console.log("in"); await input("?");',
};

describe('an interrupt', () => {
  let kernel: KernelClient;
  before(async () => {
    kernel = await KernelClient.start({ entry: STUB_KERNEL });
    await kernel.execute('globalThis.state = { kept: 0 }');
  });
  after(() => kernel.kill());

  let runs = 0;
  for (const [name, code] of Object.entries(CASES)) {
    it(`ends ${name}, and state is kept`, async () => {
      const cell = kernel.executing(`state.kept++; ${code}`, { allow_stdin: true });
      await kernel.until(() => kernel.of(cell.id).some(({ type }) => type === 'stream'), 'the cell');
      await kernel.beat();
      await kernel.interrupt();
      const { reply } = await cell.done;
      assert.equal(reply.ename, 'KeyboardInterrupt');
      const next = await kernel.execute('state.kept');
      assert.deepEqual(next.messages[2]?.content.data, { 'text/plain': String(++runs) });
      const later = await kernel.execute('await new Promise((resolve) => setTimeout(resolve, 5)); console.log("timers go on")');
      assert.equal(later.text(), 'timers go on\n');
    });
  }

  it('ends a loop of a finished cell, and the cell that waits for it runs', async () => {
    const first = await kernel.execute('setTimeout(() => { console.log("in"); for (;;); }, 1); 1');
    await kernel.until(() => kernel.of(first.id).some(({ type }) => type === 'stream'), 'the loop');
    const second = kernel.executing('2');
    await kernel.interrupt();
    assert.equal((await second.done).reply.status, 'ok');
  });

  it('changes nothing if there is nothing to end', async () => {
    await kernel.interrupt();
    assert.equal((await kernel.execute('1')).reply.status, 'ok');
  });

  const busy = '{ console.log("in"); const end = Date.now() + 100; while (Date.now() < end); }';
  const turns = {
    'in a timer': `setTimeout(() => ${busy}, 1); 1`,
    'in a turn of its own': `void input("?").then(() => ${busy}); 1`,
  };
  for (const [where, code] of Object.entries(turns)) {
    it(`that overtakes its cell, because the kernel was busy ${where}, ends it nevertheless`, async () => {
      kernel.onInput = () => 'yes';
      let hasEnded = false;
      // On a busy machine, the interrupt can arrive when the kernel is idle already, and then it ends nothing.
      for (let tries = 1; !hasEnded && tries <= 10; tries += 1) {
        const first = await kernel.execute(code, { allow_stdin: true });
        await kernel.until(() => kernel.of(first.id).some(({ type }) => type === 'stream'), 'the loop');
        const interrupted = kernel.interrupt();
        const cell = kernel.executing('for (;;);');
        hasEnded = await Promise.race([cell.done.then(() => true), sleep(2000, false)]);
        if (!hasEnded) await kernel.interrupt();
        assert.equal((await cell.done).reply.ename, 'KeyboardInterrupt');
        await interrupted;
        assert.equal((await kernel.execute('1')).reply.status, 'ok');
      }
      assert.ok(hasEnded);
      kernel.onInput = () => undefined;
    });
  }

  it('drops the cells that were queued', async () => {
    const cell = kernel.executing('console.log("in"); for (;;);');
    const queued = kernel.executing('1');
    await kernel.until(() => kernel.of(cell.id).some(({ type }) => type === 'stream'), 'the cell');
    await kernel.interrupt();
    assert.equal((await cell.done).reply.status, 'error');
    assert.equal((await queued.done).reply.status, 'aborted');
  });

  it('as SIGINT ends a pending await, and not the kernel', async () => {
    const cell = kernel.executing('console.log("in"); await new Promise(() => {});');
    await kernel.until(() => kernel.of(cell.id).some(({ type }) => type === 'stream'), 'the cell');
    kernel.child.kill('SIGINT');
    assert.equal((await cell.done).reply.ename, 'KeyboardInterrupt');
    assert.equal((await kernel.execute('1')).reply.status, 'ok');
  });
});
