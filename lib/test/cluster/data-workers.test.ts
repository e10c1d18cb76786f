import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { serve } from 'nbserve';
import { data } from 'nbserve/data';
import {
  dyingAlways,
  dyingOnce,
  groups,
  inARow,
  large,
  mark,
  Scale,
  scaled,
  slow,
  throwing,
  tooMany,
  tripled,
} from '../fixtures/data-workers.js';

after(async () => {
  await serve.shutdown();
  rmSync(mark, { force: true });
});
const noPools = async (): Promise<void> => {
  const { applications } = await serve.status();
  assert.deepEqual(Object.keys(applications), []);
};

test('a class runs in workers, with what its constructor began to load; batches stay in their order', async () => {
  const rows = await scaled.takeAll();
  assert.deepEqual(
    rows.map(({ id, scaled: value, state }) => [id, value, state]),
    Array.from({ length: 40 }, (_, n) => [n, n * 10, 'loaded']),
  );
  assert.equal(new Set([process.pid, ...rows.map(({ pid }) => pid)]).size, 3);
  await noPools();
});

test('functions of rows run in workers, and use the values of their module', async () => {
  const rows = await tripled.takeAll();
  assert.deepEqual(
    rows.map(({ id }) => id),
    [0, 6, 12],
  );
  assert.ok(rows.every(({ pid }) => pid !== process.pid));
  assert.deepEqual(await groups.takeAll(), [
    { odd: false, sum: 20 },
    { odd: true, sum: 25 },
  ]);
});

test('batches that were taken are not kept while the workers go on', async () => {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  const memory = (): number => {
    collectGarbage();
    return process.memoryUsage().arrayBuffers;
  };
  const before = memory();
  let [batches, grown] = [0, 0];
  for await (const { weight } of large.iterBatches({ batchSize: 2 ** 17 })) {
    assert.equal(weight.length, 2 ** 17);
    batches += 1;
    if (batches === 60) grown = memory() - before;
  }
  assert.equal(batches, 64);
  // Some batches are ahead of the reader.
  assert.ok(grown < 30 * 2 ** 20, `${grown} bytes`);
});

test('a reader that stops early ends the workers', async () => {
  assert.deepEqual(await slow.take(3), [{ id: 0 }, { id: 1 }, { id: 2 }]);
  await noPools();
});

test('a function that throws: its own error with its line, and the workers end', async () => {
  await assert.rejects(throwing.takeAll(), { name: 'RangeError', message: 'five is not allowed', stack: /data-workers/ });
  await noPools();
});

test('a worker that dies: its batch is given to the next one; a batch that ends each worker is reported', async () => {
  assert.deepEqual(await dyingOnce.takeAll(), [{ id: 1 }]);
  await assert.rejects(dyingAlways.takeAll(), {
    code: 'NBS_BATCH_LOST',
    message: /mapBatches\(dieOnce\): the worker died 3 times/,
  });
  await noPools();
});

test('resources that no node has are refused with what the nodes have', async () => {
  const greedy = data.range(4).mapBatches(Scale, { fnConstructorArgs: [1], resources: { gpu: 0.1, cpu: 1000 } });
  await assert.rejects(greedy.takeAll(), { code: 'NBS_NEVER_FITS' });
});

test('workers that each fit, and do not fit together, are refused, as are the workers of two stages', async () => {
  const code = 'NBS_POOL_NO_ROOM';
  await assert.rejects(tooMany.takeAll(), { code, message: /2 workers with \{"cpu":\d+\} each, .* room for 1: .* has cpu \d+/ });
  await assert.rejects(inARow.takeAll(), { code, message: /1 worker with .* beside 1 worker of .* room for 0/ });
  await noPools();
});

test('a script that uses workers ends by itself', async () => {
  const script = fileURLToPath(new URL('../fixtures/data-script.js', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script]);
  assert.match(stdout, /^\[ \{ id: 0 \}, \{ id: 2 \} \]$/m);
});
