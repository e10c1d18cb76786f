import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { KernelClient } from './fixtures/client.js';

/** A second client: a process that counts the messages of iopub, and says the count when a line with a text arrives. */
const LISTENER = fileURLToPath(new URL('./fixtures/listener.js', import.meta.url));

describe('a real kernel', () => {
  let kernel: KernelClient;
  before(async () => {
    kernel = await KernelClient.start();
  });
  after(() => kernel.kill());

  const listener = async () => {
    const child = fork(LISTENER, [kernel.file]);
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

  it('goes on when a client vanishes while a cell prints, and the other client loses nothing', async () => {
    const child = await listener();
    const cell = kernel.executing(
      'for (let i = 0; i < 20_000; i++) { console.log(i); if (i % 100 === 0) await new Promise((go) => setTimeout(go, 1)); }',
    );
    await kernel.until(() => kernel.of(cell.id).some(({ type }) => type === 'stream'), 'the first print');
    child.kill('SIGKILL');
    const { text } = await cell.done;
    assert.deepEqual(numbers(text()), upTo(20_000));
    assert.equal((await kernel.execute('1 + 1')).reply.status, 'ok');
  });

  it('loses nothing for a client that stops and goes on, nor for another meanwhile', async () => {
    const child = await listener();
    child.kill('SIGSTOP');
    const { text } = await kernel.execute('for (let i = 0; i < 200_000; i++) console.log(i); console.log("end of prints");');
    assert.deepEqual(numbers(text()), upTo(200_000));
    assert.equal((await kernel.execute('1 + 1')).reply.status, 'ok');
    const told = once(child, 'message');
    child.kill('SIGCONT');
    const [heard] = (await told) as [number[]];
    assert.deepEqual(heard, [200_000, 199_999]);
    child.kill('SIGKILL');
    while (child.exitCode === null && child.signalCode === null) await sleep(10);
  });
});
