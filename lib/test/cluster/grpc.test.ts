import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { serve } from 'nbserve';
import { anyRpc, Counter, Diner, KitchenDeployment } from '../fixtures/grpc-apps.js';
import { type Ended, KITCHEN_PROTO, type Message, TestClient } from '../fixtures/grpc-clients.js';
import { Sessions } from '../fixtures/session-app.js';
import { trustedHeaders } from '../fixtures/trusted.js';
import { until } from '../fixtures/wait.js';

const Code = {
  OK: 0,
  CANCELLED: 1,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  RESOURCE_EXHAUSTED: 8,
  ABORTED: 10,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16,
} as const;

let url = '';
let address = '';
let kitchen: TestClient;
let generic: TestClient;
let health: TestClient;

before(async () => {
  await serve.start({ port: 0, grpc: { port: 0, protos: [KITCHEN_PROTO], generic: true } });
  await serve.run(KitchenDeployment.bind(), { name: 'kitchen' });
  ({ url, grpc: address } = await serve.status());
  kitchen = new TestClient(address, 'kitchen.v1.Kitchen');
  generic = new TestClient(address, 'nbserve.v1.Serve');
  health = new TestClient(address, 'grpc.health.v1.Health');
});
after(async () => {
  for (const client of [kitchen, generic, health]) client.close();
  await serve.shutdown();
});

const token = (): string => String(trustedHeaders(url)['nbserve-token']);

const shown = ({ code, details, trailers }: Ended): unknown => [code, details, trailers['nbserve-code']];

async function seen(): Promise<readonly string[]> {
  const { message } = await generic.call('Call', { method: 'seen' });
  return JSON.parse(((message as Message).result as { json: string }).json) as string[];
}

test('a message of every type comes back as it was sent', async () => {
  const order = {
    dish: 'soup',
    count: -3,
    photo: Buffer.from([0, 1, 255]),
    big: '9007199254740993',
    note: '',
    amounts: [1.5, 2],
    tableSeats: { window: 4 },
    spice: { name: 'chili', heat: 'HEAT_HOT' },
    due: { seconds: '7', nanos: 5 },
    fries: 2,
  };
  const { message, code } = await kitchen.call('Cook', order);
  assert.equal(code, Code.OK);
  assert.deepEqual({ ...message }, { ...order, side: 'fries', _note: 'note', lines: [] });
  const empty = await kitchen.call('Cook', { dish: 'nothing' });
  assert.deepEqual([empty.code, empty.message?.dish], [Code.OK, ''], 'a method that returns nothing answers the empty message');
});

test('all four kinds of calls', async () => {
  const courses = await kitchen.call('Courses', { dish: 'a', count: 3 });
  assert.deepEqual(
    courses.messages.map(({ dish }) => dish),
    ['a 0', 'a 1', 'a 2'],
  );
  assert.equal(courses.trailers['x-served'], '3');
  assert.deepEqual((await kitchen.call('Courses', { dish: 'a', count: 0 })).messages, []);
  const collected = await kitchen.call('Collect', [
    { count: 1, dish: 'x' },
    { count: 4, dish: 'y' },
  ]);
  assert.deepEqual([collected.message?.count, collected.message?.lines], [5, ['x', 'y']]);
  assert.equal((await kitchen.call('Collect', [])).message?.count, 0, 'a stream without messages');
  const chat = kitchen.open('Chat', undefined);
  const ended = kitchen.endOf(chat);
  for (const dish of ['one', 'two']) {
    chat.write({ dish });
    const answer = await new Promise<Message>((resolve) => chat.once('data', resolve));
    assert.equal(answer.dish, dish.toUpperCase());
  }
  chat.end();
  assert.equal((await ended).code, Code.OK);
});

test('a method that wants no more messages ends the call while the client still sends', async () => {
  const call = kitchen.open('Collect', undefined);
  const ended = kitchen.endOf(call);
  call.write({ dish: 'one', count: 1 });
  call.write({ dish: 'enough' });
  const { message, code } = await ended;
  assert.deepEqual([code, message?.count], [Code.OK, 1]);
  const chat = await kitchen.call('Chat', [{ dish: 'a' }, { dish: 'stop' }, { dish: 'b' }]);
  assert.deepEqual([chat.code, chat.messages.map(({ dish }) => dish)], [Code.OK, ['A']]);
});

