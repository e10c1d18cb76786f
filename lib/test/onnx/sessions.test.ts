import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { serve } from 'nbserve';
import { Repeating } from '../fixtures/session-apps.js';
import { ENDLESS } from '../fixtures/session-models.js';
import { until } from '../fixtures/wait.js';

after(() => serve.shutdown());

interface State {
  readonly pid: number;
  readonly begun: number;
  readonly ends: readonly string[];
}
const started = serve.run(Repeating.bind(), { name: 'repeating', routePrefix: '/repeating' });
const ask = async <T>(query = '', init: RequestInit = {}) =>
  (await (await fetch(`${(await started).url}${query}`, init)).json()) as T;

test('a replica answers while its model runs, and a client that leaves ends the run', async () => {
  const { pid } = await ask<State>();
  const leave = new AbortController();
  const abandoned = ask(`?n=${ENDLESS}`, { signal: leave.signal });
  abandoned.catch(() => {});
  // Each of these is answered by the only replica while the run goes on.
  await until(async () => (await ask<State>()).begun === 1);
  assert.deepEqual((await ask<State>()).ends, []);
  leave.abort();
  await until(async () => (await ask<State>()).ends.length === 1);
  const state = await ask<State>();
  assert.deepEqual(state, { pid, begun: 1, ends: ['NBS_ONNX_RUN_CANCELLED'] });
  const next = await ask<{ pid: number; y: number[]; canEnd: boolean }>('?n=2');
  assert.deepEqual([next.pid, next.y, next.canEnd], [pid, [2], true]);
});

test('the deadline of a request ends its run, and the process lives on', async () => {
  const { pid, ends } = await ask<State>();
  const late = await fetch(`${(await started).url}?n=${ENDLESS}`, { headers: { 'x-request-timeout-seconds': '0.5' } });
  assert.equal(late.status, 504, await late.text());
  const state = await until(async () => {
    const now = await ask<State>();
    return now.ends.length > ends.length && now;
  });
  assert.equal(state.pid, pid);
  assert.equal((await ask<{ pid: number }>('?n=1')).pid, pid);
});
