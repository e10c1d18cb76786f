import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { isNbserveError, type ResourceOptions, type StartOptions, serve } from 'nbserve';
import { Chat, Seen } from '../fixtures/apps.js';
import { nodeOf, nodesOf, running } from '../fixtures/nodes.js';
import { until } from '../fixtures/wait.js';

after(() => serve.shutdown());

const seen = (name: string, resources: ResourceOptions, numReplicas = 1) =>
  serve.run(Seen.options({ name, resources, numReplicas }).bind(), { name, routePrefix: null });

test('three nodes on one machine: each with an address, resources and a proxy', async () => {
  await serve.start({
    port: 0,
    resources: { cpu: 2, memory: 1000 },
    nodes: [{ numGpus: 1 }, { name: 'special', numGpus: 0, resources: { custom: { my_super_accelerator: 1 } } }, { numGpus: 2 }],
  });
  const { url, nodes } = await serve.status();
  const port = new URL(url).port;
  const base = { cpu: 2, memory: 1000, gpu: 0, custom: {} };
  const ones = nodes.map(({ id, ip, alive, url: at, total }) => ({ id, ip, alive, at, total }));
  assert.deepEqual(ones, [
    { id: 'node-1', ip: '127.0.0.1', alive: true, at: `http://127.0.0.1:${port}`, total: { ...base, gpu: 1 } },
    {
      id: 'special',
      ip: '127.0.0.2',
      alive: true,
      at: `http://127.0.0.2:${port}`,
      total: { ...base, custom: { my_super_accelerator: 1 } },
    },
    { id: 'node-3', ip: '127.0.0.3', alive: true, at: `http://127.0.0.3:${port}`, total: { ...base, gpu: 2 } },
  ]);
});

test('replicas go where their resources are, and hold them', async () => {
  await seen('accelerated', { cpu: 0.5, custom: { my_super_accelerator: 1 } });
  assert.deepEqual(await nodesOf('accelerated'), ['special']);
  const { total, free } = (await nodeOf('special')) ?? {};
  assert.deepEqual({ ...free, gpu: 0 }, { cpu: 1.5, gpu: 0, memory: 1000, custom: { my_super_accelerator: 0 } });
  assert.deepEqual(total?.custom, { my_super_accelerator: 1 });

  const whole = await seen('whole', { gpu: 1 }, 3);
  assert.deepEqual(await nodesOf('whole'), ['node-1', 'node-3', 'node-3']);
  // Each replica has another GPU, even on different nodes.
  const names = new Set<string>();
  await until(async () => names.add(String(await whole.env.remote('CUDA_VISIBLE_DEVICES'))) && names.size === 3);
  assert.deepEqual([...names].sort(), ['0', '1', '2']);
});

test('what fits nowhere waits, and says what each node has free; it runs as soon as there is room', async () => {
  const waiting = seen('late', { cpu: 1, gpu: 0.5 });
  const message = await until(async () => (await serve.status()).applications.late?.message);
  assert.match(message, /late waits for room: each replica takes cpu 1, gpu 0\.5, and/);
  assert.match(message, /node-1 has cpu 2, gpu 0 free; special has cpu 1\.5, no GPU free; node-3 has cpu 2, gpu 0 \+ 0 free/);
  await serve.delete('late');
  await assert.rejects(waiting, (error) => isNbserveError(error) && error.code === 'NBS_SUPERSEDED');
  await serve.delete('whole');
  const halves = await seen('halves', { gpu: 0.5 }, 2);
  assert.deepEqual(await nodesOf('halves'), ['node-1', 'node-3']);
  assert.match(String(await halves.env.remote('CUDA_VISIBLE_DEVICES')), /^[01]$/);
});

