import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { after, before, describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { KernelClient } from './fixtures/client.js';

/** A second client: a process that counts the messages of iopub, and says the count when a line with a text arrives. */
const LISTENER = fileURLToPath(new URL('./fixtures/listener.js', import.meta.url));

const residentBytes = ({ child }: KernelClient): number =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) * 1024;

describe('a real kernel', () => {
  let kernel: KernelClient;
  before(async () => {
    kernel = await KernelClient.start();
  });
  after(() => kernel.kill());

  const listener = async (t: TestContext) => {
    const child = fork(LISTENER, [kernel.file]);
    t.after(() => child.kill('SIGKILL'));
    await once(child, 'message');
    return child;
  };
  const numbers = (text: string): number[] => (text.match(/\d+/g) ?? []).map(Number);
  const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

  it('runs 1,000 cells in order', async () => {
    await kernel.execute('let count = 0;');
    for (let i = 1; i < 1_000; i += 1) {
      // The checker reads all names of the notebook for each cell, so most cells declare none.
      const declares = i % 50 === 0 ? `const c${i} = count; ` : '';
      const { reply, messages } = await kernel.execute(`${declares}count += 1; count`);
      assert.deepEqual([reply.status, reply.execution_count], ['ok', i + 1]);
      const result = messages.find(({ type }) => type === 'execute_result')?.content.data as Record<string, string>;
      assert.equal(result['text/plain'], String(i));
    }
    const { messages } = await kernel.execute('[Out[500], Object.keys(Out).length, c950]');
    assert.match(JSON.stringify(messages), /\[ 499, 999, 949 \]/);
  });

  it('goes on when a client vanishes while a cell prints, and the other client loses nothing', async (t) => {
    const child = await listener(t);
    const cell = kernel.executing(
      'for (let i = 0; i < 20_000; i++) { console.log(i); if (i % 100 === 0) await new Promise((go) => setTimeout(go, 1)); }',
    );
    await kernel.until(() => kernel.of(cell.id).some(({ type }) => type === 'stream'), 'the first print');
    child.kill('SIGKILL');
    const { text } = await cell.done;
    assert.deepEqual(numbers(text()), upTo(20_000));
    assert.equal((await kernel.execute('1 + 1')).reply.status, 'ok');
  });

  it('loses nothing for a client that stops and goes on, nor for another meanwhile', async (t) => {
    const child = await listener(t);
    child.kill('SIGSTOP');
    const { text } = await kernel.execute('for (let i = 0; i < 200_000; i++) console.log(i); console.log("end of prints");');
    assert.deepEqual(numbers(text()), upTo(200_000));
    assert.equal((await kernel.execute('1 + 1')).reply.status, 'ok');
    const told = once(child, 'message');
    child.kill('SIGCONT');
    const [heard] = (await told) as [number[]];
    assert.deepEqual(heard, [200_000, 199_999]);
  });

  /** Counts what is printed. `peak` is the most memory that the kernel has had since the beginning, in bytes. */
  const counter = (t: TestContext) => {
    const state = { length: 0, peak: 0, count: (): void => {} };
    state.count = () => {
      state.peak = Math.max(state.peak, residentBytes(kernel));
      for (const { type, content } of kernel.iopub) if (type === 'stream') state.length += String(content.text).length;
      // This process need not keep them either.
      kernel.iopub.splice(0, kernel.iopub.length, ...kernel.iopub.filter(({ type }) => type !== 'stream'));
    };
    state.count();
    state.length = 0;
    const timer = setInterval(state.count, 20);
    t.after(() => clearInterval(timer));
    return state;
  };

  it('does not keep without end what a child prints while a client has stopped', async (t) => {
    const child = await listener(t);
    child.kill('SIGSTOP');
    const before = residentBytes(kernel);
    const counted = counter(t);
    const size = 450_000_000;
    const code = `import { execSync } from "node:child_process"; execSync("head -c ${size} /dev/zero | tr '\\\\0' x", { stdio: "inherit" })`;
    kernel.send('execute_request', { code });
    await kernel.until(() => /a client has read nothing for a while/.test(kernel.stderr), 'the end of patience');
    const isAll = (): boolean => {
      counted.count();
      return counted.length === size;
    };
    await kernel.until(isAll, 'all that was printed');
    const grown = Math.round((counted.peak - before) / 2 ** 20);
    assert.ok(grown < 300, `the kernel grew by ${grown} MiB`);
  });

  it('does not keep without end what a client does not read that has stopped', async (t) => {
    const child = await listener(t);
    child.kill('SIGSTOP');
    const before = residentBytes(kernel);
    const counted = counter(t);
    kernel.stderr = '';
    const line = `'x'.repeat(9999)`;
    for (let cell = 1; cell <= 6; cell += 1) {
      const { reply } = await kernel.execute(`for (let i = 0; i < 10_000; i++) console.log(${line});`);
      counted.count();
      assert.deepEqual([reply.status, counted.length], ['ok', cell * 100_000_000]);
    }
    const grown = residentBytes(kernel) - before;
    assert.ok(grown < 450 * 2 ** 20, `the kernel grew by ${Math.round(grown / 2 ** 20)} MiB`);
    assert.match(kernel.stderr, /a client has read nothing for a while/);
  });
});
