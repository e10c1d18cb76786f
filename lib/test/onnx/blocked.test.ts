import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { serve } from 'nbserve';
import { Blocking, Looping } from '../fixtures/blocking-apps.js';
import { DataPlane } from '../fixtures/data-plane.js';
import { send } from '../fixtures/http-client.js';
import { until } from '../fixtures/wait.js';

after(() => serve.shutdown());

/** A model that computes the square root of x, n times in a Loop, and returns y. */
const LOOP = Buffer.from(
  'CAgSAXQ68QEKrAEKAW4KAmdvCgF4EgF5GgVuTG9vcCIETG9vcCqPAQoEYm9keTKDAQobCgFjEgFkGgluSWRlbnRpdHkiCElkZW50aXR5ChMKAXYSAXcaBW5TcXJ0IgRTcXJ0EgRib2R5WgsKAWkSBgoECAcSAFoLCgFjEgYKBAgJEgBaEAoBdhILCgkIARIFCgMSAWtiCwoBZBIGCgQICRIAYhAKAXcSCwoJCAESBQoDEgFroAEFEgFnWgsKAW4SBgoECAcSAFoMCgJnbxIGCgQICRIAWhAKAXgSCwoJCAESBQoDEgFrYhAKAXkSCwoJCAESBQoDEgFrQgQKABAR',
  'base64',
);
/** A number of runs that takes longer than any test waits. */
const ENDLESS = 10 ** 12;

const text = async (url: string, init: RequestInit = {}) => {
  const response = await fetch(url, init);
  return { status: response.status, text: await response.text() };
};

test('if a model runs on after its deadline, its process is ended and replaced', async () => {
  const { url } = await serve.run(Looping.bind(new Uint8Array(LOOP)), { name: 'looping', routePrefix: '/looping' });
  const before = await text(url);
  assert.equal(before.status, 200, before.text);
  const endless = await text(`${url}?n=${ENDLESS}`);
  assert.equal(endless.status, 504, endless.text);
  const fresh = await until(async () => {
    const answer = await text(url);
    return answer.status === 200 && answer;
  });
  assert.notEqual(fresh.text, before.text, 'the same process');
});

test('a long run without a deadline, or before its deadline, is not ended', async () => {
  const handle = await serve.run(Blocking.bind(), { name: 'blocking', routePrefix: '/blocking' });
  const pid = await handle.block.remote(0);
  assert.equal(await handle.block.remote(4000), pid);
  const within = await text(`${handle.url}?ms=3000`, { headers: { 'x-request-timeout-seconds': '60' } });
  assert.deepEqual(within, { status: 200, text: String(pid) });
});

test('nor is it ended if the deadline of another request has passed', async () => {
  const handle = await serve.getAppHandle<typeof Blocking>('blocking');
  const pid = await handle.block.remote(0);
  const short = text(`${handle.url}?wait=500`, { headers: { 'x-request-timeout-seconds': '0.3' } });
  assert.equal(await handle.block.remote(4000), pid);
  assert.equal((await short).status, 504);
  assert.equal(await handle.block.remote(0), pid);
});

test('a loop that blocks has a name: the exit says STUCK, and why', async (t) => {
  const plane = await DataPlane.start(t);
  const code = `exports.default = class Main { async fetch(request) { await null; if (request.url.endsWith('/loop')) for (;;); return "ok"; } };`;
  const [replica] = await plane.deploy(code, { config: { requestTimeoutMs: 200, stuckTimeoutMs: 200 } });
  assert.equal((await send(`${plane.url}/loop`)).status, 504);
  const exit = await replica?.run.ended;
  assert.deepEqual([exit?.name, exit?.error?.code], ['STUCK', 'NBS_STUCK']);
  assert.match(
    exit?.error?.message ?? '',
    /a request or a reconfigure that blocks the event loop was cancelled and still ran 200 ms later/,
  );
});
