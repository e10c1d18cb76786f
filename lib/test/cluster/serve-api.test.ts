import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { isNbserveError, serve } from 'nbserve';
import { Broken, Chat, Doubler, Failing, Front, hello } from '../fixtures/apps.js';
import { trustedHeaders } from '../fixtures/trusted.js';

after(() => serve.shutdown());

const hasCode = (code: string) => (error: unknown) => isNbserveError(error) && error.code === code;
const post = (url: string, body: unknown) => fetch(url, { method: 'POST', body: JSON.stringify(body) });

test('a class answers HTTP and typed handles', async () => {
  const chat = await serve.run(Chat.bind({ msg: 'Yes... ' }), { name: 'hello_world' });
  assert.deepEqual(await (await post(chat.url, { input: 'hello' })).json(), { result: 'Yes... hello' });
  assert.equal(await chat.getResponse.remote('hello'), 'Yes... hello');
  assert.match(String(chat), /app=hello_world, deployment=Chat, methods=\[.*getResponse/);
});

test('a response can be awaited many times, passed on, and cancelled', async () => {
  const chat = await serve.getAppHandle<typeof Chat>('hello_world');
  const once = chat.getResponse.remote('a');
  assert.equal(await once, await once);
  assert.equal(await chat.getResponse.remote(once), 'Yes... Yes... a');
  const slow = chat.nap.remote(60_000);
  slow.cancel();
  await assert.rejects(async () => slow, hasCode('NBS_REQUEST_CANCELLED'));
});

test('an async generator is streamed, and leaving it early is fine', async () => {
  const chat = await serve.getAppHandle<typeof Chat>('hello_world');
  const seen: number[] = [];
  for await (const n of chat.count.remote(5)) seen.push(n);
  assert.deepEqual(seen, [1, 2, 3, 4, 5]);
  for await (const n of chat.count.remote(1_000_000)) if (n === 3) break;
  assert.equal(await chat.getResponse.remote('still here'), 'Yes... still here');
});

test('applications live side by side under routes of their own', async () => {
  const greeter = await hello.deploy();
  assert.equal(new URL(greeter.url).pathname, '/hello');
  assert.equal(await (await fetch(`${greeter.url}?name=Ada`)).text(), 'Hello Ada!');
  const before = await (await serve.getAppHandle<typeof Chat>('hello_world')).pid.remote();
  await serve.run(hello.options({ version: '2' }).bind(), { name: 'hello', routePrefix: '/hello' });
  assert.equal(await (await serve.getAppHandle<typeof Chat>('hello_world')).pid.remote(), before, 'the other app was touched');
  assert.deepEqual(await serve.listDeployments(), {
    hello_world: { name: 'Chat', version: null, routePrefix: '/' },
    hello: { name: 'hello', version: '2', routePrefix: '/hello' },
  });
});

test('a route in use is refused by name', async () => {
  await assert.rejects(serve.run(Doubler.bind(), { name: 'other', routePrefix: '/hello' }), hasCode('NBS_ROUTE_TAKEN'));
});

test('a bound deployment arrives as a handle', async () => {
  const front = await serve.run(Front.bind({ doubler: Doubler.bind() }), { name: 'composed', routePrefix: '/composed' });
  assert.deepEqual(await (await fetch(`${front.url}?n=21`)).json(), { doubled: 42 });
  const doubler = await serve.getDeploymentHandle<typeof Doubler>('Doubler', 'composed');
  assert.equal(await doubler.double.remote(2), 4);
});

test('the error of an inner deployment has the status that it says, as if it were thrown by the outer one', async () => {
  const { url } = await serve.getAppHandle('composed');
  for (const status of [404, 403, 500]) assert.equal((await fetch(`${url}?n=${status}`)).status, status);
  assert.match(await (await fetch(`${url}?n=404`)).text(), /NBS_USER_ERROR.*no such number/);
  const doubler = await serve.getDeploymentHandle<typeof Doubler>('Doubler', 'composed');
  await assert.rejects(async () => doubler.double.remote(404), { name: 'RangeError', status: 404 });
});

test('a deployment without fetch answers HTTP with a coded 405', async () => {
  const doubler = await serve.run(Doubler.bind(), { name: 'doubler', routePrefix: '/doubler' });
  const response = await fetch(doubler.url);
  assert.equal(response.status, 405);
  assert.equal(((await response.json()) as { error: { code: string } }).error.code, 'NBS_HTTP_NOT_SERVED');
});

test("the user's error comes back with name, message and line", async () => {
  const failing = await serve.run(Failing.bind(), { name: 'failing', routePrefix: '/failing' });
  await assert.rejects(
    async () => failing.remote(),
    (error: Error) => {
      assert.equal(error.name, 'TypeError');
      assert.equal(error.message, 'by handle');
      assert.match(error.stack ?? '', /apps\.[jt]s:\d+/);
      return true;
    },
  );
  const response = await fetch(failing.url, { headers: trustedHeaders(failing.url) });
  assert.equal(response.status, 500);
  assert.match(await response.text(), /on purpose/);
});

test('a constructor that throws rejects serve.run, and the old version stays', async () => {
  const before = await (await serve.getAppHandle<typeof Chat>('hello_world')).pid.remote();
  await assert.rejects(serve.run(Broken.bind('no model'), { name: 'hello_world' }), /no model/);
  const chat = await serve.getAppHandle<typeof Chat>('hello_world');
  assert.equal(await chat.pid.remote(), before);
  await assert.rejects(
    serve.run(Broken.bind('first'), { name: 'fresh', routePrefix: '/fresh' }),
    (error: Error) => error.name === 'RangeError',
  );
  assert.equal((await serve.status()).applications.fresh?.status, 'DEPLOY_FAILED');
});

test('wrong options and calls are told with what would be right', async () => {
  assert.throws(() => Chat.options({ numReplica: 2 } as never), hasCode('NBS_UNKNOWN_OPTION'));
  assert.throws(() => Chat.options({ numReplicas: -1 }), hasCode('NBS_INVALID_OPTION'));
  assert.throws(() => Chat.options({ requestTimeout: '3 parsecs' as never }), hasCode('NBS_INVALID_DURATION'));
  await assert.rejects(serve.run(Chat as never), hasCode('NBS_NOT_AN_APPLICATION'));
  await assert.rejects(serve.run(Chat.bind({ msg: '' }), { name: 'a b' }), hasCode('NBS_INVALID_APP_NAME'));
  await assert.rejects(serve.run(Chat.bind({ msg: '' }), { routePrefix: 'chat' }), hasCode('NBS_INVALID_ROUTE_PREFIX'));
  const options = { name: 'other', route_prefix: '/other' };
  await assert.rejects(serve.run(Chat.bind({ msg: '' }), options), hasCode('NBS_UNKNOWN_OPTION'));
  await assert.rejects(serve.run(Chat.bind({ msg: '' }), { ...options, local: true }), hasCode('NBS_UNKNOWN_OPTION'));
  const chat = (await serve.getAppHandle('hello_world')) as unknown as { typo: { remote(): Promise<unknown> } };
  await assert.rejects(async () => chat.typo.remote(), /has no method typo.*getResponse/);
});

test('delete takes an application down, and its handle says so', async () => {
  const failing = await serve.getAppHandle<typeof Failing>('failing');
  const { url } = failing;
  await serve.delete('failing');
  assert.notEqual((await (await fetch(url)).text()).includes('on purpose'), true);
  await assert.rejects(async () => failing.remote());
  await assert.rejects(serve.delete('failing'), hasCode('NBS_NO_SUCH_APP'));
  // A path makes a decorator, which nobody awaits.
  await assert.rejects(async () => void (await serve.delete('/doubler')), hasCode('NBS_NO_SUCH_APP'));
  assert.ok((await serve.status()).applications.doubler);
});

test('delete ends a run that was called before it, although its code is still being packed', async () => {
  await serve.run(Chat.bind({ msg: '' }), { name: 'late', routePrefix: '/late' });
  const update = assert.rejects(serve.run(Doubler.bind(), { name: 'late', routePrefix: '/late' }), hasCode('NBS_SUPERSEDED'));
  await serve.delete('late');
  await update;
  assert.equal('late' in (await serve.status()).applications, false);
});

test('after shutdown everything is gone, and a new cluster can start', async () => {
  const { url } = await serve.getAppHandle('hello_world');
  await serve.shutdown();
  await assert.rejects(fetch(url));
  await assert.rejects(serve.status(), hasCode('NBS_NOT_RUNNING'));
  const chat = await serve.run(Chat.bind({ msg: 'again ' }));
  assert.equal(await chat.getResponse.remote('x'), 'again x');
});
