import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { serve } from 'nbserve';
import { Chat, Seen, Slow } from '../fixtures/apps.js';
import { countStatuses, HttpLoad } from '../fixtures/http-load.js';
import { clusterProcesses, spare, spares } from '../fixtures/spare-processes.js';
import { isRunning, until } from '../fixtures/wait.js';

after(() => serve.shutdown());

const statusOf = async (app: string) => (await serve.status()).applications[app];

test('SIGKILL of the only replica: the spare process answers in its place', async () => {
  const chat = await serve.run(Chat.bind({ msg: 'Yes... ' }), { name: 'chat' });
  const ready = await spare();
  process.kill(await chat.pid.remote(), 'SIGKILL');
  const pid = await until(() =>
    chat.pid.remote().then(
      (answer) => answer,
      () => null,
    ),
  );
  assert.equal(pid, ready.pid);
  assert.equal(await chat.getResponse.remote('x'), 'Yes... x');
});

test('SIGKILL of spare processes, idle and while they are taken, fails nothing', async (context) => {
  const slow = await serve.run(Slow.bind('v0'), { name: 'slow', routePrefix: '/slow' });
  const load = new HttpLoad(slow.url, 4);
  context.after(() => load.stop());
  for (let version = 1; version <= 6; version += 1) {
    const { pid } = await spare();
    process.kill(pid, 'SIGKILL');
    // The replacement comes later: once if nobody has seen the fault, and once when the next one boots.
    if (version % 2 === 0) await until(() => !isRunning(pid));
    await serve.run(Slow.bind(`v${version}`), { name: 'slow', routePrefix: '/slow' });
    assert.equal((await statusOf('slow'))?.message, '');
  }
  await load.answered(50);
  assert.deepEqual(Object.keys(countStatuses(await load.stop())), ['200']);
  assert.equal((await statusOf('slow'))?.status, 'RUNNING');
  await spare();
});

test('SIGKILL of the controller: its spare processes end, its successor has its own, and replicas keep who they are', async () => {
  const seen = await serve.run(Seen.bind(), { name: 'seen', routePrefix: null });
  const before = await spare();
  const { pid } = await seen.process.remote();
  const controller = (await clusterProcesses()).find(({ role }) => role === 'controller') ?? assert.fail();
  process.kill(controller.pid, 'SIGKILL');
  const next = await spare(({ id }) => id !== before.id);
  await until(() => !isRunning(before.pid));
  assert.equal((await spares()).length, 1);
  assert.equal((await seen.process.remote()).pid, pid);
  await until(async () => (await statusOf('seen'))?.deployments.Seen?.replicas[0]?.pid === pid);
  const more = await serve.run(Seen.bind(), { name: 'more', routePrefix: null });
  assert.equal((await more.process.remote()).pid, next.pid);
});
