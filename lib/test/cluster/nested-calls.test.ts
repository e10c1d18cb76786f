import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type DeploymentHandle, serve } from 'nbserve';
import { errorOf, open, send } from '../fixtures/http-client.js';
import { Inner, Outer, Outermost } from '../fixtures/nested-apps.js';
import { trustedHeaders } from '../fixtures/trusted.js';
import { until } from '../fixtures/wait.js';

const LONG_MS = 600_000;

let outermost: DeploymentHandle<typeof Outermost>;
let outer: DeploymentHandle<typeof Outer>;
let inner: DeploymentHandle<typeof Inner>;
let url: string;

before(async () => {
  outermost = await serve.run(Outermost.bind({ outer: Outer.bind({ inner: Inner.bind() }) }), {
    name: 'nested',
    routePrefix: null,
  });
  outer = await serve.getDeploymentHandle<typeof Outer>('Outer', 'nested');
  inner = await serve.getDeploymentHandle<typeof Inner>('Inner', 'nested');
  const http = await serve.run(Outer.options({ requestTimeout: '400ms' }).bind({ inner: Inner.bind() }), { name: 'http' });
  url = http.url;
});
after(() => serve.shutdown());

test("a deadline goes down all calls, and the inner calls' error names whose it was", async () => {
  // On a slow machine, the first call down the chain may take longer than its timeout, and would end before it has reached `Outer`.
  await outermost.nap.remote(0);
  await assert.rejects(async () => outermost.options({ timeout: 1000 }).nap.remote(LONG_MS), {
    code: 'NBS_REQUEST_TIMEOUT',
    message: /the timeout of the call to nested\/Outermost/,
  });
  const [seen] = await until(async () => (await outer.seen.remote()).length > 0 && (await outer.seen.remote()));
  assert.match(seen ?? '', /NBS_REQUEST_(TIMEOUT|CANCELLED)/);
  assert.match(seen ?? '', /the timeout of the call to nested\/Outermost/);
});

test('the deadline of a deployment over HTTP limits what it calls, which has none of its own', async () => {
  const answer = await send(`${url}?ms=${LONG_MS}`, { headers: trustedHeaders(url) });
  assert.deepEqual([answer.status, errorOf(answer).code], [504, 'NBS_REQUEST_TIMEOUT']);
  assert.match(errorOf(answer).message ?? '', /requestTimeout of http\/Outer/);
});

test('a client may ask for less time, not for more', async () => {
  const ask = (seconds: string) =>
    send(`${url}?ms=${LONG_MS}`, { headers: { ...trustedHeaders(url), 'x-request-timeout-seconds': seconds } });
  assert.match(errorOf(await ask('0.05')).message ?? '', /x-request-timeout-seconds of the request/);
  assert.match(errorOf(await ask('3600')).message ?? '', /requestTimeout of http\/Outer/);
  const refused = await ask('soon');
  assert.deepEqual([refused.status, errorOf(refused).code], [400, 'NBS_BAD_TIMEOUT']);
});

test('when the client leaves, the calls that were made for it end too', async () => {
  const httpInner = await serve.getDeploymentHandle<typeof Inner>('Inner', 'http');
  const before = await httpInner.counts.remote();
  const sent = open(`${url}?ticks=1`);
  sent.on('error', () => {});
  sent.end();
  await until(async () => (await httpInner.counts.remote()).begun === before.begun + 1);
  sent.destroy();
  await until(async () => (await httpInner.counts.remote()).left === before.left + 1);
});

test('a cancel by handle goes down as well', async () => {
  const { begun } = await inner.counts.remote();
  const call = outermost.nap.remote(LONG_MS);
  await until(async () => (await inner.counts.remote()).begun === begun + 1);
  const before = (await outer.seen.remote()).length;
  call.cancel();
  await assert.rejects(async () => call, { code: 'NBS_REQUEST_CANCELLED' });
  const seen = await until(async () => {
    const all = await outer.seen.remote();
    return all.length > before && all;
  });
  assert.match(seen.at(-1) ?? '', /NBS_REQUEST_CANCELLED.*by the caller/);
});

test('what a request has begun and does not wait for goes on after its answer', async () => {
  assert.equal(await outer.begin.remote(50), 'begun');
  await until(async () => (await outer.seen.remote()).includes('rested'));
});
