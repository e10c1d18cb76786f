import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { serve } from 'nbserve';
import { detachedClusters, stopCluster } from '../../dist/engine/index.js';
import { Slow } from '../fixtures/apps.js';
import { assertNothingLeft } from '../fixtures/engine-harness.js';
import { countStatuses, HttpLoad } from '../fixtures/http-load.js';
import { agentPid, nodeOf, nodesOf, processes, running } from '../fixtures/nodes.js';
import { allEnded, isRunning, until } from '../fixtures/wait.js';

const NBSERVE = fileURLToPath(new URL('../../bin/nbserve.js', import.meta.url));
const DRIVER = fileURLToPath(new URL('../fixtures/nodes-driver.js', import.meta.url));

after(async () => {
  await serve.shutdown().catch(() => {});
  for (const { dir } of await detachedClusters()) await stopCluster(dir, 0);
  assertNothingLeft();
});

const nbserve = (...args: string[]) => promisify(execFile)(process.execPath, [NBSERVE, ...args]);

test('SIGKILL of a node under 32 connections: only begun requests fail; its replicas are replaced elsewhere, and it comes back', async () => {
  await serve.start({ port: 0, nodes: 3 });
  const slow = await serve.run(Slow.options({ numReplicas: 3, maxOngoingRequests: 8 }).bind('v1'), { name: 'slow' });
  assert.deepEqual(await nodesOf('slow'), ['node-1', 'node-2', 'node-3']);
  const away = slow.url.replace('127.0.0.1', '127.0.0.2');
  assert.equal((await fetch(away)).status, 200);
  const there = (await processes()).filter(({ node, role }) => node === 'node-2' && role !== 'agent');
  // A spare process, which is a replica too, may be there already.
  assert.deepEqual([...new Set(there.map(({ role }) => role))].sort(), ['proxy', 'replica']);
  const load = new HttpLoad(slow.url);
  await load.answered(200);

  process.kill((await agentPid('node-2')) as number, 'SIGKILL');
  await allEnded(there.map(({ pid }) => pid));
  // It is not on the node that died, unless that node came back before.
  await until(async () => (await running('slow')).filter(({ id }) => !there.some((lost) => lost.id === id)).length === 3);
  await load.answered(200);
  const answers = await load.stop();
  const failed = answers.filter(({ status }) => status !== 200);
  for (const { status, body } of failed) {
    assert.equal(status, 503, body);
    assert.equal((JSON.parse(body) as { error: { code: string } }).error.code, 'NBS_REPLICA_DIED');
  }
  assert.ok(failed.length <= 8, `${failed.length} failed: ${JSON.stringify(countStatuses(answers))}`);

  await until(async () => (await nodeOf('node-2'))?.alive);
  await until(() =>
    fetch(away).then(
      ({ status }) => status === 200,
      () => false,
    ),
  );
});

test('while a node is down, what needs it waits, and runs when it is back', async () => {
  await serve.shutdown();
  await serve.start({ port: 0, nodes: [{}, { name: 'special', resources: { custom: { special: 1 } } }] });
  const app = Slow.options({ resources: { custom: { special: 1 } } }).bind('v1');
  await serve.run(app, { name: 'slow' });
  const [before] = await running('slow');
  // The next agent is killed too, so that the head pauses before it starts another one. This leaves time to see it.
  for (let kill = 0; kill < 3; kill += 1) {
    // The head may not know yet that the agent before has ended.
    const pid = await until(async () => {
      const found = await agentPid('special');
      return found !== undefined && isRunning(found) && found;
    });
    process.kill(pid, 'SIGKILL');
    await allEnded([pid]);
  }
  const { message } = await until(async () => {
    const deployment = (await serve.status()).applications.slow?.deployments.Slow;
    return deployment?.message.includes('PENDING') === true && deployment;
  });
  assert.match(message, /0 of 1 replicas run; PENDING, .*node-1 has custom special 0 free; special is down/);
  await until(async () => (await running('slow')).length === 1);
  assert.notEqual((await running('slow'))[0]?.id, before?.id);
  assert.deepEqual(await nodesOf('slow'), ['special']);
});

