import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { encodeValue } from '../../dist/ipc/index.js';
import type { RequestHead } from '../../dist/serve/protocol/index.js';
import type { Router } from '../../dist/serve/router/index.js';
import { DataPlane, type ReplicaProcess } from '../fixtures/data-plane.js';
import { errorOf, send } from '../fixtures/http-client.js';
import { HttpLoad } from '../fixtures/http-load.js';
import { isRunning, until } from '../fixtures/wait.js';

/** Answers with its pid, after a time that can be changed. */
const NAPPER = `exports.default = class {
  ms = 1;
  async fetch() { return this.nap(); }
  async nap() { await new Promise((r) => setTimeout(r, this.ms)); return String(process.pid); }
  set(ms) { this.ms = ms; }
};`;

const tell = ({ control }: ReplicaProcess, method: string, ...args: unknown[]): Promise<unknown> =>
  control.call({ kind: 'method', method, requestId: 't' } as RequestHead, args);

/** Stops a replica until the returned function is called. */
function pause(t: TestContext, { run }: ReplicaProcess): () => void {
  const pid = run.pid as number;
  process.kill(pid, 'SIGSTOP');
  let isStopped = true;
  const resume = (): void => {
    if (isStopped && isRunning(pid)) process.kill(pid, 'SIGCONT');
    isStopped = false;
  };
  t.after(resume);
  return resume;
}

/** A closed loop of calls through handles. */
class HandleLoad {
  readonly answers: string[] = [];
  readonly #workers: Promise<void>[];
  #running = true;

  constructor(router: Router, concurrency: number) {
    this.#workers = Array.from({ length: concurrency }, async () => {
      while (this.#running) this.answers.push(await this.#call(router));
    });
  }

  async stop(): Promise<readonly string[]> {
    this.#running = false;
    await Promise.all(this.#workers);
    return this.answers;
  }

  #call(router: Router): Promise<string> {
    return new Promise((resolve, reject) => {
      let text = '';
      router.dispatch({
        key: 'app/Main',
        method: 'nap',
        head: { kind: 'method', method: 'nap', requestId: 'r' },
        body: encodeValue([]),
        sink: {
          onHead() {},
          onData: (chunk) => {
            text += Buffer.from(chunk).toString('latin1');
          },
          onEnd: () => resolve(/\d+/.exec(text)?.[0] ?? ''),
          onError: reject,
        },
      });
    });
  }
}

function countsOf(pids: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const pid of pids) counts[pid] = (counts[pid] ?? 0) + 1;
  return counts;
}

test('traffic of a proxy and of several handles flows round a slow replica', async (t) => {
  const plane = await DataPlane.start(t);
  const replicas = await plane.deploy(NAPPER, { replicas: 4 });
  const [slow] = replicas;
  assert.ok(slow);
  await tell(slow, 'set', 200);
  const http = new HttpLoad(plane.url, 12);
  const handles = [new HandleLoad(plane.router(), 12), new HandleLoad(plane.router(), 12)];
  for (const load of [http, ...handles]) t.after(() => void load.stop());
  await http.answered(3000);
  const all = [(await http.stop()).map(({ body }) => body), ...(await Promise.all(handles.map((load) => load.stop())))];
  for (const pids of all) {
    const counts = countsOf(pids);
    const others = replicas.filter((replica) => replica !== slow).map(({ run }) => counts[String(run.pid)] ?? 0);
    const slowCount = counts[String(slow.run.pid)] ?? 0;
    assert.ok(slowCount * 2 < Math.min(...others), `${JSON.stringify(counts)}, slow is ${slow.run.pid}`);
    assert.ok(Math.max(...others) < 2 * Math.min(...others), JSON.stringify(counts));
  }
});