test('replicas that take nothing are spread over the nodes, and each proxy leads to all of them', async () => {
  const chat = await serve.run(Chat.options({ numReplicas: 3 }).bind({ msg: 'Yes... ' }), { name: 'chat' });
  assert.deepEqual(await nodesOf('chat'), ['node-1', 'node-3', 'special']);
  const pids = new Set<number>();
  await until(async () => pids.add(await chat.pid.remote()) && pids.size === 3);
  assert.deepEqual(
    [...pids].sort((a, b) => a - b),
    (await running('chat')).map(({ pid }) => pid).sort((a, b) => Number(a) - Number(b)),
  );
  const port = new URL(chat.url).port;
  for (const ip of ['127.0.0.1', '127.0.0.2', '127.0.0.3']) {
    const answer = await fetch(`http://${ip}:${port}/`, { method: 'POST', body: '{"input":"hello"}' });
    assert.deepEqual([ip, await answer.json()], [ip, { result: 'Yes... hello' }]);
  }
});

test('what is printed on another node reaches the driver', async (t) => {
  const lines: string[] = [];
  const write = process.stdout.write;
  t.after(() => {
    process.stdout.write = write;
  });
  process.stdout.write = (chunk: string | Uint8Array, ...rest: never[]) => {
    lines.push(String(chunk));
    return write.call(process.stdout, chunk, ...rest);
  };
  const { Printer } = await import('../fixtures/printer.js');
  const app = Printer.options({ resources: { custom: { my_super_accelerator: 1 } } });
  await serve.delete('accelerated');
  const printer = await serve.run(app.bind('far away'), { name: 'printer', routePrefix: '/printer' });
  assert.deepEqual(await nodesOf('printer'), ['special']);
  await fetch(printer.url);
  await until(() => lines.some((line) => /^\(Printer#\w+\) far away$/m.test(line)));
});

test('proxies on the head only, or none at all', async () => {
  await serve.shutdown();
  await serve.start({ port: 0, nodes: 2, proxyLocation: 'HeadOnly' });
  const chat = await serve.run(Chat.options({ numReplicas: 2 }).bind({ msg: '' }), { name: 'chat' });
  assert.deepEqual(await nodesOf('chat'), ['node-1', 'node-2']);
  assert.equal((await fetch(chat.url, { method: 'POST', body: '{"input":"hello"}' })).status, 200);
  const { nodes } = await serve.status();
  assert.deepEqual(
    nodes.map(({ url }) => url !== null),
    [true, false],
  );
  await assert.rejects(fetch(chat.url.replace('127.0.0.1', '127.0.0.2')));

  await serve.shutdown();
  await serve.start({ nodes: 2, proxyLocation: 'Disabled' });
  const silent = await serve.run(Chat.bind({ msg: 'still ' }), { name: 'chat' });
  assert.equal(await silent.getResponse.remote('here'), 'still here');
  assert.equal((await serve.status()).url, '');
  assert.throws(() => silent.url, /NBS_NO_PROXY|proxyLocation 'Disabled'/);
});

test('options that are not valid are refused before anything is started', async () => {
  await serve.shutdown();
  const refused = async (options: unknown, text: RegExp) => assert.rejects(serve.start(options as StartOptions), text);
  await refused({ nodes: 0 }, /option nodes must be a number from 1 to 64, or a list/);
  await refused({ nodes: [{ numGpus: 0.5 }] }, /nodes\[0\]: option numGpus must be an integer of at least 0, got 0\.5/);
  await refused({ nodes: [{}, { numCpus: 1 }] }, /nodes\[1\]: unknown option numCpus; the options are name, numGpus, resources/);
  await refused({ nodes: [{ name: 'a' }, { name: 'a' }] }, /option name must be a name of its own, got a/);
  await refused({ nodes: [{ name: '../a' }] }, /option name must be letters, digits/);
  await refused({ proxyLocation: 'Nowhere' }, /proxyLocation must be one of EveryNode, HeadOnly, Disabled, got "Nowhere"/);
  await refused({ nodes: 2, host: '0.0.0.0' }, /option host must be 127\.0\.0\.1 .*HeadOnly/);
});