test('metadata, the request id and the model id go in, metadata and trailers come out', async () => {
  const metadata = { request_id: 'my-id', 'x-in': 'in', 'x-in-bin': Buffer.from([1, 254]), 'nbserve-token': 'wrong' };
  const { message, head, trailers } = await kitchen.call('Cook', { dish: 'metadata' }, { metadata });
  assert.equal(message?.dish, '/kitchen.v1.Kitchen/Cook');
  assert.deepEqual(message?.lines, ['my-id', 'in', Buffer.from([1, 254]).toString('base64'), 'none']);
  assert.equal(head['x-head'], 'h');
  assert.equal(trailers['x-tail'], 't');
  assert.deepEqual(trailers['x-tail-bin'], Buffer.from([0, 255]));
  assert.equal(trailers.request_id, 'my-id');
  const other = await kitchen.call('Cook', { dish: 'x' }, { metadata: { request_id: 'with space' } });
  assert.match(String(other.trailers.request_id), /^[\w-]{10,}$/, 'an id that a log could not show is replaced');
  const model = await kitchen.call('Cook', { dish: 'model' }, { metadata: { multiplexed_model_id: 'm7' } });
  assert.equal(model.message?.dish, 'm7');
  const bad = await kitchen.call('Cook', { dish: 'bad metadata' });
  assert.equal(bad.code, Code.INTERNAL);
});

test('errors have the status that user code gave them, and strangers see no insides', async () => {
  const cook = (dish: string, count = 0) =>
    generic.call('Call', { method: 'refuse', arguments: [{ json: JSON.stringify({ dish, count }) }] });
  assert.deepEqual(shown(await cook('NOT_FOUND')), [Code.NOT_FOUND, 'the kitchen says NOT_FOUND', 'NBS_USER_ERROR']);
  assert.deepEqual(shown(await cook('by number', 10)), [Code.ABORTED, 'the kitchen says by number', 'NBS_USER_ERROR']);
  assert.deepEqual(shown(await cook('http')), [Code.NOT_FOUND, 'no such dish', 'NBS_USER_ERROR']);
  const long = await cook('long');
  assert.deepEqual([long.code, long.details.length, long.trailers['nbserve-code']], [Code.NOT_FOUND, 2000, 'NBS_USER_ERROR']);
  const secret = await cook('secret');
  assert.deepEqual([secret.code, secret.trailers['nbserve-code']], [Code.INTERNAL, 'NBS_USER_ERROR']);
  const internal = await cook('INTERNAL');
  for (const { details } of [secret, internal]) assert.doesNotMatch(details, /secret of|kitchen says/);
  const trusted = await generic.call(
    'Call',
    { method: 'refuse', arguments: [{ json: '{"dish":"secret"}' }] },
    { metadata: { 'nbserve-token': token() } },
  );
  assert.match(trusted.details, /the secret of the kitchen/);
  const late = await kitchen.call('Courses', { dish: 'fail', count: 5 });
  assert.deepEqual([late.messages.length, late.code, late.details], [2, Code.ABORTED, 'burnt'], 'after some messages');
  const form = await kitchen.call('Cook', { dish: 'array' });
  assert.equal(form.code, Code.INTERNAL);
});

