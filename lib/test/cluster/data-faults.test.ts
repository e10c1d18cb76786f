import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { decodeValue, encodeValue, ItemDecoder, type ResponseHead } from '../../dist/ipc/index.js';
import type { Router } from '../../dist/serve/router/index.js';
import { DataPlane, DEFAULT_CONFIG } from '../fixtures/data-plane.js';
import { type Answer, errorOf, open, responseOf, send } from '../fixtures/http-client.js';
import { until } from '../fixtures/wait.js';

const GATE = `
const open = []; let waiting = 0;
exports.default = class Gate {
  async fetch(request) {
    const path = new URL(request.url).pathname;
    if (path === '/wait') { waiting++; await new Promise((resolve) => open.push(resolve)); waiting--; return 'waited'; }
    if (path === '/pid') return String(process.pid);
    if (path === '/file') { while (!require('node:fs').existsSync(request.query.path)) await new Promise((r) => setTimeout(r, 5)); return 'file'; }
    if (path === '/stuck') { await new Promise(() => {}); }
    if (path === '/exit') process.exit(0);
    if (path === '/reject') { Promise.reject(new Error('nobody listens')); return 'ok'; }
    if (path === '/throw') { setTimeout(() => { throw new Error('out of the blue'); }, 1); await new Promise(() => {}); }
    return 'ok';
  }
  open() { for (const go of open.splice(0)) go(); return waiting; }
  waiting() { return waiting; }
  boom() { throw new RangeError('by handle'); }
  async *count(n) { for (let i = 0; i < n; i++) yield i; }
  call(...args) { return args; }
};`;

function callMethod(router: Router, method: string, ...args: unknown[]): Promise<unknown> {
  return new Promise((resolve, reject) => {
    let head: ResponseHead | undefined;
    const chunks: Uint8Array[] = [];
    router.dispatch({
      key: 'app/Main',
      method,
      head: { kind: 'method', method, requestId: 'r' },
      body: encodeValue(args),
      sink: {
        onHead: (given) => {
          head = given;
        },
        onData: (chunk) => chunks.push(chunk),
        onEnd: () => {
          const body = Buffer.concat(chunks);
          resolve(head?.kind === 'items' ? new ItemDecoder().feed(body) : body.length === 0 ? undefined : decodeValue(body));
        },
        onError: reject,
      },
    });
  });
}

test('methods by handle: values, items, errors', async (t) => {
  const plane = await DataPlane.start(t);
  await plane.deploy(GATE);
  const router = plane.router();
  assert.deepEqual(await callMethod(router, 'call', 1, new Map([['a', 2]])), [1, new Map([['a', 2]])]);
  assert.deepEqual(await callMethod(router, 'count', 3), [0, 1, 2]);
  await assert.rejects(callMethod(router, 'boom'), { name: 'RangeError', message: 'by handle' });
  await assert.rejects(callMethod(router, 'nope'), { code: 'NBS_NO_SUCH_METHOD', message: /open, waiting, boom/ });
  await assert.rejects(callMethod(router, 'constructor'), { code: 'NBS_NO_SUCH_METHOD' });
});

test('requests over the limit wait, and over the queue are refused', async (t) => {
  const plane = await DataPlane.start(t);
  const [replica] = await plane.deploy(GATE, { config: { maxOngoingRequests: 2, maxQueuedRequests: 3 } });
  const answers: Answer[] = [];
  const all = Array.from({ length: 8 }, async () => {
    answers.push(await send(`${plane.url}/wait`));
  });
  // Two requests are in progress and three wait; the others get an error.
  await until(() => answers.length === 3);
  for (const answer of answers) {
    assert.deepEqual([answer.status, errorOf(answer).code, answer.headers['retry-after']], [503, 'NBS_QUEUE_FULL', '1']);
  }
  // A refusal may arrive before a request that is on its way to the replica.
  await until(async () => (await replica?.ops('status', undefined))?.ongoing === 2);
  // This comes from another router, so the replica answers BUSY until it may take more.
  const router = plane.router();
  const opened = callMethod(router, 'open');
  await replica?.ops('reconfigure', { config: { ...DEFAULT_CONFIG, maxOngoingRequests: 10 } });
  await opened;
  await until(async () => {
    await callMethod(router, 'open');
    return answers.length === 8;
  });
  await Promise.all(all);
  assert.ok(answers.slice(3).every(({ text }) => text === 'waited'));
});

test('SIGKILL of a replica under 32 connections fails nothing that was not begun', async (t) => {
  const plane = await DataPlane.start(t);
  const replicas = await plane.deploy(
    `exports.default = async () => { await new Promise((r) => setTimeout(r, Math.random() * 4)); return 'ok'; };`,
    { replicas: 3, config: { maxOngoingRequests: 4 } },
  );
  let stop = false;
  const codes = new Map<string, number>();
  let answers = 0;
  const clients = Array.from({ length: 32 }, async () => {
    while (!stop) {
      const { status, text } = await send(plane.url);
      const code = status === 200 ? 'ok' : `${status} ${(JSON.parse(text) as { error: { code: string } }).error.code}`;
      codes.set(code, (codes.get(code) ?? 0) + 1);
      answers += 1;
    }
  });
  await until(() => answers > 200);
  replicas[0]?.run.kill();
  const then = answers;
  await until(() => answers > then + 200);
  replicas[1]?.run.kill();
  const later = answers;
  await until(() => answers > later + 200);
  stop = true;
  await Promise.all(clients);
  const failed = [...codes].filter(([code]) => code !== 'ok');
  assert.ok(
    failed.every(([code]) => code === '503 NBS_REPLICA_DIED'),
    JSON.stringify(failed),
  );
  // At most the two requests that had begun fail.
  assert.ok(failed.reduce((sum, [, count]) => sum + count, 0) <= 8, JSON.stringify(failed));
});

