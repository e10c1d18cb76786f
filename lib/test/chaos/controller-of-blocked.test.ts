import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { serve } from 'nbserve';
import { listLocalClusters } from '../../dist/engine/index.js';
import { Blocking } from '../fixtures/blocking-apps.js';
import { killAndAwaitSuccessor } from '../fixtures/cluster-processes.js';
import { isRunning, until } from '../fixtures/wait.js';

after(() => serve.shutdown());

const shown = async (app: string) =>
  (await serve.status()).applications[app]?.deployments.Blocking ?? assert.fail(`${app} is not in the status`);

const killController = () => killAndAwaitSuccessor(listLocalClusters()[0]?.dir ?? assert.fail(), 'controller');

/** Kills the controller while a call blocks the replica. */
const killWhileBusy = async (app: string) => {
  const isBusy = async () => (await shown(app)).replicas[0]?.blockedSince !== undefined;
  await until(isBusy);
  await killController();
  await until(isBusy);
};

test('a controller that is started anew during an honest long run takes the replica over', async () => {
  const run = (options: object = {}) =>
    serve.run(Blocking.options(options).bind(), {
      name: 'honest',
      routePrefix: '/honest',
    });
  const handle = await run({ userConfig: { ms: 1 } });
  const pid = await handle.block.remote(0);
  const running = handle.block.remote(15_000);
  await killWhileBusy('honest');
  const { status, message, replicas } = await shown('honest');
  assert.equal(status, 'HEALTHY');
  assert.match(message, /^Blocking#\w+ has been busy in one call since \S+, and answers nothing else meanwhile$/);
  assert.deepEqual(
    replicas.map((replica) => [replica.state, replica.pid]),
    [['RUNNING', pid]],
  );
  assert.equal(await running, pid);
  await until(async () => (await shown('honest')).replicas[0]?.blockedSince === undefined);
  assert.equal(await handle.block.remote(0), pid);
  // What the successor says to it arrives.
  await run({ userConfig: { ms: 0 }, maxOngoingRequests: 7 });
  assert.equal(await handle.block.remote(0), pid);
});

test('one that nobody waits for is replaced after stuckTimeout, by the successor too', async () => {
  const handle = await serve.run(Blocking.options({ stuckTimeout: '3s' }).bind(), { name: 'left', routePrefix: null });
  const pid = await handle.block.remote(0);
  const call = handle.block.remote(600_000);
  call.catch(() => {});
  await killWhileBusy('left');
  assert.ok(isRunning(pid));
  call.cancel();
  await until(() => !isRunning(pid));
  await until(() => handle.block.remote(0).catch(() => null));
});

test('an application that is deleted during such a run ends', async () => {
  const handle = await serve.run(Blocking.options({ gracefulShutdownTimeout: '1s' }).bind(), {
    name: 'deleted',
    routePrefix: null,
  });
  const pid = await handle.block.remote(0);
  const call = handle.block.remote(600_000);
  call.catch(() => {});
  await killWhileBusy('deleted');
  await serve.delete('deleted');
  await until(() => !isRunning(pid));
});
