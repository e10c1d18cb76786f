import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { serve } from 'nbserve';
import { KitchenDeployment } from '../fixtures/grpc-apps.js';
import { KITCHEN_PROTO, TestClient } from '../fixtures/grpc-clients.js';

let address = '';
let kitchen: TestClient;

before(async () => {
  await serve.start({ port: 0, grpc: { port: 0, protos: [KITCHEN_PROTO], generic: true } });
  await serve.run(KitchenDeployment.bind(), { name: 'kitchen' });
  ({ grpc: address } = await serve.status());
  kitchen = new TestClient(address, 'kitchen.v1.Kitchen');
});
after(async () => {
  kitchen.close();
  await serve.shutdown();
});

test('a message of every type comes back as it was sent', async () => {
  const order = {
    dish: 'soup',
    count: -3,
    photo: Buffer.from([0, 1, 255]),
    big: '9007199254740993',
    note: '',
    amounts: [1.5, 2],
    tableSeats: { window: 4, ['__proto__']: 1 },
    spice: { name: 'chili', heat: 'HEAT_HOT' },
    due: { seconds: '7', nanos: 5 },
    fries: 2,
  };
  const { message, code } = await kitchen.call('Cook', order);
  assert.equal(code, 0);
  assert.deepEqual({ ...message }, { ...order, side: 'fries', _note: 'note', lines: [] });
});

test('all four kinds of calls', async () => {
  assert.deepEqual(
    (await kitchen.call('Courses', { dish: 'a', count: 3 })).messages.map(({ dish }) => dish),
    ['a 0', 'a 1', 'a 2'],
  );
  const collected = await kitchen.call('Collect', [
    { count: 1, dish: 'x' },
    { count: 4, dish: 'y' },
  ]);
  assert.deepEqual([collected.message?.count, collected.message?.lines], [5, ['x', 'y']]);
  const chat = kitchen.open('Chat', undefined);
  const ended = kitchen.endOf(chat);
  for (const dish of ['one', 'two']) {
    chat.write({ dish });
    const [answer] = await new Promise<{ dish: string }[]>((resolve) => chat.once('data', (message) => resolve([message])));
    assert.equal(answer?.dish, dish.toUpperCase());
  }
  chat.end();
  assert.equal((await ended).code, 0);
});
