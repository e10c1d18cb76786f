import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type DeploymentHandle, serve } from 'nbserve';
import { Sessions } from '../fixtures/session-app.js';
import { until } from '../fixtures/wait.js';

const KEYS = Array.from({ length: 60 }, (_, i) => `session ${i}`);
const folder = mkdtempSync(join(tmpdir(), 'nbserve-affinity-'));
let sessions: DeploymentHandle<typeof Sessions>;

const run = (numReplicas: number) =>
  serve.run(Sessions.options({ numReplicas, maxOngoingRequests: 2, idempotent: ['visit'] }).bind());
const pidOf = async (key: string): Promise<number> => (await sessions.options({ affinity: key }).visit.remote(key)).pid;
const homes = async (): Promise<readonly number[]> => Promise.all(KEYS.map(pidOf));

before(async () => {
  sessions = await run(3);
});
after(async () => {
  await serve.shutdown();
  rmSync(folder, { recursive: true });
});

test('calls with one key go to one replica, by handle and over HTTP', async () => {
  const first = await homes();
  assert.equal(new Set(first).size, 3);
  assert.deepEqual(await homes(), first);
  for (const name of ['serve_affinity_key', 'serve-affinity-key']) {
    const asked = KEYS.map(async (key) => Number(await (await fetch(sessions.url, { headers: { [name]: key } })).text()));
    assert.deepEqual(await Promise.all(asked), first);
  }
  const { visits } = await sessions.options({ affinity: 'session 0' }).visit.remote('session 0');
  assert.equal(visits, 3);
});

test('the key goes before the model id', async () => {
  const key = 'session 1';
  const home = await pidOf(key);
  const asked = Array.from({ length: 8 }, (_, i) =>
    sessions.options({ affinity: key, multiplexedModelId: `model ${i}` }).model.remote(),
  );
  assert.deepEqual(new Set(await Promise.all(asked)), new Set([home]));
});

test('a key that is no text of a useful length is refused', () => {
  for (const affinity of ['', 'x'.repeat(1025), 3 as never]) {
    assert.throws(() => sessions.options({ affinity }), { code: 'NBS_INVALID_OPTION' });
  }
});

test('a full replica is waited for, and if it stays full another one takes the request', async () => {
  const key = 'session 2';
  const all = await homes();
  const home = all[2];
  const free = KEYS[all.findIndex((pid) => pid !== home)] as string;
  const at = sessions.options({ affinity: key });
  const short = join(folder, 'short');
  const holds = [at.hold.remote(short), at.hold.remote(short)];
  const waiting = pidOf(key);
  // A key of another replica does not wait for it.
  assert.notEqual(await pidOf(free), home);
  writeFileSync(short, '');
  assert.deepEqual(await Promise.all(holds), [home, home]);
  assert.equal(await waiting, home);

  const long = join(folder, 'long');
  const more = [at.hold.remote(long), at.hold.remote(long)];
  assert.notEqual(await pidOf(key), home);
  writeFileSync(long, '');
  assert.deepEqual(await Promise.all(more), [home, home]);
  assert.equal(await pidOf(key), home);
});

test('a killed replica moves its own keys, and its successor takes keys only to itself', async () => {
  const before = await homes();
  const killed = before[0] as number;
  process.kill(killed, 'SIGKILL');
  const meanwhile = await homes();
  for (const [i, pid] of meanwhile.entries()) {
    assert.notEqual(pid, killed);
    if (before[i] !== killed && before.includes(pid)) assert.equal(pid, before[i]);
  }
  await until(async () => (await serve.status()).applications.default?.deployments.Sessions?.status === 'HEALTHY');
  const after = await until(async () => {
    const now = await homes();
    return new Set(now).size === 3 && now;
  });
  for (const [i, pid] of after.entries()) if (before[i] !== killed && before.includes(pid)) assert.equal(pid, before[i]);
});

test('scaling up and down moves few keys', async () => {
  const three = await homes();
  await run(4);
  const four = await until(async () => {
    const now = await homes();
    return new Set(now).size === 4 && now;
  });
  const moved = four.filter((pid, i) => pid !== three[i]);
  assert.ok(moved.length > 0 && moved.every((pid) => !three.includes(pid)));
  await run(3);
  const again = await until(async () => {
    const now = await homes();
    return new Set(now).size === 3 && now;
  });
  for (const [i, pid] of again.entries()) if (again.includes(four[i] as number)) assert.equal(pid, four[i]);
});