test('what the cluster refuses has a status and a code', async () => {
  const missing = await kitchen.call('Missing', {});
  assert.deepEqual([missing.code, missing.trailers['nbserve-code']], [Code.UNIMPLEMENTED, 'NBS_NO_RPC_METHOD']);
  const nowhere = await kitchen.call('Cook', {}, { metadata: { application: 'nowhere' } });
  assert.deepEqual(shown(nowhere), [Code.NOT_FOUND, 'no application nowhere runs', 'NBS_NO_APPLICATION']);
  const proto = await kitchen.call('Cook', {}, { metadata: { application: '__proto__' } });
  assert.equal(proto.code, Code.NOT_FOUND);
  const method = await generic.call('Call', { method: 'constructor' });
  assert.equal(method.code, Code.UNIMPLEMENTED);
  const json = await generic.call('Call', { method: 'add', arguments: [{ json: '{' }] });
  assert.deepEqual([json.code, json.trailers['nbserve-code']], [Code.INVALID_ARGUMENT, 'NBS_BAD_MESSAGE']);
  assert.match(json.details, /arguments\[0\]\.json/);
  const kind = await generic.call('Stream', { method: 'add', arguments: [{ json: '1' }] });
  assert.deepEqual(shown(kind), [
    Code.INVALID_ARGUMENT,
    'the method add has one answer; call it with Call',
    'NBS_WRONG_KIND_OF_CALL',
  ]);
  const other = await generic.call('Call', { method: 'count', arguments: [{ json: '9' }] });
  assert.equal(other.trailers['nbserve-code'], 'NBS_WRONG_KIND_OF_CALL');
  const twice = await kitchen.call('Cook', [{ dish: 'a' }, { dish: 'b' }]);
  assert.equal(twice.code, Code.INVALID_ARGUMENT);
  const none = await kitchen.call('Cook', []);
  assert.deepEqual([none.code, none.trailers['nbserve-code']], [Code.INVALID_ARGUMENT, 'NBS_WRONG_MESSAGE_COUNT']);
});

test('the generic service calls methods by name', async () => {
  const result = ({ message }: Ended): unknown => (message as { result: unknown }).result;
  const sum = await generic.call('Call', { method: 'add', arguments: [{ json: '1' }, { json: '41' }] });
  assert.deepEqual(result(sum), { json: '42', kind: 'json' });
  const bytes = await generic.call('Call', { method: 'reverse', arguments: [{ data: Buffer.from([1, 2, 3]) }] });
  assert.deepEqual(result(bytes), { data: Buffer.from([3, 2, 1]), kind: 'data' });
  const counted = await generic.call('Stream', { method: 'count', arguments: [{ json: '3' }] });
  assert.deepEqual(
    counted.messages.map((message) => (message.result as Message).json),
    ['0', '1', '2'],
  );
  const doubled = await generic.call('Exchange', [
    { method: 'double', arguments: [{ json: '1' }] },
    { arguments: [{ json: '5' }] },
  ]);
  assert.deepEqual(
    doubled.messages.map((message) => (message.result as Message).json),
    ['2', '10'],
  );
  const loose = (kind: string) => generic.call('Call', { method: 'loose', arguments: [{ json: JSON.stringify(kind) }] });
  assert.deepEqual(result(await loose('floats')), { json: '{"floats":[1.5]}', kind: 'json' });
  for (const kind of ['map', 'nan']) {
    const { code, trailers } = await loose(kind);
    assert.deepEqual([code, trailers['nbserve-code']], [Code.INTERNAL, 'NBS_NO_JSON_FORM']);
  }
  assert.equal((await generic.call('Exchange', [])).code, Code.INVALID_ARGUMENT);
  assert.equal((await generic.call('ListApplications', {})).code, Code.UNAUTHENTICATED);
  const list = await generic.call('ListApplications', {}, { metadata: { 'nbserve-token': token() } });
  assert.deepEqual(list.message?.applicationNames, ['kitchen']);
});

test('a deadline reaches the replica, and passes as DEADLINE_EXCEEDED', async () => {
  const left = Number((await kitchen.call('Cook', { dish: 'deadline' }, { timeoutMs: 60_000 })).message?.count);
  assert.ok(left > 1000 && left <= 60_000, `${left} ms left`);
  assert.equal((await kitchen.call('Cook', { dish: 'deadline' })).message?.count, -1);
  const before = (await seen()).filter((line) => line === 'slow aborted').length;
  const { code } = await kitchen.call('Cook', { dish: 'slow' }, { timeoutMs: 1000 });
  assert.equal(code, Code.DEADLINE_EXCEEDED);
  await until(async () => (await seen()).filter((line) => line === 'slow aborted').length === before + 1);
});

test('a cancel aborts the signal, and ends the generator', async () => {
  const began = async (): Promise<boolean> => (await seen()).at(-1) === 'slow began';
  const call = kitchen.open('Cook', { dish: 'slow' });
  const ended = kitchen.endOf(call);
  await until(began);
  call.cancel();
  assert.equal((await ended).code, Code.CANCELLED);
  await until(async () => (await seen()).at(-1) === 'slow aborted');
  const courses = kitchen.open('Courses', { dish: 'many', count: 1e9 });
  const coursesEnd = kitchen.endOf(courses);
  await new Promise((resolve) => courses.once('data', resolve));
  courses.cancel();
  assert.equal((await coursesEnd).code, Code.CANCELLED);
  await until(async () => (await seen()).at(-1) === 'courses ended');
});

