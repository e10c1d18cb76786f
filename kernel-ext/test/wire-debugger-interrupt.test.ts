/** Interrupts, shutdowns and restarts while the code stands at a breakpoint. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { KernelClient } from './fixtures/client.js';
import { TestDebugger } from './fixtures/debugger.js';

let folder: string;
let kernel: KernelClient;
let debug: TestDebugger;

const start = async (): Promise<void> => {
  kernel = await KernelClient.start({ cwd: folder });
  debug = new TestDebugger(kernel);
};

/** The code stops, is interrupted, and prints nothing after that. @param at where it stops */
async function interrupted(code: string, at: string): Promise<void> {
  const cell = kernel.executing(code);
  assert.equal((await debug.stopped()).at[0], at);
  await kernel.interrupt();
  const { reply, text } = await cell.done;
  assert.equal(reply.ename, 'KeyboardInterrupt');
  const next = await kernel.execute('await new Promise((resolve) => setTimeout(resolve, 20));\n6 * 7');
  assert.deepEqual(next.messages.find(({ type }) => type === 'execute_result')?.content.data, { 'text/plain': '42' });
  assert.deepEqual([text(), next.text()], ['', '']);
  assert.deepEqual((await debug.body('debugInfo')).stoppedThreads, []);
}

before(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'nbs-debug-'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

describe('an interrupt of code that stands at a breakpoint', () => {
  before(start);
  after(() => kernel.kill());
  afterEach(async () => {
    await debug.ask('disconnect');
  });

  for (const [where, at, line, code] of [
    ['the first line', '(cell):1', 1, 'const a = 1;\nconsole.log("rest");\na + 1'],
    ['a function', 'inner:2', 2, 'function inner() {\n  return 1;\n}\ninner();\nconsole.log("rest")'],
    [
      'an async function, after an await',
      'slow:3',
      3,
      'async function slow() {\n  await new Promise((resolve) => setTimeout(resolve, 1));\n  return 1;\n}\nawait slow();\nconsole.log("rest")',
    ],
    ['the cell, after an await', '(cell):2', 2, 'await null;\nconst b = 2;\nconsole.log("rest")'],
    ['a loop', '(cell):2', 2, 'for (let i = 0; i < 3; i++) {\n  console.log("rest");\n}'],
    ['a loop without an end', '(cell):2', 2, 'for (let i = 0; ; i++) {\n  i += 1;\n}'],
    ['a callback', '(anonymous):2', 2, '[1, 2].forEach(() => {\n  console.log("rest");\n});'],
    ['a `try`', '(cell):2', 2, 'try {\n  console.log("rest");\n} catch {\n  console.log("rest");\n}'],
    ['a timer', 'tick:2', 2, 'setTimeout(function tick() {\n  console.log("rest");\n}, 1);\nawait new Promise(() => {})'],
    ['a generator', 'count:2', 2, 'function* count() {\n  yield 1;\n}\nfor (const n of count()) console.log("rest", n)'],
  ] as const) {
    it(`ends it in ${where}`, async () => {
      await debug.attach();
      await debug.breakAt(code, line);
      await interrupted(code, at);
    });
  }

  it('ends it in a file beside the notebook', async () => {
    const file = path.join(folder, 'beside.ts');
    writeFileSync(
      file,
      'export function beside(n: number): number {\n  const twice = n * 2;\n  console.log("rest");\n  return twice;\n}\n',
    );
    await kernel.execute('import { beside } from "./beside.ts"\nbeside');
    await debug.attach();
    await debug.breakIn(file, 2);
    await interrupted('beside(1);\nconsole.log("rest")', 'beside:2');
  });

  it('ends it at an exception, after a step, and while an expression is evaluated that does not end', async () => {
    await debug.attach();
    await debug.body('setExceptionBreakpoints', { filters: ['all'] });
    await interrupted('try {\n  throw new Error("one");\n} catch {\n  console.log("rest");\n}', '(cell):2');
    const code = 'debugger;\nconst c = 1;\nconsole.log("rest", c)';
    const stepped = kernel.executing(code);
    await debug.stopped();
    await debug.go('next');
    assert.deepEqual((await debug.stopped()).at, ['(cell):2']);
    await kernel.interrupt();
    const { reply, text } = await stepped.done;
    assert.deepEqual([reply.ename, text()], ['KeyboardInterrupt', '']);
    const cell = kernel.executing(code);
    await debug.stopped();
    const endless = debug.ask('evaluate', { expression: '(() => { console.log("in"); for (;;); })()' });
    await kernel.until(() => kernel.of(cell.id).some(({ type }) => type === 'stream'), 'the expression');
    await kernel.interrupt();
    assert.equal((await endless).success, false);
    const last = await cell.done;
    assert.deepEqual([last.reply.ename, last.text()], ['KeyboardInterrupt', 'in\n']);
    assert.equal((await kernel.execute('1')).reply.status, 'ok');
  });

  it('ends an expression that does not end while no cell runs', async () => {
    await debug.attach();
    const before = kernel.iopub.length;
    const endless = debug.ask('evaluate', { expression: '(() => { console.log("in"); for (;;); })()' });
    await kernel.until(() => kernel.iopub.slice(before).some(({ type }) => type === 'stream'), 'the expression');
    await kernel.interrupt();
    assert.equal((await endless).success, false);
    assert.equal((await kernel.execute('let alive = 1;\nalive')).reply.status, 'ok');
  });

  it('ends an expression for which the client asks while code runs', async () => {
    await kernel.execute('globalThis.kept = 1');
    await debug.attach();
    const cell = kernel.executing('console.log("cell");\nfor (const end = Date.now() + 500; Date.now() < end; );');
    const printed = (text: string) =>
      kernel.until(
        () => kernel.iopub.some(({ type, content }) => type === 'stream' && String(content.text).includes(text)),
        text,
      );
    await printed('cell');
    const endless = debug.ask('evaluate', { expression: '(() => { console.log("in the end"); for (;;); })()' });
    await printed('in the end');
    await kernel.interrupt();
    assert.equal((await endless).success, false);
    await cell.done;
    assert.equal((await debug.body('evaluate', { expression: 'globalThis.kept' })).result, '1');
  });

  for (const isStopped of [false, true]) {
    it(`ends expressions of which the client asks for several at once, if the code ${isStopped ? 'is' : 'is not'} stopped`, async () => {
      await kernel.execute('globalThis.kept = 1');
      await debug.attach();
      const cell = isStopped ? kernel.executing('debugger;\n1') : undefined;
      if (isStopped) await debug.stopped();
      const before = kernel.iopub.length;
      const endless = '(() => { console.log("in"); for (;;); })()';
      const asked = ['1 + 1', endless, endless].map((expression) => debug.ask('evaluate', { expression }));
      await kernel.until(() => kernel.iopub.slice(before).some(({ type }) => type === 'stream'), 'the expression');
      assert.equal((await asked[0])?.success, true);
      await kernel.interrupt();
      assert.deepEqual([(await asked[1])?.success, (await asked[2])?.success], [false, false]);
      assert.match(String((await asked[2])?.message), /not stopped any more|an interrupt came before/);
      if (cell !== undefined) assert.equal((await cell.done).reply.ename, 'KeyboardInterrupt');
      // A kernel that was started anew would not have it.
      assert.equal((await debug.body('evaluate', { expression: 'globalThis.kept' })).result, '1');
    });
  }

  for (const isStopped of [false, true]) {
    it(`ends an expression whose client has gone, if the code ${isStopped ? 'was' : 'was not'} stopped`, async () => {
      await kernel.execute('globalThis.kept = 1');
      await debug.attach();
      const cell = isStopped ? kernel.executing('debugger;\n1') : undefined;
      if (isStopped) await debug.stopped();
      const before = kernel.iopub.length;
      const endless = debug.ask('evaluate', { expression: '(() => { console.log("in"); for (;;); })()' });
      await kernel.until(() => kernel.iopub.slice(before).some(({ type }) => type === 'stream'), 'the expression');
      await debug.body('disconnect');
      const attached = debug.attach();
      await kernel.interrupt();
      assert.equal((await endless).success, false);
      await cell?.done;
      await attached;
      assert.equal((await debug.body('evaluate', { expression: 'globalThis.kept' })).result, '1');
    });
  }

  it('leaves the debugger attached, and drops the cells that wait', async () => {
    await debug.attach();
    const code = 'let d = 1;\nd += 1;\nd';
    await debug.breakAt(code, 2);
    for (let round = 0; round < 3; round++) {
      const cell = kernel.executing(code);
      const waits = kernel.executing('console.log("waits")');
      assert.deepEqual((await debug.stopped()).at, ['(cell):2']);
      await kernel.interrupt();
      assert.equal((await cell.done).reply.ename, 'KeyboardInterrupt');
      const { reply, text } = await waits.done;
      assert.deepEqual([reply.status, text()], ['aborted', '']);
    }
  });
});

describe('a kernel with a cell that stands at a breakpoint', () => {
  // Also if the test fails, because its sockets would keep this process alive.
  afterEach(() => kernel.kill());

  for (const restart of [false, true]) {
    it(`${restart ? 'restarts' : 'ends'} without the rest of the cell`, async () => {
      await start();
      await debug.attach();
      const left = path.join(folder, `rest-${restart}`);
      const code = `const e = 1;\nrequire('node:fs').writeFileSync(${JSON.stringify(left)}, 'rest');\ne`;
      await debug.breakAt(code, 1);
      kernel.executing(code).done.catch(() => {});
      await debug.stopped();
      await kernel.request('shutdown_request', { restart }, 'control');
      assert.deepEqual(await kernel.exited, { code: 0, signal: null });
      assert.equal(existsSync(left), false);
    });
  }

  it('ends in order on a machine that does not let it run for seconds', async () => {
    await start();
    // The end takes some turns of the event loop, so that it is not over before the signal comes.
    await kernel.execute('setInterval(() => { for (const end = Date.now() + 100; Date.now() < end; ); }, 1)');
    await debug.attach();
    kernel.executing('debugger;\n1').done.catch(() => {});
    await debug.stopped();
    await kernel.request('shutdown_request', { restart: false }, 'control');
    kernel.child.kill('SIGSTOP');
    await new Promise((resolve) => setTimeout(resolve, 3000));
    kernel.child.kill('SIGCONT');
    assert.deepEqual(await kernel.exited, { code: 0, signal: null });
  });
});
