import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { serve } from 'nbserve';
import { Slow } from '../fixtures/reconfigure-apps.js';
import { isRunning, until } from '../fixtures/wait.js';

after(() => serve.shutdown());

const run = (app: string, name: string, ms: number, startupTimeout = 60_000) =>
  serve.run(Slow.options({ userConfig: { name, ms }, startupTimeout }).bind(), { name: app, routePrefix: null });

test('of two updates of which the first takes longer, the second one counts', async () => {
  const handle = await run('two', 'first', 0);
  const { pid } = await handle.name.remote();
  const big = run('two', 'big', 3000);
  big.catch(() => {});
  await new Promise((resolve) => setTimeout(resolve, 500));
  await run('two', 'small', 0);
  await big.catch(() => {});
  assert.deepEqual(await handle.name.remote(), { name: 'small', pid });
});

test('an update that takes too long never takes effect: its replica is replaced', async () => {
  const handle = await run('late', 'first', 0, 3000);
  const { pid } = await handle.name.remote();
  await assert.rejects(run('late', 'slow', 60_000, 3000), { code: 'NBS_DEPLOY_FAILED', message: /startupTimeout/ });
  await until(() => !isRunning(pid));
  const after = await until(() => handle.name.remote().catch(() => null));
  assert.equal(after.name, 'first');
  assert.notEqual(after.pid, pid);
});
