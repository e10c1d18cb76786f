/** The engine `ray`, with a real Ray: a head and two nodes on loopback addresses, and token authentication. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isNbserveError, serve } from 'nbserve';
import type { AgentFile } from '../../dist/engine/cluster-folder.js';
import { listLocalClusters } from '../../dist/engine/index.js';
import { CommandFolder } from '../fixtures/command-folder.js';
import { contract } from '../fixtures/engine-contract.js';
import { assertNothingLeft } from '../fixtures/engine-harness.js';
import { onRay } from '../fixtures/engines.js';
import { Where, Worker } from '../fixtures/machine-apps.js';
import { nodesOf, processes, running } from '../fixtures/nodes.js';
import { RayCluster } from '../fixtures/ray-cluster.js';
import { until } from '../fixtures/wait.js';

const SETUP = fileURLToPath(new URL('../../../ci/ray.mjs', import.meta.url));
const { rayPython } = (await import(pathToFileURL(SETUP).href)) as { rayPython: () => string };
const python = await setUp();

/** The Python with Ray, or why there is none. */
async function setUp(): Promise<{ readonly path: string } | { readonly skip: string }> {
  try {
    return { path: rayPython() };
  } catch (error) {
    return { skip: `Python with Ray cannot be set up: ${(error as Error).message}` };
  }
}

/** Lesson 05 asks for it. */
const NODE = { my_super_accelerator: 1 };
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const NBSERVE = join(ROOT, 'lib/bin/nbserve.js');

/** Ray takes long to answer, and needs the processors meanwhile. */
const ASK_RAY_EVERY_MS = 1000;

const aliveNodes = async () => (await serve.status()).nodes.filter(({ alive }) => alive);

/** Forty requests a second, until `end`. */
class Load {
  readonly #answers: Promise<boolean>[] = [];
  #isOver = false;
  readonly #done: Promise<void>;

  /** @param file gets a line for each run of a request */
  constructor(url: string, file: string) {
    this.#done = this.#send(url, file);
  }

  more(count: number): Promise<unknown> {
    const enough = this.#answers.length + count;
    return until(() => this.#answers.length > enough);
  }

  async end(): Promise<{ readonly requests: number; readonly failed: number }> {
    this.#isOver = true;
    await this.#done;
    const answers = await Promise.all(this.#answers);
    return { requests: answers.length, failed: answers.filter((ok) => !ok).length };
  }

  async #send(url: string, file: string): Promise<void> {
    for (let id = 0; !this.#isOver; id += 1) {
      this.#answers.push(this.#ask(url, { id, file }));
      await delay(25);
    }
  }

  async #ask(url: string, body: { readonly id: number; readonly file: string }): Promise<boolean> {
    const answer = await fetch(url, { method: 'POST', body: JSON.stringify(body) }).catch(() => null);
    return answer?.status === 200 && ((await answer.json()) as { id: number }).id === body.id;
  }
}

