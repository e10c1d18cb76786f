import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { serve } from 'nbserve';
import { TestNotebook } from './session-harness.js';

const isRunning = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(20);
}

/** An interrupt ends what workers do for the cell, and their processes. */
describe('an interrupted cell whose work is done by workers', () => {
  const notebook = new TestNotebook();
  const folder = mkdtempSync(join(tmpdir(), 'nbs-workers-'));
  after(async () => {
    await notebook.close();
    rmSync(folder, { recursive: true });
  });

  it('runs in a notebook', async () => {
    await notebook.value(`import { data } from 'nbserve/data';
import { train } from 'nbserve/train';
import { tune } from 'nbserve/tune';
import { appendFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
async function work(file: string) {
  for (;;) {
    appendFileSync(file, process.pid + '\\n');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
const half = { cpu: availableParallelism() / 2 };
const runConfig = { storagePath: ${JSON.stringify(folder)} };`);
  });

  const CELLS: Readonly<Record<string, readonly [cell: (file: string) => string, processes: number]>> = {
    'mapBatches, awaited': [
      (file) =>
        `await data.range(8).mapBatches(async (b) => { await work(${file}); return b; }, { batchSize: 1, concurrency: 2 }).takeAll();`,
      2,
    ],
    'mapBatches, in a loop': [
      (file) =>
        `for await (const b of data.range(8).mapBatches(async (b) => { await work(${file}); return b; }, { batchSize: 1, concurrency: 2 }).iterBatches()) console.log(b);`,
      2,
    ],
    'a training': [
      (file) => `await new train.Trainer({
  trainLoopPerWorker: () => work(${file}), scalingConfig: { numWorkers: 2, resourcesPerWorker: half }, runConfig,
}).fit();`,
      2,
    ],
    'a search over a function, which begins failed trials again': [
      (file) => `await new tune.Tuner(tune.withResources(({ n }: { n: number }) => work(${file}), half), {
  paramSpace: { n: tune.gridSearch([1, 2, 3, 4]) }, runConfig: { ...runConfig, failureConfig: { maxFailures: 3 } },
}).fit();`,
      2,
    ],
    'a search over a trainer': [
      (file) => `await new tune.Tuner(
  new train.Trainer({
    trainLoopPerWorker: (_: { n: number }) => work(${file}), trainLoopConfig: { n: 0 },
    scalingConfig: { numWorkers: 2, resourcesPerWorker: half },
  }),
  { paramSpace: { trainLoopConfig: { n: tune.gridSearch([1, 2]) } }, runConfig },
).fit();`,
      2,
    ],
  };

  for (const [name, [cell, processes]] of Object.entries(CELLS)) {
    it(name, async () => {
      const file = join(folder, name);
      const pids = (): number[] =>
        existsSync(file) ? [...new Set(readFileSync(file, 'utf8').split('\n').filter(Boolean))].map(Number) : [];
      const running = notebook.run(cell(JSON.stringify(file)));
      await Promise.race([
        until(() => pids().length === processes),
        running.then(({ outcome }) => assert.fail(JSON.stringify(outcome))),
      ]);
      notebook.session.interrupt();
      const { outcome } = await running;
      assert.equal(outcome.status === 'error' && outcome.ename, 'KeyboardInterrupt');
      await until(async () => (await notebook.value('Object.keys((await serve.status()).applications).length')) === '0');
      await until(() => !pids().some(isRunning));
      assert.equal(pids().length, processes, 'no other worker was started');
    });
  }

  it('a pool that waits for room, which others hold', async () => {
    await notebook.value(`class Holder { async fetch() { return 'held'; } }
await serve.run(serve.deployment(Holder, { resources: { cpu: availableParallelism() } }).bind(), { name: 'holder', routePrefix: null });`);
    const running = notebook.run('await data.range(2).mapBatches((b) => b, { resources: { cpu: 1 } }).takeAll();');
    await until(async () => Object.keys((await serve.status()).applications).length === 2);
    notebook.session.interrupt();
    const { outcome } = await running;
    assert.equal(outcome.status === 'error' && outcome.ename, 'KeyboardInterrupt');
    await until(async () => (await notebook.value('Object.keys((await serve.status()).applications).join()')) === "'holder'");
    await notebook.value("await serve.delete('holder');");
    assert.equal(await notebook.value('await data.range(2).mapBatches((b) => b, { resources: { cpu: 1 } }).count()'), '2');
  });
});
