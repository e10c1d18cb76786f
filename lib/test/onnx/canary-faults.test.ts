import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { serve } from 'nbserve';
import { Relu } from '../fixtures/input-apps.js';

after(() => serve.shutdown());

const RIGHT = { kind: '', body: '[[[1],[-2],[3]]]', type: 'application/json' };
const CLIENT_FAULTS = [
  { kind: '', body: '[[[1],[2]]]', type: 'application/json', status: 400 },
  { kind: 'image', body: '"aGVsbG8="', type: 'application/json', status: 415 },
  { kind: '', body: '[[[1],', type: 'application/json', status: 400 },
  { kind: 'form', body: '--other', type: 'multipart/form-data; boundary=it', status: 400 },
];
const OWN_FAULT = { kind: 'own shape', body: '0', type: 'application/json', status: 500 };

/** Deploys a canary and sends it these requests in turn until it has ended. @returns the statuses too */
async function tryVersion(version: string, requests: readonly { kind: string; body: string; type: string }[]) {
  const { url } = await serve.run(Relu.options({ version: 'base' }).bind(), { name: 'base', routePrefix: '/relu' });
  await serve.run(Relu.options({ version }).bind(), { name: version, routePrefix: null });
  const canary = await serve.canary('/relu', {
    to: version,
    steps: [0.5, 1],
    interval: '200ms',
    minRequests: 20,
    maxErrorRate: 0.05,
    latencySlack: '10s',
  });
  const statuses = new Map<string, Set<number>>();
  let ended = false;
  const done = canary.done.finally(() => {
    ended = true;
  });
  const ask = async ({ kind, body, type }: (typeof requests)[number]) => {
    const response = await fetch(`${url}?kind=${encodeURIComponent(kind)}`, {
      method: 'POST',
      body,
      headers: { 'content-type': type },
    });
    await response.arrayBuffer();
    statuses.set(body, (statuses.get(body) ?? new Set()).add(response.status));
  };
  while (!ended) await Promise.all(requests.map(ask));
  const result = await done;
  await serve.traffic('/relu', null);
  return { ...result, statuses };
}

test('errors of clients are not failures of a canary: it is promoted', async () => {
  const { state, message, statuses } = await tryVersion('strict', [RIGHT, ...CLIENT_FAULTS]);
  assert.equal(state, 'PROMOTED', message);
  assert.match(message, /error rate 0 %/);
  for (const { body, status } of CLIENT_FAULTS) assert.deepEqual([...(statuses.get(body) ?? [])], [status], body);
});

test('errors of its own code roll it back', async () => {
  const { state, message, statuses } = await tryVersion('broken', [RIGHT, ...CLIENT_FAULTS, OWN_FAULT]);
  assert.equal(state, 'ROLLED_BACK', message);
  assert.match(message, /^error rate [\d.]+ % \(\d+ of \d+ requests\), allowed 5 %/);
  assert.deepEqual([...(statuses.get(OWN_FAULT.body) ?? [])], [500]);
});