test('a stopped replica keeps what it was sent and gets nothing new, from a proxy as from a handle; later it takes its share', async (t) => {
  const plane = await DataPlane.start(t);
  const replicas = await plane.deploy(NAPPER, { replicas: 3, config: { maxOngoingRequests: 100 } });
  const [stopped] = replicas;
  assert.ok(stopped);
  const router = plane.router();
  const handles = new HandleLoad(router, 8);
  const http = new HttpLoad(plane.url, 24);
  for (const load of [http, handles]) t.after(() => void load.stop());
  await http.answered(500);
  const resume = pause(t, stopped);
  await http.answered(3000);
  // None of these many requests waits for the stopped replica: each client sends again and again.
  const more = await Promise.all(Array.from({ length: 200 }, () => send(plane.url)));
  assert.deepEqual(
    more.filter(({ status, text }) => status !== 200 || text === String(stopped.run.pid)),
    [],
  );
  const before = handles.answers.length;
  await until(() => handles.answers.length > before + 200);
  resume();
  const answers = await http.stop();
  const values = await handles.stop();
  assert.ok(answers.every(({ status }) => status === 200));
  assert.ok(values.every((pid) => replicas.some(({ run }) => String(run.pid) === pid)));
  // At first the proxy may still count the requests of the handles, of which the replica's last answers told.
  const takesSome = async (): Promise<boolean> => {
    const again = await Promise.all(Array.from({ length: 60 }, () => send(plane.url)));
    return again.some(({ text }) => text === String(stopped.run.pid));
  };
  while (!(await takesSome()));
});

test('a stopped replica that is full does not hold up the queue', async (t) => {
  const plane = await DataPlane.start(t);
  const replicas = await plane.deploy(NAPPER, { replicas: 2, config: { maxOngoingRequests: 2 } });
  const [stopped] = replicas;
  assert.ok(stopped);
  const resume = pause(t, stopped);
  const load = new HttpLoad(plane.url, 16);
  t.after(() => void load.stop());
  await load.answered(500);
  resume();
  assert.ok((await load.stop()).every(({ status }) => status === 200));
});

test('hedging: requests at a stopped replica are answered by another one', async (t) => {
  const plane = await DataPlane.start(t);
  const replicas = await plane.deploy(NAPPER, {
    replicas: 3,
    config: { idempotent: ['fetch'], hedging: { delayMs: 20, maxExtra: 1 } },
  });
  const [stopped] = replicas;
  assert.ok(stopped);
  await send(plane.url);
  pause(t, stopped);
  for (let i = 0; i < 20; i += 1) {
    const answer = await send(plane.url, { method: 'POST' }, 'body');
    assert.deepEqual([answer.status, answer.text === String(stopped.run.pid)], [200, false]);
  }
});

test('in a full queue of the proxy an interactive request takes the place of a batch one', async (t) => {
  const plane = await DataPlane.start(t);
  const [replica] = await plane.deploy(NAPPER, { config: { maxOngoingRequests: 1, maxQueuedRequests: 1 } });
  assert.ok(replica);
  await tell(replica, 'set', 600_000);
  const begun = send(plane.url).catch(() => null);
  await until(async () => (await replica.ops('status', undefined)).ongoing === 1);
  const { headers } = plane.trusted;
  const one = send(plane.url, { headers: { ...headers, priority: 'u=7' } });
  const other = send(plane.url, { headers: { ...headers, priority: 'u=6, i' } });
  // The request that comes first waits.
  const [refusedBatch, batch] = await Promise.race([
    one.then((answer) => [answer, other] as const),
    other.then((answer) => [answer, one] as const),
  ]);
  assert.equal(refusedBatch.status, 503);
  assert.match(errorOf(refusedBatch).message ?? '', /so this one is refused/);
  const interactive = send(plane.url, { headers: { priority: 'u=1' } }).catch(() => null);
  const displaced = await batch;
  assert.deepEqual([displaced.status, errorOf(displaced).code], [503, 'NBS_QUEUE_FULL']);
  assert.match(errorOf(displaced).message ?? '', /an interactive request took the place of this batch request/);
  replica.run.kill();
  await plane.stop();
  await Promise.all([begun, interactive]);
});
