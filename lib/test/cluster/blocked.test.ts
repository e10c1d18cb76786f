import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { serve } from 'nbserve';
import { formatStatus } from 'nbserve/host';
import { Blocking } from '../fixtures/blocking-apps.js';
import { isRunning, until } from '../fixtures/wait.js';

after(() => serve.shutdown());

const checked = { healthCheckPeriod: 100, healthCheckTimeout: 500 };

const shown = async (app: string) => {
  const { applications } = await serve.status();
  const { status, message, deployments } = applications[app] ?? assert.fail();
  const deployment = deployments.Blocking ?? assert.fail();
  return { app: `${status} ${message}`.trim(), ...deployment, replica: deployment.replicas[0] };
};

test('a run without a deadline that is longer than healthCheckTimeout is left alone, and the status says that it is busy', async () => {
  const handle = await serve.run(Blocking.options(checked).bind(), { name: 'honest', routePrefix: '/honest' });
  const pid = await handle.block.remote(0);
  const asked = Date.now();
  const running = handle.block.remote(6000);
  const busy = await until(async () => {
    const status = await shown('honest');
    return status.replica?.blockedSince !== undefined && status;
  });
  assert.equal(busy.status, 'HEALTHY');
  assert.equal(busy.app, 'RUNNING');
  assert.match(busy.message, /^Blocking#\w+ has been busy in one call since \d{4}-\S+Z, and answers nothing else meanwhile$/);
  assert.equal(busy.replica?.state, 'RUNNING');
  assert.ok((busy.replica?.blockedSince ?? 0) >= asked - 1000);
  assert.match(formatStatus(await serve.status()), /Blocking#\w+: RUNNING, blocked since \d{4}-/);
  assert.equal(await running, pid);
  await until(async () => (await shown('honest')).replica?.blockedSince === undefined);
  assert.equal(await handle.block.remote(0), pid);
  // This is also tested over HTTP, and with a deadline.
  const within = await fetch(`${handle.url}?ms=3000`, { headers: { 'x-request-timeout-seconds': '60' } });
  assert.equal(await within.text(), String(pid));
});

test('many short runs in one turn are left alone as well', async () => {
  const handle = await serve.run(Blocking.options(checked).bind(), { name: 'many', routePrefix: null });
  const pid = await handle.block.remote(0);
  const pids = await Promise.all(Array.from({ length: 30 }, () => handle.block.remote(200)));
  assert.deepEqual(new Set(pids), new Set([pid]));
});

test('a reconfigure that is longer than healthCheckTimeout is left alone', async () => {
  const run = (ms: number) =>
    serve.run(Blocking.options({ ...checked, userConfig: { ms } }).bind(), { name: 'configured', routePrefix: null });
  const handle = await run(0);
  const pid = await handle.block.remote(0);
  await run(4000);
  assert.equal(await handle.block.remote(0), pid);
});

test('a loop that is no call: the status is UNHEALTHY, and the health check replaces the replica', async () => {
  const options = { healthCheckPeriod: 100, healthCheckTimeout: 5000 };
  const handle = await serve.run(Blocking.options(options).bind(), { name: 'loop', routePrefix: null });
  const pid = await handle.block.remote(0);
  await handle.later.remote();
  const ill = await until(async () => {
    const status = await shown('loop');
    return status.status === 'UNHEALTHY' && status;
  });
  assert.match(ill.message, /^Blocking#\w+ has not answered its health check since \d{4}-/);
  assert.match(ill.app, /^UNHEALTHY Blocking: /);
  assert.ok(isRunning(pid));
  const other = await until(() => handle.block.remote(0).catch(() => null));
  assert.notEqual(other, pid);
  await until(async () => (await shown('loop')).status === 'HEALTHY');
});

test('past the deadline the status is UNHEALTHY, until stuckTimeout is over', async () => {
  const handle = await serve.run(Blocking.options({ stuckTimeout: '4s', requestTimeout: '500ms' }).bind(), {
    name: 'over',
    routePrefix: '/over',
  });
  const pid = await handle.block.remote(0);
  await assert.rejects(handle.block.remote(600_000), { code: 'NBS_REQUEST_TIMEOUT' });
  const ill = await until(async () => {
    const status = await shown('over');
    return status.status === 'UNHEALTHY' && status.replica?.pid === pid && status;
  });
  assert.match(ill.message, /^Blocking#\w+ has been blocked by a call since \S+, and the deadlines of its calls are over$/);
  await until(() => !isRunning(pid));
  await until(async () => (await shown('over')).status === 'HEALTHY');
});

test('a call without a deadline whose caller cancels, or whose client leaves: stuckTimeout applies', async () => {
  const handle = await serve.run(Blocking.options({ ...checked, stuckTimeout: '1s' }).bind(), {
    name: 'left',
    routePrefix: '/left',
  });
  const pid = await handle.block.remote(0);
  const call = handle.block.remote(600_000);
  call.catch(() => {});
  await until(async () => (await shown('left')).replica?.blockedSince !== undefined);
  call.cancel();
  await until(() => !isRunning(pid));
  const second = await until(() => handle.block.remote(0).catch(() => null));
  const leaving = new AbortController();
  const request = fetch(`${handle.url}?ms=600000`, { signal: leaving.signal }).catch(() => {});
  // This is the next replica's; the status may still contain the one before while it ends.
  await until(async () => (await shown('left')).replicas.some((one) => one.pid === second && one.blockedSince !== undefined));
  leaving.abort();
  await request;
  await until(() => !isRunning(second));
  await until(() => handle.block.remote(0).catch(() => null));
});

test('as long as somebody waits for a call of it, a replica that others left is kept', async () => {
  const handle = await serve.run(Blocking.options({ ...checked, stuckTimeout: '500ms' }).bind(), {
    name: 'shared',
    routePrefix: '/shared',
  });
  const pid = await handle.block.remote(0);
  const leaving = new AbortController();
  // The call began before the run that blocks, and its caller left during that run.
  const left = fetch(`${handle.url}?wait=500`, { signal: leaving.signal }).catch(() => {});
  const kept = handle.block.remote(6000);
  await until(async () => (await shown('shared')).replica?.blockedSince !== undefined);
  leaving.abort();
  await left;
  assert.equal(await kept, pid);
  assert.equal(await handle.block.remote(0), pid);
});
