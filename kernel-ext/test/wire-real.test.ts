import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { KernelClient } from './fixtures/client.js';

const CASES: Readonly<Record<string, string>> = {
  'a synchronous loop': 'console.log("in"); for (;;) {}',
  'an await, then a loop': 'await null; console.log("in"); for (;;) {}',
  'a pending await': 'console.log("in"); await new Promise(() => {});',
  'a loop in a timer callback': 'await new Promise(() => setTimeout(() => { console.log("in"); for (;;) {} }, 10));',
};

describe('the real kernel', () => {
  let kernel: KernelClient;
  before(async () => {
    kernel = await KernelClient.start();
  });
  after(() => kernel.kill());

  it('ends the cell if it is interrupted while it loads, and can run the next', async () => {
    const early = kernel.executing('for (;;) {}');
    // The two come on two sockets. If the interrupt is read before its cell, there is nothing to end.
    await kernel.until(() => kernel.of(early.id).some(({ type }) => type === 'status'), 'the cell');
    await kernel.interrupt();
    assert.equal((await early.done).reply.ename, 'KeyboardInterrupt');
    assert.equal((await kernel.execute('let kept = 0')).reply.status, 'ok');
  });

  let runs = 0;
  for (const [name, code] of Object.entries(CASES)) {
    it(`interrupts ${name}, and state is kept`, async () => {
      const cell = kernel.executing(`kept++; ${code}`);
      await kernel.until(() => kernel.of(cell.id).some(({ type }) => type === 'stream'), 'the cell');
      await kernel.interrupt();
      assert.equal((await cell.done).reply.ename, 'KeyboardInterrupt');
      const next = await kernel.execute('kept');
      assert.deepEqual(next.messages[2]?.content.data, { 'text/plain': String(++runs) });
    });
  }

  it('starts cells even if user code has replaced the timers', async () => {
    await kernel.execute(
      'const timers = { setImmediate, setTimeout }; Object.assign(globalThis, { setImmediate() {}, setTimeout() {} });',
    );
    assert.equal((await kernel.execute('Object.assign(globalThis, timers); 1')).reply.status, 'ok');
  });

  it('prints 5,000 lines from one cell', async () => {
    const run = await kernel.execute('for (let i = 0; i < 5000; i++) console.log(i)');
    assert.equal(run.text(), Array.from({ length: 5000 }, (_, i) => `${i}\n`).join(''));
  });

  it('sends no half of an emoji, which Jupyter could not save', async () => {
    const run = await kernel.execute(
      String.raw`const cut = 'a😀'.slice(0, 2); console.log(cut, '\\ud83d'); display.html(cut); comms.open(cut, cut, { metadata: { cut } }).close();
console.log('x'); process.stdout.write('\ud83d'); await new Promise((go) => setTimeout(go, 50)); process.stdout.write('\ude00\n'); throw new Error(cut)`,
    );
    const content = (type: string) => run.messages.find((message) => message.type === type);
    assert.equal(run.text(), 'a\ufffd \\ud83d\nx\n😀\n');
    assert.deepEqual(content('display_data')?.content.data, { 'text/html': 'a\ufffd', 'text/plain': 'a\ufffd' });
    assert.equal(content('comm_open')?.content.target_name, 'a\ufffd');
    assert.deepEqual(content('comm_open')?.metadata, { cut: 'a\ufffd' });
    assert.deepEqual([run.reply.evalue, content('error')?.content.evalue], ['a\ufffd', 'a\ufffd']);
    assert.doesNotMatch(String(run.reply.traceback), /\p{Surrogate}/u);
  });

  it('continues after an error and after process.exit', async () => {
    assert.equal((await kernel.execute('throw new TypeError("boom")')).reply.ename, 'TypeError');
    assert.equal((await kernel.execute('process.exit(1)')).reply.status, 'error');
    assert.equal((await kernel.execute('1 + 1')).reply.status, 'ok');
  });

  it('asks, completes and ends in order', async () => {
    kernel.onInput = (prompt) => `${prompt}!`;
    const asked = await kernel.execute('await input("who")');
    assert.deepEqual(asked.messages[2]?.content.data, { 'text/plain': "'who!'" });
    const code = '/* 😀 */ Math.sqr';
    const completion = await kernel.request('complete_request', { code, cursor_pos: [...code].length });
    assert.ok((completion.matches as string[]).includes('sqrt'));
    assert.equal(completion.cursor_end, [...code].length);
    const { _jupyter_types_experimental: types } = completion.metadata as { _jupyter_types_experimental: unknown[] };
    const end = [...code].length;
    assert.deepEqual(types[0], { start: end - 'sqr'.length, end, text: 'sqrt', type: 'method' });
    await kernel.shutdown();
    assert.deepEqual(await kernel.exited, { code: 0, signal: null });
  });
});
