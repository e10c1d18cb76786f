import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { hasCode } from '../../dist/core/index.js';
import {
  type ChannelServer,
  connect,
  FeedPublisher,
  FeedSubscriber,
  FeedUnacknowledged,
  helloOf,
  listen,
} from '../../dist/ipc/index.js';
import type { Outbox } from '../../dist/ipc/outbox.js';
import { server, socketFolder, TOKEN } from '../fixtures/ipc-pair.js';
import { until } from '../fixtures/wait.js';

const publish = (path: string, publisher: FeedPublisher): Promise<ChannelServer> =>
  listen({ path }, { token: TOKEN, hello: helloOf('controller', 'c'), onChannel: (channel) => publisher.attach(channel) });

function subscribe(t: TestContext, path: string, onValue: (topic: string, value: unknown) => void = () => {}): FeedSubscriber {
  const subscriber = new FeedSubscriber({
    connect: () => connect({ path }, { token: TOKEN, hello: helloOf('proxy', 'p') }),
    onValue,
  });
  t.after(() => subscriber.stop());
  return subscriber;
}

test('subscribers get the present values, then each change, and acknowledge what they applied', async (t) => {
  const path = join(socketFolder(t), 's.sock');
  const publisher = new FeedPublisher();
  publisher.set('routes', { n: 1 });
  const server = await publish(path, publisher);
  t.after(() => server.close());
  const seen: unknown[] = [];
  const subscriber = subscribe(t, path, (topic, value) => seen.push([topic, value]));
  await subscriber.start();
  await until(() => subscriber.get('routes') !== undefined);
  const version = publisher.set('routes', { n: 2 });
  await publisher.acked('routes', version, 60_000);
  assert.deepEqual(seen, [
    ['routes', { n: 1 }],
    ['routes', { n: 2 }],
  ]);
  await publisher.acked('routes', version, 60_000);
});

test('after the first value only what changed comes, and the rest stays the same objects', async (t) => {
  const path = join(socketFolder(t), 's.sock');
  const publisher = new FeedPublisher();
  const [one, two] = [{ replicas: ['a'] }, { replicas: ['b'] }];
  publisher.set('routes', { version: 1, deployments: { one, two } });
  const server = await publish(path, publisher);
  t.after(() => server.close());
  const seen: { version: number; deployments: Record<string, unknown> }[] = [];
  const subscriber = subscribe(t, path, (_, value) => seen.push(value as (typeof seen)[0]));
  await subscriber.start();
  await until(() => seen.length === 1);
  const version = publisher.set('routes', { version: 2, deployments: { one, three: { replicas: [] } } });
  await publisher.acked('routes', version, 60_000);
  assert.deepEqual(seen[1], { version: 2, deployments: { one, three: { replicas: [] } } });
  assert.equal(seen[1]?.deployments.one, seen[0]?.deployments.one);
});

test('a value that a subscriber cannot apply stays unacknowledged; it does not count once it left', async (t) => {
  const path = join(socketFolder(t), 's.sock');
  const publisher = new FeedPublisher();
  const server = await publish(path, publisher);
  t.after(() => server.close());
  const subscriber = subscribe(t, path, () => {
    throw new Error('cannot apply');
  });
  await subscriber.start();
  const version = publisher.set('routes', 1);
  await assert.rejects(
    publisher.acked('routes', version, 50),
    (error) => hasCode(error, FeedUnacknowledged) && /proxy p/.test((error as Error).message),
  );
  const acked = publisher.acked('routes', version, 60_000);
  subscriber.stop();
  await acked;
});

test('the last values are kept while the publisher is away, and its successor is found', async (t) => {
  const path = join(socketFolder(t), 's.sock');
  const first = new FeedPublisher();
  for (let n = 1; n <= 5; n += 1) first.set('routes', n);
  const server = await publish(path, first);
  const subscriber = subscribe(t, path);
  await subscriber.start();
  await until(() => subscriber.get('routes') === 5);
  await server.close();
  await until(() => subscriber.channel === null);
  assert.equal(subscriber.get('routes'), 5);
  const second = new FeedPublisher();
  second.set('routes', 'of the successor');
  const next = await publish(path, second);
  t.after(() => next.close());
  await until(() => subscriber.get('routes') === 'of the successor');
  await second.acked('routes', 1, 60_000);
});

test('start waits for a publisher that comes later', async (t) => {
  const path = join(socketFolder(t), 's.sock');
  const subscriber = subscribe(t, path);
  const started = subscriber.start();
  const publisher = new FeedPublisher();
  publisher.set('a', 1);
  const server = await publish(path, publisher);
  t.after(() => server.close());
  await started;
  await until(() => subscriber.get('a') === 1);
});

test('little is kept for a subscriber that is stopped, and it gets the newest value when it goes on', async (t) => {
  const { path, child } = await server(t);
  const channel = await connect({ path }, { token: TOKEN, hello: helloOf('driver', 'test') });
  t.after(() => channel.destroy());
  const publisher = new FeedPublisher();
  publisher.attach(channel);
  child.kill('SIGSTOP');
  const piece = 'x'.repeat(1024 * 1024);
  for (let i = 0; i < 100; i += 1) {
    publisher.set('routes', { [i]: piece });
    await new Promise(setImmediate);
  }
  assert.equal(channel.isClosed, false);
  assert.ok((channel as unknown as { outbox: Outbox }).outbox.buffered < 70 * piece.length);
  child.kill('SIGCONT');
  await publisher.acked('routes', 100, 60_000);
  assert.equal(channel.isClosed, false);
});
