import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { allEnded, isRunning } from '../fixtures/wait.js';

const DRIVER = fileURLToPath(new URL('../fixtures/serve-driver.js', import.meta.url));

test('SIGKILL of the driver ends every process, also a replica in a busy loop', async (t) => {
  const driver = spawn(process.execPath, [DRIVER], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => driver.kill('SIGKILL'));
  const [line] = await createInterface({ input: driver.stdout })
    [Symbol.asyncIterator]()
    .next()
    .then(({ value }) => [value as string]);
  const { url, replicas } = JSON.parse(line as string) as { url: string; replicas: number[] };
  assert.ok(replicas.length === 1 && replicas.every(isRunning));
  driver.kill('SIGKILL');
  await allEnded(replicas);
  await assert.rejects(async () => {
    for (;;) await fetch(url, { signal: AbortSignal.timeout(5000) });
  });
});
