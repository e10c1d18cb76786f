import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, afterEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { serve } from 'nbserve';
import { runningCluster } from 'nbserve/host';
import { Seen } from '../fixtures/apps.js';
import { clusterProcesses, spare, spares, startedWith } from '../fixtures/spare-processes.js';
import { Threads } from '../fixtures/threads-app.js';
import { until } from '../fixtures/wait.js';

afterEach(() => serve.shutdown());
after(() => serve.shutdown());

const APPS_FOLDER = dirname(fileURLToPath(new URL('../fixtures/apps.js', import.meta.url)));
const pidOf = async (handle: { process: { remote(): PromiseLike<{ pid: number }> } }) => (await handle.process.remote()).pid;
const replicasOf = async (app: string) =>
  Object.values((await serve.status()).applications[app]?.deployments ?? {})[0]?.replicas ?? [];

/** Lines that this process has printed since the call. */
function printed(t: { after(action: () => void): void }): readonly string[] {
  const lines: string[] = [];
  const write = process.stdout.write;
  process.stdout.write = ((text: string | Uint8Array, ...rest: never[]) => {
    lines.push(...String(text).split('\n'));
    return write.call(process.stdout, text, ...rest);
  }) as typeof write;
  t.after(() => {
    process.stdout.write = write;
  });
  return lines;
}

test('a spare process becomes a replica, with its environment, folder, GPU, name and log', async (t) => {
  const lines = printed(t);
  await serve.start({ numGpus: 2 });
  const ready = await spare();
  const given = { env: { GREETING: 'Yes', TMPDIR: '/tmp/elsewhere' }, resources: { gpu: 1 } };
  const seen = await serve.run(Seen.options(given).bind(), { name: 'seen', routePrefix: null });
  assert.deepEqual(await seen.process.remote(), { pid: ready.pid, cwd: APPS_FOLDER });
  assert.equal(await seen.env.remote('GREETING'), 'Yes');
  assert.equal(await seen.env.remote('CUDA_VISIBLE_DEVICES'), '0');
  assert.ok(startedWith(ready).includes('CUDA_VISIBLE_DEVICES='));
  const [replica] = await until(async () => {
    const replicas = await replicasOf('seen');
    return replicas[0]?.pid != null && replicas;
  });
  const { id } = replica ?? assert.fail();
  assert.equal(id, ready.id.replace('@spare', 'Seen'));
  assert.equal(replica?.pid, ready.pid);
  await seen.print.remote('to whom it may concern');
  await until(() => lines.includes(`(${id}) to whom it may concern`));
  const { dir } = (await runningCluster())?.cluster ?? assert.fail();
  await until(() => readFileSync(join(dir, 'logs', `${id}.log`), 'utf8') === 'to whom it may concern\n');
  assert.equal(existsSync(join(dir, 'logs', `${ready.id}.log`)), false);
});

test('a second application, an update, and one replica more each take a spare process', async () => {
  const take = async (run: () => Promise<number>): Promise<void> => {
    const ready = await spare();
    assert.equal(await run(), ready.pid);
  };
  const seen = (name: string, options = {}) => serve.run(Seen.options(options).bind(), { name, routePrefix: null });
  await seen('first');
  await take(async () => pidOf(await seen('second')));
  await take(async () => pidOf(await seen('second', { env: { VERSION: '2' } })));
  await take(async () => {
    const [before] = await replicasOf('second');
    await seen('second', { env: { VERSION: '2' }, numReplicas: 2 });
    const added = await until(async () => {
      const replicas = await replicasOf('second');
      return replicas.length === 2 && replicas.find(({ id, pid }) => id !== before?.id && pid !== null);
    });
    return added.pid ?? 0;
  });
});

test('an environment that counts from the start of a process gets one of its own', async () => {
  await serve.start();
  const ready = await spare();
  const seen = await serve.run(Seen.options({ env: { NODE_OPTIONS: '--max-old-space-size=200' } }).bind(), {
    name: 'own',
    routePrefix: null,
  });
  const { pid } = await seen.process.remote();
  assert.notEqual(pid, ready.pid);
  assert.ok(startedWith({ pid }).includes('NODE_OPTIONS=--max-old-space-size=200'));
  assert.deepEqual(
    (await spares()).map((one) => one.pid),
    [ready.pid],
  );
});

test('spares have the thread pool of what was started last, so that replicas with a cpu share are warm too', async () => {
  await serve.start({ resources: { cpu: 4 } });
  const run = (name: string) => serve.run(Threads.options({ resources: { cpu: 2 } }).bind(), { name, routePrefix: null });
  await run('first');
  const { pid } = await spare((info) => startedWith(info).includes('UV_THREADPOOL_SIZE=3'));
  const second = await run('second');
  assert.equal((await replicasOf('second')).length, 1);
  await until(async () => (await replicasOf('second'))[0]?.pid === pid);
  assert.deepEqual(await second.seen.remote(3), { ort: 2, picture: 2, passed: false, env: ['2', '2', '3'] });
});

test('each node has its own, taken where the replica is placed', async () => {
  await serve.start({ nodes: 2 });
  const ready = await until(async () => {
    const found = await spares();
    return found.length === 2 && found;
  });
  assert.deepEqual(ready.map(({ node }) => node).sort(), ['node-1', 'node-2']);
  const seen = await serve.run(Seen.options({ numReplicas: 2 }).bind(), { name: 'both', routePrefix: null });
  const processes = (await clusterProcesses()).filter(({ id }) => id.startsWith('Seen#'));
  const places = (some: typeof ready) => some.map(({ pid, node }) => `${pid} ${node}`).sort();
  assert.deepEqual(places(processes), places(ready));
  assert.ok(processes.some(({ node }) => node === 'node-2'));
  const pids = new Set<number>();
  await until(async () => pids.add(await pidOf(seen)).size === 2);
});

test('they can be more, and none', async () => {
  await serve.start({ spareReplicas: 2 });
  await until(async () => (await spares()).length === 2);
  await serve.shutdown();
  await serve.start({ spareReplicas: 0 });
  const seen = await serve.run(Seen.bind(), { name: 'cold', routePrefix: null });
  const { pid } = await seen.process.remote();
  process.kill(pid, 'SIGKILL');
  await until(async () => (await replicasOf('cold')).some((replica) => replica.state === 'RUNNING' && replica.pid !== pid));
  assert.deepEqual(await spares(), []);
  await serve.shutdown();
  await assert.rejects(serve.start({ spareReplicas: -1 }), /spareReplicas must be an integer of at least 0/);
});
