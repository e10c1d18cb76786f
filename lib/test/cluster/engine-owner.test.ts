import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { hasCode } from '../../dist/core/index.js';
import { joinLocalCluster, listLocalClusters, PathTooLong, startLocalCluster } from '../../dist/engine/index.js';
import { assertNothingLeft, clusterFolders, home, STUB, startDriver, startStubs, stub } from '../fixtures/engine-harness.js';
import { allEnded, until } from '../fixtures/wait.js';

after(assertNothingLeft);

async function isRefused(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return false;
  } catch {
    return true;
  } finally {
    socket.destroy();
  }
}

test('a killed driver takes everything with it, also what loops, ignores SIGTERM or has children', async (t) => {
  const replicas = [
    {},
    { afterwards: 'busy-loop' },
    { afterwards: 'ignore-sigterm' },
    { afterwards: 'grandchild' },
    { afterwards: 'stop-self' },
  ] as const;
  const { report, kill } = await startDriver(t, { replicas });
  assert.equal(report.pids.length, 2 + replicas.length);
  kill();
  await allEnded(report.pids);
  await until(() => !existsSync(report.dir));
  assert.ok(await isRefused(report.port));
});

test('a killed agent takes its children with it, also one in a busy loop, and its driver removes the folder', async (t) => {
  const { cluster, engine } = await startStubs(t);
  await engine.start(stub('loop', { afterwards: 'busy-loop' }));
  await engine.start(stub('wait', {}));
  const pids = (await engine.list()).map(({ pid }) => pid);
  const [info] = listLocalClusters().filter(({ dir }) => dir === cluster.dir);
  process.kill(info?.pid as number, 'SIGKILL');
  const exit = await cluster.exited;
  assert.equal(exit.signal, 'SIGKILL');
  assert.equal(exit.name, 'KILLED');
  await allEnded(pids);
  assert.equal(existsSync(cluster.dir), false);
  await engine.closed;
  await cluster.stop();
});

test('a restarted owner waits for its predecessor and gets the same port', async (t) => {
  const first = await startDriver(t, { ownerKey: 'notebook-1', replicas: [{ afterwards: 'busy-loop' }] });
  first.kill();
  const second = await startDriver(t, { ownerKey: 'notebook-1', port: first.report.port });
  assert.equal(second.report.port, first.report.port);
  await allEnded(first.report.pids);
  second.kill();
  await allEnded(second.report.pids);
  await until(() => clusterFolders().length === 0);
});

test('a detached cluster outlives its driver, is found, joined and stopped', async (t) => {
  const { report, kill } = await startDriver(t, { detached: true, replicas: [{}] });
  kill();
  const found = await until(() => listLocalClusters().find(({ dir }) => dir === report.dir));
  assert.equal(found.detached, true);
  assert.equal(found.url, report.url);
  const lines: string[] = [];
  const joined = await joinLocalCluster(found.dir, { onLog: (line) => lines.push(line.text) });
  assert.equal((await fetch(joined.url)).status, 200);
  await joined.stop();
  await allEnded(report.pids);
  await until(() => !existsSync(report.dir));
  assert.ok(await isRefused(report.port));
});

test('stop drains first, and every line of the drain arrives', async (t) => {
  const { cluster, engine, lines } = await startStubs(t);
  await engine.start(stub('d', { afterwards: 'slow-drain' }));
  await cluster.stop();
  assert.deepEqual(
    lines.map(({ text }) => text),
    ['draining', 'drained'],
  );
  assert.equal((await cluster.exited).name, 'STOPPED');
  assert.equal(existsSync(cluster.dir), false);
});

test('a suspended agent does not hold up stop', async (t) => {
  const { cluster, engine } = await startStubs(t);
  const pids = (await engine.list()).map(({ pid }) => pid);
  const [info] = listLocalClusters().filter(({ dir }) => dir === cluster.dir);
  process.kill(info?.pid as number, 'SIGSTOP');
  await cluster.stop({ graceMs: 0 });
  await allEnded(pids);
});

test('a driver that reads late still gets every line', async (t) => {
  const { engine, lines } = await startStubs(t);
  await engine.start(stub('p', { afterwards: 'print-and-die', lines: 30_000 }));
  const pause = new Int32Array(new SharedArrayBuffer(4));
  Atomics.wait(pause, 0, 0, 500); // This is a cell that blocks.
  await until(() => lines.some(({ text }) => text === 'last words'));
  assert.equal(lines.filter(({ processId }) => processId === 'p').length, 30_001);
});

test('the folder is private, and folders of dead clusters are removed at the next start', async (t) => {
  const clusters = join(home, `nbs-${process.getuid?.()}`);
  const stale = join(clusters, 'deadbeef');
  mkdirSync(join(stale, 'logs'), { recursive: true, mode: 0o700 });
  writeFileSync(
    join(stale, 'owner.json'),
    JSON.stringify({ ownerKey: null, detached: false, driver: { pid: 2 ** 22 + 1, start: '1' } }),
  );
  const { cluster } = await startStubs(t);
  assert.equal(statSync(cluster.dir).mode & 0o777, 0o700);
  assert.equal(statSync(join(cluster.dir, 'token')).mode & 0o777, 0o600);
  assert.match(cluster.token, /^[0-9a-f]{64}$/);
  await until(() => !existsSync(stale));
});

test('a home that makes socket paths too long is refused', async () => {
  process.env.NBSERVE_HOME = join(home, 'x'.repeat(80));
  const entries = { controller: STUB, proxy: STUB };
  const error = await startLocalCluster({ http: { host: '127.0.0.1', port: 0 }, onLog: () => {}, entries }).catch(
    (e: unknown) => e,
  );
  process.env.NBSERVE_HOME = home;
  assert.ok(hasCode(error, PathTooLong), String(error));
});
