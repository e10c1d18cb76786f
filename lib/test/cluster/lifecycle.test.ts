import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { isNbserveError, serve } from 'nbserve';
import { Labelled, Late, Lively, type LivelyOptions, Refusing } from '../fixtures/lifecycle-apps.js';
import { isRunning, until } from '../fixtures/wait.js';

const folder = mkdtempSync(join(tmpdir(), 'nbs-life-'));
const LIFE = join(folder, 'life');
const life = (): string[] => readFileSync(LIFE, 'utf8').split('\n').filter(Boolean);

beforeEach(() => writeFileSync(LIFE, ''));
after(async () => {
  await serve.shutdown();
  rmSync(folder, { recursive: true });
});

type Options = Parameters<typeof Lively.options>[0];
const run = (given: LivelyOptions, options: Options = {}) =>
  serve.run(Lively.options({ ...options, env: { LIFE } }).bind(given), { name: 'lively' });

interface Answer {
  readonly version: string;
  readonly pid: number;
}
const ask = async (url: string, query = ''): Promise<Answer> => (await (await fetch(`${url}${query}`)).json()) as Answer;

/** Sends a request that works for `ms`, and waits until it has begun. */
async function begun(url: string, ms: number): Promise<{ readonly answer: Promise<Response> }> {
  const answer = fetch(`${url}?ms=${ms}`);
  answer.catch(() => {});
  await until(() => life().some((line) => line.startsWith('begun')));
  return { answer };
}

test('an update lets the old replica finish what it has begun, then disposes of it and of its models', async () => {
  const { url } = await run({ version: 'v1' });
  const { pid } = await ask(url, '?model=cat');
  const { answer } = await begun(url, 1500);
  await run({ version: 'v2' });
  assert.equal((await ask(url)).version, 'v2');
  assert.ok(!life().includes('dispose v1'), 'it was disposed of while it worked');
  assert.deepEqual(await (await answer).json(), { version: 'v1', pid });
  await until(() => !isRunning(pid));
  assert.deepEqual(life(), ['up v1', 'begun v1', 'up v2', 'dispose v1', 'disposed v1', 'free cat of v1']);
});

test('a request that is longer than gracefulShutdownTimeout gets a coded 503, and holds up nobody', async () => {
  const { url } = await run({ version: 'v3' }, { gracefulShutdownTimeout: 200 });
  const { pid } = await ask(url);
  const { answer } = await begun(url, 600_000);
  await run({ version: 'v4' }, { gracefulShutdownTimeout: 200 });
  const response = await answer;
  assert.equal(response.status, 503);
  assert.match(await response.text(), /NBS_REPLICA_DIED/);
  await until(() => !isRunning(pid));
  assert.ok(life().includes('disposed v3'));
  assert.equal((await ask(url)).version, 'v4');
});

test('a delete that waits says for whom, and the status does', async (t) => {
  const warned: string[] = [];
  t.mock.method(console, 'warn', (line: string) => warned.push(line));
  const { url } = await run({ version: 'slow' }, { gracefulShutdownTimeout: '4s' });
  await begun(url, 600_000);
  await serve.delete('lively');
  const [line, ...more] = warned;
  assert.match(
    line ?? '',
    /^serve\.delete of lively goes on waiting: requests that were begun are finished by Lively#\w+, for at most 4 s \(gracefulShutdownTimeout\)$/,
  );
  assert.deepEqual(more, []);
});

test('fewer replicas, a delete and a shutdown dispose as well', async () => {
  await run({ version: 'v5' }, { numReplicas: 2 });
  await run({ version: 'v5' }, { numReplicas: 1 });
  await until(() => life().filter((line) => line === 'disposed v5').length === 1);
  await serve.delete('lively');
  assert.equal(life().filter((line) => line === 'disposed v5').length, 2);
  await run({ version: 'v6' });
  await serve.shutdown();
  assert.ok(life().includes('disposed v6'));
});

for (const dispose of ['throws', 'hangs'] as const) {
  test(`a dispose that ${dispose} does not keep the replica from ending`, async () => {
    const { url } = await run({ version: dispose, dispose });
    const { pid } = await ask(url);
    await serve.delete('lively');
    assert.ok(life().includes(`dispose ${dispose}`));
    await until(() => !isRunning(pid));
  });
}

for (const [how, what, code, message] of [
  ['loops', 'a constructor that loops', 'NBS_DEPLOY_FAILED', /was not ready after 1500 ms; raise startupTimeout/],
  [
    'checks',
    'a checkHealth that never answers',
    'NBS_START_NOT_DONE',
    /within 1500 ms \(startupTimeout\): it waits for its checkHealth/,
  ],
] as const) {
  test(`${what} is given up at startupTimeout, and leaves no process`, async () => {
    const late = Late.options({ startupTimeout: 1500, env: { LIFE } }).bind(how);
    await assert.rejects(serve.run(late, { name: 'late', routePrefix: '/late' }), (error) => {
      assert.ok(isNbserveError(error) && error.code === code, String(error));
      assert.match(error.message, message);
      return true;
    });
    assert.equal((await serve.status()).applications.late?.status, 'DEPLOY_FAILED');
    const pids = life().map((line) => Number(line.split(' ')[1]));
    assert.equal(pids.length, 1);
    await until(() => !pids.some(isRunning));
    await serve.delete('late');
  });
}

test('a response in a field belongs to the start: if the call fails, so does the deploy', async () => {
  await assert.rejects(serve.run(Labelled.bind(Refusing.bind()), { name: 'labelled', routePrefix: '/labelled' }), {
    name: 'RangeError',
    message: /it has no labels/,
  });
  assert.equal((await serve.status()).applications.labelled?.status, 'DEPLOY_FAILED');
  await serve.delete('labelled');
});