describe('a cluster on Ray', { skip: 'skip' in python ? python.skip : false }, () => {
  const ray = new RayCluster('path' in python ? python.path : '');
  const folder = mkdtempSync(join(tmpdir(), 'nbsw-'));

  before(async () => {
    await ray.startHead();
    await ray.startNode('127.0.0.3', NODE);
    await ray.startNode('127.0.0.4', NODE);
  });

  after(async () => {
    await serve.shutdown();
    await ray.end();
    rmSync(folder, { recursive: true, force: true });
    assertNothingLeft();
  });

  it('is not started without the token, nor if Ray does not answer', async () => {
    const start = (address: string) => serve.start({ engine: 'ray', address, port: 0 });
    const fails = (address: string, code: string, message: RegExp) =>
      assert.rejects(start(address), (error) => isNbserveError(error) && error.code === code && message.test(error.message));
    process.env.RAY_AUTH_TOKEN = 'f'.repeat(64);
    await fails(ray.address, 'NBS_RAY_REFUSED', /the token is missing or wrong; set RAY_AUTH_TOKEN/);
    process.env.RAY_AUTH_TOKEN = ray.token;
    await fails('http://127.0.0.1:9', 'NBS_RAY_UNREACHABLE', /cannot reach Ray at http:\/\/127\.0\.0\.1:9/);
    await fails('ray-head', 'NBS_INVALID_OPTION', /http:\/\/head:8265/);
  });

  it('is not what a cluster becomes that runs already, and a notice says so', async (test) => {
    const said: string[] = [];
    test.mock.method(console, 'warn', (text: string) => void said.push(text));
    await serve.start({ port: 0 });
    await serve.start({ engine: 'ray', address: ray.address });
    assert.match(said.join('\n'), /a cluster without the nodes of Ray runs already/);
    assert.equal((await serve.status()).nodes.length, 1);
    await serve.shutdown();
  });

  it('has the nodes of Ray, each as one job, besides this machine', async () => {
    await serve.start({ engine: 'ray', address: ray.address, port: 0 });
    const nodes = await until(async () => {
      const alive = await aliveNodes();
      return alive.length === 3 && alive;
    });
    assert.deepEqual(nodes.map(({ ip }) => ip).sort(), ['127.0.0.1', '127.0.0.3', '127.0.0.4']);
    for (const { id, total } of nodes) if (id !== 'local') assert.equal(total.cpu, 2);
    const jobs = JSON.parse(await ray.get('/api/jobs/')) as readonly { status: string; driver_node_id: string }[];
    assert.deepEqual(
      jobs.map(({ status }) => status),
      ['RUNNING', 'RUNNING'],
    );
    assert.equal(new Set(jobs.map(({ driver_node_id }) => driver_node_id)).size, 2);
  });

  it('shows no secret to who may read jobs and their logs', async () => {
    const text = await ray.get('/api/jobs/');
    const ids = (JSON.parse(text) as readonly { submission_id: string }[]).map(({ submission_id }) => submission_id);
    const logs = await Promise.all(ids.map((id) => ray.get(`/api/jobs/${id}/logs`)));
    const token = readFileSync(join(listLocalClusters()[0]?.dir as string, 'token'), 'utf8');
    for (const shown of [text, ...logs])
      assert.ok(!shown.includes(token) && !shown.includes(ray.token) && !shown.includes('PRIVATE'));
  });

  it('runs replicas on every node, which answer over TLS', async () => {
    const { url } = await serve.run(Where.options({ numReplicas: 3 }).bind(), { name: 'where', routePrefix: '/where' });
    const seen = new Set<string>();
    await until(async () => {
      // One request after the other would stay on the node of the proxy.
      const answers = await Promise.all(Array.from({ length: 9 }, () => fetch(url, { method: 'POST', body: 'x' })));
      for (const answer of answers) seen.add(((await answer.json()) as { machine: string }).machine);
      return seen.size === 3;
    });
    assert.deepEqual([...seen].sort(), ['127.0.0.3', '127.0.0.4', 'head']);
    await serve.delete('where');
  });

  it('asks Ray for what replicas wait for, as long as they do', async () => {
    interface Job {
      readonly status: string;
      readonly metadata: { readonly wants?: string };
    }
    const wanted = async () =>
      (JSON.parse(await ray.get('/api/jobs/')) as readonly Job[]).filter(({ metadata }) => metadata.wants);
    const large = { resources: { cpu: 2 } };
    const others = aliveNodes().then((nodes) => nodes.filter(({ id }) => id !== 'local').length);
    // Two processors for each node of Ray; this machine has at least one of its own.
    const fits = (await others) + Math.floor(availableParallelism() / 2);
    await serve.run(Where.options({ ...large, name: 'Full', numReplicas: fits }).bind(), { name: 'full', routePrefix: null });
    const waiting = serve.run(Where.options({ ...large, name: 'More' }).bind(), { name: 'more', routePrefix: null });
    waiting.catch(() => {});
    const [job] = await until(
      async () => ((await wanted()).some(({ status }) => status === 'PENDING') ? wanted() : null),
      ASK_RAY_EVERY_MS,
    );
    assert.deepEqual(JSON.parse(job?.metadata.wants as string), { cpu: 2 });
    // What the autoscaler sees of it.
    await until(async () => (await ray.demand()).some(({ CPU }) => CPU === 2), ASK_RAY_EVERY_MS);
    // There is room again: the job is cancelled and gone from the list, although Ray never started it.
    await serve.delete('full');
    await waiting;
    await until(async () => (await wanted()).length === 0, ASK_RAY_EVERY_MS);
    await until(async () => (await ray.demand()).length === 0, ASK_RAY_EVERY_MS);
    await serve.delete('more');
  });

  it('loses no request when a node of Ray is killed, and has as many replicas as before', async () => {
    const { url } = await serve.run(Worker.options({ numReplicas: 4 }).bind(), { name: 'work' });
    const file = join(folder, 'begun');
    const load = new Load(url, file);
    const lost = (await aliveNodes()).find(({ ip }) => ip === '127.0.0.4')?.id as string;
    assert.ok((await nodesOf('work')).includes(lost));
    await load.more(40);
    ray.killNode('127.0.0.4');
    await until(async () => {
      const nodes = await nodesOf('work');
      return nodes.length === 4 && !nodes.includes(lost);
    });
    await load.more(40);
    const { requests, failed } = await load.end();
    const begun = readFileSync(file, 'utf8').trim().split('\n');
    const twice = begun.length - new Set(begun).size;
    console.log(`${requests} requests, ${failed} failed, ${twice} retried`);
    // Replicas may outlive their agent for a moment and finish what they have begun, so on a slow machine none of it has to begin again.
    assert.equal(failed, 0);
    assert.equal(new Set(begun).size, requests);
    assert.equal((await running('work')).length, 4);
    assert.equal((await serve.status()).nodes.find(({ id }) => id === lost)?.alive, false);
  });

  it('takes a node that comes back', async () => {
    await ray.startNode('127.0.0.4', NODE);
    const back = await until(async () => (await aliveNodes()).find(({ ip }) => ip === '127.0.0.4'));
    assert.match(back.id, /^ray-/);
    await serve.run(Where.options({ name: 'Back', numReplicas: 3 }).bind(), { name: 'back', routePrefix: null });
    assert.ok((await nodesOf('back')).includes(back.id));
  });

  it("goes on without Ray's head, and knows its nodes again when the head is back", async () => {
    const { url } = await serve.run(Worker.options({ numReplicas: 4 }).bind(), { name: 'work' });
    const pids = async () => (await running('work')).map(({ pid }) => pid).sort();
    const before = await pids();
    const nodes = (await aliveNodes()).map(({ id }) => id).sort();
    const load = new Load(url, join(folder, 'headless'));
    await ray.killHead();
    await until(() =>
      ray.get('/api/jobs/').then(
        () => false,
        () => true,
      ),
    );
    await load.more(200);
    await ray.startHead();
    const ended = ['FAILED', 'STOPPED', 'SUCCEEDED'];
    /** The nodes that the unfinished jobs are for. Ray may take a while to notice that the job of the killed node has ended. */
    const unfinished = async () => {
      const all = JSON.parse(await ray.get('/api/jobs/')) as readonly {
        readonly status: string;
        readonly metadata: { readonly node?: string } | null;
      }[];
      const of = all.flatMap(({ status, metadata }) =>
        metadata?.node === undefined || ended.includes(status) ? [] : metadata.node,
      );
      return of.map((node) => `ray-${node.slice(0, 8)}`).filter((node) => nodes.includes(node));
    };
    await until(
      () =>
        unfinished().then(
          (those) => those.length >= 2,
          () => false,
        ),
      ASK_RAY_EVERY_MS,
    );
    await load.more(200);
    const { requests, failed } = await load.end();
    console.log(`${requests} requests, ${failed} failed while the head of Ray was gone and when it was back`);
    assert.equal(failed, 0);
    assert.deepEqual(await pids(), before);
    assert.deepEqual((await aliveNodes()).map(({ id }) => id).sort(), nodes);
    // No node has a second agent, not even one that waits.
    assert.deepEqual(
      (await unfinished()).sort(),
      nodes.filter((node) => node !== 'local'),
    );
  });

  for (const lesson of ['02-hello-serve', '05-images', '09-mnist-serve']) {
    it(`runs lesson ${lesson} unchanged, on the nodes of Ray`, async () => {
      await serve.shutdown();
      const notebook = join(ROOT, 'notebooks', `${lesson}.ipynb`);
      const child = spawn(process.execPath, [NBSERVE, 'execute', notebook, '--output', join(folder, 'executed.ipynb')], {
        cwd: ROOT,
        env: { ...process.env, NBSERVE_ENGINE: 'ray', RAY_API_SERVER_ADDRESS: ray.address, RAY_AUTH_TOKEN: ray.token },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let output = '';
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += String(text)));
      const nodes = new Set<string>();
      while (child.exitCode === null) {
        for (const { role, label, node } of await processes().catch(() => []))
          if (role === 'replica' && !label.startsWith('@spare')) nodes.add(node);
        await delay(ASK_RAY_EVERY_MS);
      }
      assert.equal(child.exitCode, 0, output.slice(-3000));
      console.log(`lesson ${lesson}: replicas on ${[...nodes].sort().join(', ')}`);
      assert.ok([...nodes].some((node) => node.startsWith('ray-')));
    });
  }

  it('takes the nodes of a cluster whose head was killed, and ends its jobs', async () => {
    await serve.shutdown();
    const commands = new CommandFolder();
    const unfinished = async () =>
      (JSON.parse(await ray.get('/api/jobs/')) as readonly { readonly submission_id: string; readonly status: string }[])
        .filter(({ status }) => ['RUNNING', 'PENDING'].includes(status))
        .map(({ submission_id }) => submission_id);
    try {
      const started = await commands.output(['start', '--engine', 'ray', '--address', ray.address, '--port', '0']);
      assert.equal(
        await commands.output(['status', '--url', '--address', ray.address]),
        `${/^url: (.*)$/m.exec(started)?.[1]}\n`,
      );
      const dir = /^folder: (.*)$/m.exec(started)?.[1] ?? '';
      const left = await unfinished();
      assert.equal(left.length, 2);
      process.kill((JSON.parse(readFileSync(join(dir, 'agent.json'), 'utf8')) as AgentFile).agent.pid, 'SIGKILL');
      // The agents of the one that was killed would look for it for a minute, and the start waits for half of that.
      await serve.start({ engine: 'ray', address: ray.address, port: 0 });
      assert.equal((await aliveNodes()).length, 3);
      assert.ok((await unfinished()).every((id) => !left.includes(id)));
    } finally {
      await commands.remove();
    }
  });

  it('ends its jobs, and leaves no process', async () => {
    await serve.shutdown();
    await until(() => ray.running(/join-main|replica\/main/).length === 0, ASK_RAY_EVERY_MS);
    await until(async () => {
      const jobs = JSON.parse(await ray.get('/api/jobs/')) as readonly { status: string }[];
      return jobs.every(({ status }) => !['RUNNING', 'PENDING'].includes(status));
    }, ASK_RAY_EVERY_MS);
  });

  describe('its engine', () => contract(onRay(ray)));
});