test('a client that does not read stops the generator, and one that sends too fast waits', async () => {
  const call = kitchen.open('Courses', { dish: 'large', count: 2000 });
  call.on('error', () => {});
  await new Promise((resolve) => call.once('readable', resolve));
  let last = -1;
  // 2000 courses of 64 KiB would be 128 MiB.
  await until(async () => {
    const made = (await seen()).filter((line) => line.startsWith('course ')).length;
    const isStill = made === last;
    last = made;
    await new Promise((resolve) => setTimeout(resolve, 100));
    return isStill;
  });
  const made = Number((await seen()).findLast((line) => line.startsWith('course '))?.slice('course '.length));
  assert.ok(made < 1000, `${made} courses were made although nobody read them`);
  call.cancel();
  const orders = Array.from({ length: 60 }, () => ({ dish: 'slow eater', count: 1, photo: Buffer.alloc(64 * 1024) }));
  assert.equal((await kitchen.call('Collect', orders)).message?.count, 60);
});

test('messages are limited in both directions', async () => {
  const large = Buffer.alloc(5 * 1024 * 1024);
  const up = await kitchen.call('Cook', { photo: large });
  assert.equal(up.code, Code.RESOURCE_EXHAUSTED);
  const { code, message } = await kitchen.call('Cook', { photo: large.subarray(0, 3 * 1024 * 1024) });
  assert.deepEqual([code, (message?.photo as Buffer | undefined)?.length], [Code.OK, 3 * 1024 * 1024]);
  const down = await kitchen.call('Courses', { dish: 'huge', count: 1 });
  assert.deepEqual(shown(down), [
    Code.RESOURCE_EXHAUSTED,
    'a message of the answer is larger than this server sends',
    'NBS_MESSAGE_TOO_LARGE',
  ]);
  assert.equal(down.trailers['grpc-retry-pushback-ms'], undefined);
});

test('a deployment that is a function answers every RPC, and a stream may be an array', async () => {
  await serve.run(anyRpc.bind(), { name: 'any', routePrefix: '/any' });
  const options = { metadata: { application: 'any' } };
  assert.equal((await kitchen.call('Missing', {}, options)).message?.dish, '/kitchen.v1.Kitchen/Missing');
  const { messages } = await kitchen.call('Courses', { dish: 'a' }, options);
  assert.deepEqual(
    messages.map(({ dish, big }) => [dish, big]),
    [
      ['a', '7'],
      ['/kitchen.v1.Kitchen/Courses', '8'],
    ],
  );
  await serve.delete('any');
});

test('calls with one affinity key go to one replica', async () => {
  await serve.run(Sessions.options({ numReplicas: 3 }).bind(), { name: 'sessions', routePrefix: '/sessions' });
  const visits = async (key: string): Promise<number[]> => {
    const metadata = { application: 'sessions', serve_affinity_key: key };
    const visit = { method: 'visit', arguments: [{ json: JSON.stringify(key) }] };
    const answers = await Promise.all([1, 2, 3].map(() => generic.call('Call', visit, { metadata })));
    return answers.map(({ message }) => {
      const { json } = (message as Message).result as { json: string };
      return (JSON.parse(json) as { visits: number }).visits;
    });
  };
  const keys = Array.from({ length: 12 }, (_, i) => `session ${i}`);
  for (const seen of await Promise.all(keys.map(visits))) assert.deepEqual(seen.toSorted(), [1, 2, 3]);
  await serve.delete('sessions');
});

test('a full queue is RESOURCE_EXHAUSTED, with the time after which to try again', async () => {
  await serve.run(Counter.bind(), { name: 'counter', routePrefix: '/counter' });
  const calls = await Promise.all(
    Array.from({ length: 4 }, () => kitchen.call('Cook', {}, { metadata: { application: 'counter' } })),
  );
  const refused = calls.find(({ code }) => code === Code.RESOURCE_EXHAUSTED);
  assert.equal(refused?.trailers['nbserve-code'], 'NBS_QUEUE_FULL');
  assert.equal(refused?.trailers['grpc-retry-pushback-ms'], '1000');
  assert.match(String(refused?.trailers['grpc-status-details-bin']), /google\.rpc\.RetryInfo/);
  assert.equal(calls.filter(({ code }) => code === Code.OK).length, 2);
  await serve.delete('counter');
});