test("the driver's end, and the head's, end everything on every node", async (t) => {
  await serve.shutdown();
  for (const victim of ['driver', 'head'] as const) {
    const driver = spawn(process.execPath, [DRIVER], { stdio: ['ignore', 'pipe', 'inherit'] });
    t.after(() => driver.kill('SIGKILL'));
    const { value } = await createInterface({ input: driver.stdout })[Symbol.asyncIterator]().next();
    const { head, pids } = JSON.parse(value as string) as { head: number; pids: number[] };
    // These are a controller, two proxies, the other node's agent and two replicas.
    assert.ok(pids.length === 6 && pids.every(isRunning));
    process.kill(victim === 'driver' ? (driver.pid as number) : head, 'SIGKILL');
    await allEnded([head, ...pids]);
    driver.kill('SIGKILL');
  }
});

test('a detached cluster with nodes: nbserve starts, shows and stops it; a killed controller takes over what runs on every node', async () => {
  const list = JSON.stringify([{}, { name: 'special', numGpus: 2, resources: { custom: { my_super_accelerator: 1 } } }]);
  const args = ['start', '--port', '0', '--num-cpus', '2', '--num-gpus', '0', '--memory', String(2 ** 30), '--nodes', list];
  const [, url = ''] = /^url: (\S+)$/m.exec((await nbserve(...args)).stdout) ?? [];
  await serve.start({ address: 'auto' });
  const app = Slow.options({ numReplicas: 2, resources: { cpu: 1, gpu: 0.25 } });
  const own = await serve.run(app.bind('v1'), { name: 'slow' });
  await serve.run(Slow.options({ numReplicas: 2, resources: { cpu: 0.5 } }).bind('v1'), { name: 'both', routePrefix: '/both' });
  assert.deepEqual(
    [await nodesOf('slow'), await nodesOf('both')],
    [
      ['special', 'special'],
      ['node-1', 'node-1'],
    ],
  );
  const port = new URL(url).port;
  const shown = (await nbserve('status')).stdout;
  assert.ok(shown.includes(`  node-1 (127.0.0.1): UP, http://127.0.0.1:${port}, free: cpu 1 of 2, memory 1 of 1 GiB\n`), shown);
  assert.ok(
    shown.includes(
      `  special (127.0.0.2): UP, http://127.0.0.2:${port}, free: cpu 0 of 2, gpu 1.5 of 2, memory 1 of 1 GiB, my_super_accelerator 1 of 1\n`,
    ),
    shown,
  );
  assert.match(shown, /Slow#\w+: RUNNING \(pid \d+, on special\)/);

  const all = async () => [...(await running('slow')), ...(await running('both'))].sort((a, b) => (a.id < b.id ? -1 : 1));
  const before = await all();
  const load = new HttpLoad(own.url);
  await load.answered(100);
  const pid = (await processes()).find(({ role }) => role === 'controller')?.pid as number;
  process.kill(pid, 'SIGKILL');
  await until(async () => ![undefined, pid].includes((await processes()).find(({ role }) => role === 'controller')?.pid));
  await until(async () => (await serve.status()).applications.slow?.status === 'RUNNING');
  await load.answered(100);
  assert.deepEqual(Object.keys(countStatuses(await load.stop())), ['200']);
  assert.deepEqual(await all(), before);
  const { nodes } = await serve.status();
  assert.deepEqual(
    nodes.map(({ free }) => free.cpu),
    [1, 0],
  );
  await serve.shutdown();
  assert.equal((await nbserve('stop')).stdout, `stopped ${url}\n`);
});

test('nbserve start says what is wrong with its nodes', async () => {
  await assert.rejects(nbserve('start', '--nodes', 'three'), /NBS_BAD_USAGE: .*--nodes takes JSON such as 3/);
  await assert.rejects(nbserve('start', '--nodes', '[]'), /NBS_INVALID_OPTION: .*nodes must be a number from 1 to 64/);
  await assert.rejects(nbserve('start', '--memory', 'much'), /NBS_INVALID_OPTION: resources: option memory must be/);
  await assert.rejects(
    nbserve('start', '--proxy-location', 'HeadNode'),
    /proxyLocation must be one of EveryNode, HeadOnly, Disabled/,
  );
});
