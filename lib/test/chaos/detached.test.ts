import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { isNbserveError, serve } from 'nbserve';
import { detachedClusters, stopCluster } from '../../dist/engine/index.js';
import { startDetached } from '../../dist/serve/host.js';
import { Chat, Slow } from '../fixtures/apps.js';
import { killAndAwaitSuccessor, processesIn } from '../fixtures/cluster-processes.js';
import { assertNothingLeft, clusterFolders, home } from '../fixtures/engine-harness.js';
import { countStatuses, HttpLoad } from '../fixtures/http-load.js';
import { Printer } from '../fixtures/printer.js';
import { allEnded, until } from '../fixtures/wait.js';

const DRIVER = fileURLToPath(new URL('../fixtures/detached-driver.js', import.meta.url));
const NBSERVE = fileURLToPath(new URL('../../bin/nbserve.js', import.meta.url));
const drivers: ChildProcess[] = [];

after(async () => {
  for (const driver of drivers) driver.kill('SIGKILL');
  await serve.shutdown().catch(() => {});
  for (const { dir } of await detachedClusters()) await stopCluster(dir, 0);
  assertNothingLeft();
});

const hasCode = (code: string) => (error: unknown) => isNbserveError(error) && error.code === code;
const nbserve = (...args: string[]) => promisify(execFile)(process.execPath, [NBSERVE, ...args]);

interface Driver {
  readonly url: string;
  readonly lines: string[];
  readonly exited: Promise<number | null>;
  kill(): void;
}

