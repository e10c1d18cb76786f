import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { serve } from 'nbserve';
import { Chat, steered, Three, Two } from '../fixtures/policy-apps.js';
import { replaceFile } from '../fixtures/replace-file.js';
import { until } from '../fixtures/wait.js';

const folder = mkdtempSync(join(tmpdir(), 'nbs-policy-'));
const STEER = join(folder, 'steer');
const say = (word: string | number): void => replaceFile(STEER, String(word));

const deployed = async (app: string) => (await serve.status()).applications[app]?.deployments ?? {};
const runningOf = async (app: string, deployment = 'Chat') =>
  ((await deployed(app))[deployment]?.replicas ?? []).filter(({ state }) => state === 'RUNNING');
const count = (app: string, wanted: number) => until(async () => (await runningOf(app)).length === wanted);
const message = async (app: string) => (await deployed(app)).Chat?.message ?? '';

let url = '';
before(async () => {
  say(1);
  ({ url } = await serve.run(Chat.options({ env: { STEER } }).bind(), { name: 'steered' }));
});
after(async () => {
  await serve.shutdown();
  rmSync(folder, { recursive: true });
});

test('the number of replicas is what the policy says, within the bounds', async () => {
  assert.equal((await runningOf('steered', 'Chat.policy')).length, 1);
  say(2.2);
  await count('steered', 3);
  say(9);
  await count('steered', 4);
  say(0);
  await count('steered', 1);
  assert.equal((await fetch(url)).status, 200);
});

test('what is outside of the policy lives on between its calls', async () => {
  say('calls');
  await count('steered', 4);
  say(1);
  await count('steered', 1);
});

test('it can go by the load as the formula does', async () => {
  say('load');
  let done = false;
  const clients = Array.from({ length: 12 }, async () => {
    while (!done) assert.equal((await fetch(url)).status, 200);
  });
  await count('steered', 4);
  done = true;
  await Promise.all(clients);
  await count('steered', 1);
});

for (const [word, reason] of [
  ['throw', /Chat\.policy .*RangeError: no idea/],
  ['text', /answered with a value of type string, not with a number of at least 0/],
  ['NaN', /answered with NaN/],
  ['-1', /answered with -1/],
] as const) {
  test(`a policy that answers with ${word} changes nothing, and the status says why; it goes on once it works`, async () => {
    say(2);
    await count('steered', 2);
    const before = await runningOf('steered');
    say(word);
    await until(async () => reason.test(await message('steered')));
    assert.deepEqual(await runningOf('steered'), before);
    say(3);
    await count('steered', 3);
    assert.equal(await message('steered'), '');
  });
}

for (const word of ['loop', 'never', 'die']) {
  test(`a policy that does "${word}" changes nothing, and its process is replaced`, async () => {
    say(2);
    await count('steered', 2);
    const before = await runningOf('steered');
    const [policy] = await runningOf('steered', 'Chat.policy');
    say(word);
    await until(async () => (await message('steered')).includes('its policy Chat.policy'));
    await until(async () => !(await runningOf('steered', 'Chat.policy')).some(({ id }) => id === policy?.id));
    assert.equal((await fetch(url)).status, 200);
    assert.deepEqual(await runningOf('steered'), before);
    say(3);
    await count('steered', 3);
  });
}

test('the first request wakes a sleeper although its policy hangs', async () => {
  say(0);
  const autoscaling = { minReplicas: 0, maxReplicas: 2, metricsInterval: 50, downscaleDelay: 0, policy: steered };
  const sleeper = await serve.run(Chat.options({ autoscaling, env: { STEER } }).bind(), {
    name: 'sleeper',
    routePrefix: '/sleeper',
  });
  assert.equal((await runningOf('sleeper')).length, 0);
  say('never');
  assert.equal((await fetch(sleeper.url)).status, 200);
  say(0);
  await count('sleeper', 0);
  await serve.delete('sleeper');
});

test('a new policy keeps the replicas; each of several of one name is found', async () => {
  const run = (app: typeof Two) => serve.run(app.bind(), { name: 'numbers', routePrefix: '/numbers' });
  await run(Two);
  await count('numbers', 2);
  const [first] = await runningOf('numbers');
  await run(Three);
  await count('numbers', 3);
  assert.ok((await runningOf('numbers')).some(({ id }) => id === first?.id));
});

test('what is no policy is refused', () => {
  for (const policy of [3, class {}, function* () {}])
    assert.throws(
      () => Chat.options({ autoscaling: { policy: policy as never } }),
      /autoscaling: option policy must be a function such as/,
    );
});