test('health of the proxy, of services and of applications; a watcher hears of changes', async () => {
  const check = async (service: string): Promise<unknown> => {
    const { message, code } = await health.call('Check', { service });
    return message?.status ?? code;
  };
  for (const service of ['', 'kitchen', 'kitchen.v1.Kitchen', 'grpc.health.v1.Health'])
    assert.equal(await check(service), 'SERVING');
  assert.equal(await check('diner'), Code.NOT_FOUND);
  const watch = health.open('Watch', { service: 'diner' });
  watch.on('error', () => {});
  const states: unknown[] = [];
  watch.on('data', ({ status }: Message) => states.push(status));
  await until(() => states.at(-1) === 'SERVICE_UNKNOWN');
  await serve.run(Diner.bind(), { name: 'diner', routePrefix: '/diner' });
  await until(() => states.at(-1) === 'SERVING');
  // Two applications run now: the one at the route / answers a call that names none.
  assert.equal((await kitchen.call('Cook', { dish: 'soup' })).message?.dish, 'soup');
  assert.equal((await kitchen.call('Cook', {}, { metadata: { application: 'diner' } })).message?.dish, 'burger');
  await serve.delete('diner');
  await until(() => states.at(-1) === 'SERVICE_UNKNOWN');
  watch.cancel();
});

test('reflection lists the services and gives their files, in both versions', async () => {
  for (const version of ['v1', 'v1alpha']) {
    const reflection = new TestClient(address, `grpc.reflection.${version}.ServerReflection`);
    const ask = async (request: Message): Promise<Message> =>
      (await reflection.call('ServerReflectionInfo', [request])).message as Message;
    const { listServicesResponse } = await ask({ listServices: '*' });
    const names = (listServicesResponse as { service: { name: string }[] }).service.map(({ name }) => name);
    assert.deepEqual(names, [
      'grpc.health.v1.Health',
      'grpc.reflection.v1.ServerReflection',
      'grpc.reflection.v1alpha.ServerReflection',
      'kitchen.v1.Kitchen',
      'nbserve.v1.Serve',
    ]);
    for (const request of [
      { fileContainingSymbol: 'kitchen.v1.Kitchen' },
      { fileContainingSymbol: 'kitchen.v1.Kitchen.Cook' },
      { fileContainingSymbol: 'kitchen.v1.Order.dish' },
      { fileByFilename: 'kitchen.proto' },
    ]) {
      const { fileDescriptorResponse } = await ask(request);
      // The file and those that it imports.
      assert.equal((fileDescriptorResponse as { fileDescriptorProto: Buffer[] }).fileDescriptorProto.length, 3);
    }
    for (const request of [
      { fileByFilename: 'x' },
      { fileContainingSymbol: 'x.y' },
      { fileContainingExtension: { containingType: 'x' } },
    ]) {
      const { errorResponse } = await ask(request);
      assert.equal((errorResponse as { errorCode: number }).errorCode, Code.NOT_FOUND);
    }
    reflection.close();
  }
});

test('a replica that dies: a begun call is UNAVAILABLE, one that waits is answered by the next replica', async () => {
  const died = await kitchen.call('Cook', { dish: 'die' });
  assert.deepEqual([died.code, died.trailers['nbserve-code']], [Code.UNAVAILABLE, 'NBS_REPLICA_DIED']);
  assert.equal(died.trailers['grpc-retry-pushback-ms'], '1000');
  assert.equal((await kitchen.call('Cook', { dish: 'soup' })).code, Code.OK, 'it waits for the next replica');
  const broken = await kitchen.call('Courses', { dish: 'die', count: 5 });
  assert.deepEqual([broken.messages.length, broken.code], [2, Code.UNAVAILABLE]);
  assert.equal((await kitchen.call('Cook', { dish: 'soup' })).code, Code.OK);
});
