import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { isNbserveError, serve } from 'nbserve';
import { Classify } from '../fixtures/apps.js';
import { countStatuses, HttpLoad } from '../fixtures/http-load.js';
import { allEnded, until } from '../fixtures/wait.js';

after(() => serve.shutdown());

const hasCode = (code: string) => (error: unknown) => isNbserveError(error) && error.code === code;

const run = (version: string, routePrefix: string | null = null) =>
  serve.run(Classify.options({ version }).bind({ version }), { name: `classify-${version}`, routePrefix });

/** Counts how often each version answers. */
async function answers(url: string, times: number, init: (i: number) => RequestInit = () => ({})): Promise<string[]> {
  const seen: string[] = [];
  for (let i = 0; i < times; i += 1) {
    const response = await fetch(url, init(i));
    const text = await response.text();
    assert.equal(response.status, 200, text);
    seen.push(text);
  }
  return seen;
}

const countOf = (seen: readonly string[], version: string): number => seen.filter((one) => one === version).length;

let url = '';
test('a prefix is split by weight, as exactly as so many requests can be', async () => {
  ({ url } = await run('v1', '/classify'));
  await run('v2');
  assert.equal(await serve.traffic('/classify'), null);
  const traffic = await serve.traffic('/classify', { v1: 9, 'classify-v2': 1 });
  assert.deepEqual(traffic.versions['classify-v1'], { version: 'v1', weight: 0.9, requests: 0, failures: 0, p95Ms: null });
  const seen = await answers(url, 300);
  assert.ok(Math.abs(countOf(seen, 'v2') - 30) <= 3, `${countOf(seen, 'v2')} of 300`);
  await until(async () => (await serve.traffic('/classify'))?.versions['classify-v1']?.requests === countOf(seen, 'v1'));
  const { versions } = (await serve.status()).traffic['/classify'] ?? assert.fail();
  assert.equal(versions['classify-v2']?.failures, 0);
  assert.ok((versions['classify-v2']?.p95Ms ?? 0) > 0);
});

test('a shift holds from the first request after it, and the last one undoes the split', async () => {
  await serve.traffic('/classify', { v2: 1, v1: 0 });
  assert.deepEqual(new Set(await answers(url, 20)), new Set(['v2']));
  assert.equal(await serve.traffic('/classify', null), null);
  assert.deepEqual(new Set(await answers(url, 20)), new Set(['v1']));
  assert.deepEqual((await serve.status()).traffic, {});
});

test('what cannot be split is refused, and says what could be', async () => {
  await assert.rejects(serve.traffic('/classify', { v1: 1, v3: 1 }), (error) => {
    assert.ok(hasCode('NBS_UNKNOWN_VERSION')(error));
    assert.match((error as Error).message, /classify-v1 \(version v1\), classify-v2 \(version v2\)/);
    return true;
  });
  await assert.rejects(serve.traffic('/classify', { v2: 1 }), hasCode('NBS_ROUTE_TAKEN'));
  await assert.rejects(serve.traffic('/classify', { v1: 0 }), hasCode('NBS_INVALID_TRAFFIC'));
  await assert.rejects(serve.traffic('classify', { v1: 1 }), hasCode('NBS_INVALID_ROUTE_PREFIX'));
  await assert.rejects(serve.traffic('/classify', { v1: 1 }, { sticky: 'x' } as object), hasCode('NBS_UNKNOWN_OPTION'));
  await serve.traffic('/new', { v2: 1 });
  const stranger = serve.run(Classify.bind({ version: 'x' }), { name: 'stranger', routePrefix: '/new' });
  await assert.rejects(stranger, hasCode('NBS_ROUTE_TAKEN'));
  await serve.traffic('/new', null);
});