/** Starts a script and waits until its applications run. */
async function startDriver(...args: string[]): Promise<Driver> {
  assert.equal(process.env.NBSERVE_HOME, home);
  const driver = spawn(process.execPath, [DRIVER, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  drivers.push(driver);
  const exited = new Promise<number | null>((resolve) => driver.on('exit', resolve));
  const lines: string[] = [];
  createInterface({ input: driver.stdout }).on('line', (line) => lines.push(line));
  const report = await until(() => lines.find((line) => line.startsWith('{')));
  const { url } = JSON.parse(report) as { url: string };
  return { url, lines, exited, kill: () => driver.kill('SIGKILL') };
}

/** Resolves when the driver has printed that line of a printer. */
const printed = ({ lines }: Driver, text: string) =>
  until(() => lines.some((line) => new RegExp(`^\\(Printer#\\w+\\) ${text}$`).test(line)));

async function theCluster() {
  const [cluster, ...others] = await detachedClusters();
  assert.ok(cluster !== undefined && others.length === 0);
  return cluster;
}

const processes = async () => processesIn((await theCluster()).dir);
const killAndAwait = async (role: 'controller' | 'proxy') => killAndAwaitSuccessor((await theCluster()).dir, role);

const running = async () =>
  ((await serve.status()).applications.slow?.deployments.Slow?.replicas ?? []).filter(({ state }) => state === 'RUNNING');

test('SIGKILL of the driver: the cluster goes on, and a second driver joins, sees, updates and deletes', async () => {
  const first = await startDriver('one', 'stay');
  first.kill();
  await first.exited;
  assert.equal(await (await fetch(first.url)).text(), 'one');

  await assert.rejects(startDetached({ host: '127.0.0.1', port: 0 }), hasCode('NBS_DETACHED_RUNNING'));
  await assert.rejects(serve.start({ address: home }), hasCode('NBS_CLUSTER_GONE'));
  await serve.start({ address: 'auto' });
  await assert.rejects(serve.start({ address: home }), hasCode('NBS_ALREADY_CONNECTED'));
  assert.deepEqual(Object.keys(await serve.listDeployments()).sort(), ['chat', 'printer']);
  const chat = await serve.getAppHandle<typeof Chat>('chat');
  assert.equal(await chat.getResponse.remote('!'), 'one!');

  const updated = await serve.run(Printer.bind('two'), { name: 'printer', routePrefix: '/printer' });
  assert.equal(updated.url, first.url);
  assert.equal(await (await fetch(updated.url)).text(), 'two');
  await serve.delete('printer');
  assert.deepEqual(Object.keys(await serve.listDeployments()), ['chat']);
  assert.equal((await fetch(first.url)).status, 404);
});

test('a script that joined ends by itself once its work is done; its applications go on', async () => {
  const script = await startDriver('three');
  assert.equal(await script.exited, 0);
  assert.equal(await (await fetch(script.url)).text(), 'three');
});

test('what an application prints reaches the driver that ran it last, and nbserve logs', async () => {
  const first = await startDriver('mine', 'stay');
  await fetch(first.url);
  await printed(first, 'mine');
  const second = await startDriver('yours', 'stay');
  await fetch(second.url);
  await printed(second, 'yours');
  assert.ok(!first.lines.some((line) => line.includes('yours')));
  first.kill();
  second.kill();
  const { stdout } = await nbserve('logs', 'Printer');
  for (const text of ['mine', 'yours']) assert.match(stdout, new RegExp(`^\\(Printer#\\w+\\) ${text}$`, 'm'));
  assert.doesNotMatch(stdout, /^\((?!Printer#)/m);
});

test('two applications whose deployments have one name print at the driver of each', async () => {
  const first = await startDriver('mine', 'stay');
  const second = await startDriver('theirs', 'stay', 'other-printer');
  await fetch(first.url);
  await fetch(second.url);
  await printed(first, 'mine');
  await printed(second, 'theirs');
  assert.ok(!first.lines.some((line) => line.includes('theirs')));
  first.kill();
  second.kill();
  await serve.delete('other-printer');
});

test('SIGKILL of the controller under 32 connections fails no request; it takes over what runs, and replaces what dies', async () => {
  const slow = await serve.run(Slow.options({ numReplicas: 2 }).bind('v1'), { name: 'slow', routePrefix: '/slow' });
  const before = (await running()).map(({ pid }) => pid).sort();
  assert.equal(before.length, 2);
  const load = new HttpLoad(slow.url);
  await load.answered(200);
  await killAndAwait('controller');
  await until(async () => (await serve.status()).applications.slow?.status === 'RUNNING');
  await load.answered(200);
  assert.deepEqual(Object.keys(countStatuses(await load.stop())), ['200']);
  assert.deepEqual((await running()).map(({ pid }) => pid).sort(), before);

  process.kill(before[0] as number, 'SIGKILL');
  const replaced = await until(async () => {
    const pids = (await running()).map(({ pid }) => pid);
    return pids.length === 2 && !pids.includes(before[0] as number) && pids;
  });
  assert.ok(replaced.includes(before[1] as number));
  assert.equal((await fetch(slow.url)).status, 200);
});

test('SIGKILL of the proxy: clients that connect again find it, at the same address', async () => {
  const { url } = await serve.getAppHandle('slow');
  await killAndAwait('proxy');
  assert.equal((await fetch(url)).status, 200);
});

test('serve.shutdown takes the applications down and leaves the cluster, which can be joined again by its folder', async () => {
  const { dir, url } = await theCluster();
  await serve.shutdown();
  await assert.rejects(serve.status(), hasCode('NBS_NOT_RUNNING'));
  assert.equal((await theCluster()).dir, dir);
  await serve.start({ address: dir });
  assert.deepEqual(await serve.listDeployments(), {});
  const chat = await serve.run(Chat.bind({ msg: '' }));
  assert.ok(chat.url.startsWith(url));
});

test('SIGKILL of the node agent ends everything; its folder is removed by whoever looks for a cluster next', async () => {
  const { pid } = await theCluster();
  const pids = (await processes()).map((process) => process.pid);
  assert.ok(pids.length >= 3);
  process.kill(pid, 'SIGKILL');
  await allEnded([pid, ...pids]);
  await until(async () => (await detachedClusters()).length === 0 && clusterFolders().length === 0);
  await until(() => serve.status().then(() => false, hasCode('NBS_NOT_RUNNING')));
});

test('of two that start a detached cluster at the same time, one does', async () => {
  const both = await Promise.allSettled([nbserve('start', '--port', '0'), nbserve('start', '--port', '0')]);
  assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  assert.match(String(both.find((one) => one.status === 'rejected')?.reason), /NBS_DETACHED_RUNNING/);
  await stopCluster((await theCluster()).dir, 0);
});

test('nbserve start and stop', async () => {
  const { stdout } = await nbserve('start', '--port', '0');
  const [, url, folder] = /^url: (\S+)\nfolder: (\S+)\nREST API: \S+\n$/.exec(stdout) ?? [];
  const { dir } = await theCluster();
  assert.equal(folder, dir);
  assert.equal((await fetch(url as string)).status, 404);
  await assert.rejects(nbserve('start'), /NBS_DETACHED_RUNNING/);
  assert.equal((await nbserve('stop')).stdout, `stopped ${url}\n`);
  assert.deepEqual(clusterFolders(), []);
  await assert.rejects(nbserve('stop'), /NBS_NO_DETACHED_CLUSTER/);
});
