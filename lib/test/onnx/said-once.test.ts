/** Why a model runs on the CPU is said by the first of a deployment's replicas. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { serve } from 'nbserve';
import { Digits, digitWorkers, startPool } from '../fixtures/auto-apps.js';
import { until } from '../fixtures/wait.js';

after(() => serve.shutdown());

/** The lines of all replicas that say it. */
function said(): string[] {
  const home = process.env.NBSERVE_HOME as string;
  const files = readdirSync(home, { recursive: true, encoding: 'utf8' }).filter((path) => /\/logs\/.*Digit/.test(path));
  return files
    .map((path) => join(home, path))
    .filter((path) => statSync(path).isFile())
    .flatMap((path) => readFileSync(path, 'utf8').split('\n'))
    .filter((line) => line.includes('mnist-cnn.onnx runs on the CPU. '));
}

test('three replicas and a fourth one say it once, and so do three workers of a pool', async (t) => {
  const run = (numReplicas: number) => serve.run(Digits.options({ numReplicas }).bind(), { name: 'digits', routePrefix: null });
  const digits = await run(3);
  const device = await digits.device.remote();
  if (device !== 'cpu') return t.skip(`here it runs on ${device}`);
  await until(() => said().length > 0);
  await run(4);
  assert.equal(said().length, 1, said().join('\n'));
  const pool = await startPool(digitWorkers, { kind: 'auto', args: [[], [], []] });
  await until(() => said().length > 1);
  assert.equal(said().length, 2, said().join('\n'));
  await pool.close();
});