test('who comes again meets the same version, by header, cookie and query; a shift moves only whom it must', async () => {
  const users = Array.from({ length: 60 }, (_, i) => `user-${i}`);
  const byHeader = (i: number) => ({ headers: { 'X-User': users[i] as string } });
  await serve.traffic('/classify', { v1: 0.7, v2: 0.3 }, { stickyBy: { header: 'x-user' } });
  const first = await answers(url, users.length, byHeader);
  assert.deepEqual(await answers(url, users.length, byHeader), first);
  assert.ok(countOf(first, 'v2') > 5 && countOf(first, 'v2') < 35, `${countOf(first, 'v2')} of 60`);
  await serve.traffic('/classify', { v1: 0.4, v2: 0.6 }, { stickyBy: { cookie: 'session' } });
  const shifted = await answers(url, users.length, (i) => ({ headers: { cookie: `a=b; session=${users[i]}` } }));
  // The key is the same text in each place, so no request goes back to v1.
  for (const [i, version] of first.entries()) if (version === 'v2') assert.equal(shifted[i], 'v2');
  assert.ok(countOf(shifted, 'v2') > countOf(first, 'v2'));
  await serve.traffic('/classify', { v1: 0.4, v2: 0.6 }, { stickyBy: { query: 'user' } });
  for (const [i, user] of users.entries()) assert.deepEqual(await answers(`${url}?user=${user}`, 1), [shifted[i]]);
  // Requests without the key are split by weight.
  const others = await answers(url, 50);
  assert.ok(Math.abs(countOf(others, 'v2') - 30) <= 3);
});

const mirrorOf = async () => (await serve.traffic('/classify'))?.mirror ?? assert.fail('no mirror');

test('a mirror sees the requests, bodies and all, and its answers reach nobody', async () => {
  const v3 = await run('v3');
  await serve.traffic('/classify', { v1: 0.5, v2: 0.5 }, { mirror: 'v3' });
  const seen = await answers(url, 20, (i) => ({ method: 'POST', body: `body ${i}` }));
  assert.equal(countOf(seen, 'v1') + countOf(seen, 'v2'), 20);
  // Copies do not wait, so the first ones may be sent before the proxy is connected to the mirror.
  const { dropped } = await until(async () => {
    const mirror = await mirrorOf();
    return mirror.requests + mirror.dropped === 20 && mirror;
  });
  const copies = await v3.seen.remote();
  assert.equal(copies.length, 20 - dropped);
  const sent = Array.from({ length: 20 }, (_, i) => `body ${i}`);
  assert.equal(new Set(copies.map(({ body }) => body).filter((body) => sent.includes(body))).size, copies.length);
  assert.ok(copies.every(({ mirrored }) => mirrored === '1'));
  const v1 = await serve.getAppHandle<typeof Classify>('classify-v1');
  assert.ok((await v1.seen.remote()).every(({ mirrored }) => mirrored === null));
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(Buffer.from('streamed'));
      controller.close();
    },
  });
  await answers(url, 1, () => ({ method: 'POST', body, duplex: 'half' }) as RequestInit);
  await until(async () => (await mirrorOf()).streamed === 1);
  assert.equal((await mirrorOf()).failures, 0);
  await serve.traffic('/classify', { v1: 0.5, v2: 0.5 }, { mirror: { app: 'v3', share: 0.25 } });
  await answers(url, 80);
  await until(async () => (await mirrorOf()).requests >= 17);
  assert.ok((await mirrorOf()).requests <= 23);
});

test('a mirror that is killed again and again is seen by no client', async (t) => {
  await serve.traffic('/classify', { v1: 1, v2: 0 }, { mirror: 'v3' });
  const load = new HttpLoad(url, 16);
  t.after(() => load.stop());
  for (let kill = 0; kill < 3; kill += 1) {
    await load.answered(200);
    const pid = await until(async () => {
      const { applications } = await serve.status();
      const [replica] = applications['classify-v3']?.deployments.Classify?.replicas ?? [];
      return replica?.state === 'RUNNING' && replica.pid;
    });
    process.kill(pid, 'SIGKILL');
    await allEnded([pid]);
  }
  await load.answered(200);
  await serve.delete('classify-v3');
  await load.answered(100);
  const all = await load.stop();
  assert.deepEqual(countStatuses(all), { 200: all.length });
  assert.ok(all.every(({ body }) => body === 'v1'));
  assert.equal((await serve.traffic('/classify'))?.mirror, null);
});

test('a version of a split can be deleted under load; the others get its share', async (t) => {
  await serve.traffic('/classify', { v1: 0.5, v2: 0.5 });
  const load = new HttpLoad(url, 16);
  t.after(() => load.stop());
  await load.answered(200);
  await serve.delete('classify-v2');
  await load.answered(200);
  assert.deepEqual(Object.keys((await serve.traffic('/classify'))?.versions ?? {}), ['classify-v1']);
  // The owner is deleted too, so the prefix belongs to no application and is free.
  const all = await load.stop();
  assert.deepEqual(countStatuses(all), { 200: all.length });
  await serve.delete('classify-v1');
  assert.deepEqual((await serve.status()).traffic, {});
  assert.equal((await fetch(url)).status, 404);
});