test('a begun request of an idempotent deployment is run again', async (t) => {
  const plane = await DataPlane.start(t);
  const replicas = await plane.deploy(GATE, { replicas: 2, config: { idempotent: ['fetch'] } });
  const first = send(`${plane.url}/wait`, { method: 'POST' }, 'body');
  const ongoing = await until(async () => {
    for (const replica of replicas) if ((await replica.ops('status', undefined)).ongoing === 1) return replica;
    return null;
  });
  const other = replicas.find((replica) => replica !== ongoing);
  ongoing.run.kill();
  await until(async () => (await other?.ops('status', undefined))?.ongoing === 1);
  const router = plane.router();
  await until(async () => {
    await callMethod(router, 'open');
    return Promise.race([first.then(() => true), new Promise<false>((r) => setTimeout(r, 20, false))]);
  });
  assert.equal((await first).text, 'waited');
});

test('while the only replica is being replaced, requests wait for the next one', async (t) => {
  const plane = await DataPlane.start(t);
  const [first] = await plane.deploy(GATE);
  assert.equal((await send(plane.url)).text, 'ok');
  first?.run.kill();
  await first?.run.ended;
  const waiting = send(plane.url);
  await plane.deploy(GATE);
  assert.equal((await waiting).text, 'ok');
  const deployment = plane.deployments['app/Main'];
  assert.ok(deployment);
  plane.deployments['app/Main'] = { ...deployment, replicas: [], unavailable: 'its constructor failed: boom' };
  await plane.published();
  const refused = await send(plane.url, plane.trusted);
  assert.deepEqual([refused.status, errorOf(refused).code], [503, 'NBS_NO_REPLICA']);
  assert.match(errorOf(refused).message ?? '', /constructor failed: boom/);
});

test('a draining replica ends what it has begun, and others take what is new', async (t) => {
  const plane = await DataPlane.start(t);
  const [old] = await plane.deploy(GATE);
  const go = join(plane.dir, 'go');
  const begun = send(`${plane.url}/file?path=${go}`);
  await until(async () => (await old?.ops('status', undefined))?.ongoing === 1);
  const drained = old?.ops('drain', { timeoutMs: 10_000 });
  await until(async () => (await old?.ops('status', undefined))?.state === 'DRAINING');
  // No route names the new replica yet, so new requests wait for it.
  const unbegun = send(`${plane.url}/pid`);
  const [fresh] = await plane.deploy(GATE);
  assert.equal((await unbegun).text, String(fresh?.run.pid));
  // The request that had begun ends, although no route names its replica.
  writeFileSync(go, '');
  assert.deepEqual(await drained, { unfinished: 0 });
  assert.equal((await begun).text, 'file');
  assert.equal((await old?.run.stop(5000))?.name, 'STOPPED');
});

test('user code that does not end after a cancel, exits or throws ends its process by name', async (t) => {
  const plane = await DataPlane.start(t);
  const endOf = async (path: string): Promise<string> => {
    const [replica] = await plane.deploy(GATE, { config: { stuckTimeoutMs: 100, gracefulShutdownTimeoutMs: 100 } });
    const sent = open(`${plane.url}${path}`);
    sent.on('error', () => {});
    sent.end();
    await until(async () => path !== '/stuck' || (await replica?.ops('status', undefined))?.ongoing === 1);
    if (path === '/stuck') sent.destroy();
    const { name } = (await replica?.run.ended) ?? { name: '' };
    sent.destroy();
    return name;
  };
  assert.equal(await endOf('/stuck'), 'STUCK');
  assert.equal(await endOf('/exit'), 'CRASHED');
  assert.equal(await endOf('/throw'), 'CRASHED');
  assert.ok(plane.output.some((line) => line.includes('out of the blue')));
  const [replica] = await plane.deploy(GATE);
  assert.equal((await send(`${plane.url}/reject`)).text, 'ok');
  await until(() => plane.output.some((line) => line.includes('nobody listens')));
  assert.equal((await send(`${plane.url}/pid`)).text, String(replica?.run.pid));
});

test('a proxy that is told to stop answers what it has', async (t) => {
  const plane = await DataPlane.start(t);
  const [replica] = await plane.deploy(GATE);
  const sent = open(`${plane.url}/wait`);
  const pending = responseOf(sent);
  sent.end();
  await until(async () => (await replica?.ops('status', undefined))?.ongoing === 1);
  const stopped = plane.proxy.stop(10_000);
  await callMethod(plane.router(), 'open');
  const response = await pending;
  assert.equal(response.headers.connection, 'close');
  for await (const chunk of response) assert.equal(String(chunk), 'waited');
  assert.equal((await stopped).code, 0);
});
