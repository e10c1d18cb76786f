import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { statSync, writeFileSync } from 'node:fs';
import { createConnection, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { hasCode } from '../../dist/core/index.js';
import {
  type Address,
  AuthFailed,
  type Channel,
  ConnectFailed,
  connect,
  helloOf,
  ListenFailed,
  listen,
  PeerGone,
  VersionSkew,
} from '../../dist/ipc/index.js';
import { method, socketFolder, TOKEN } from '../fixtures/ipc-pair.js';
import { until } from '../fixtures/wait.js';

const hello = helloOf('driver', 'test');

/** Starts a listener that answers every call, and counts the channels that it has accepted. */
async function echo(
  t: TestContext,
  { address, handshakeTimeoutMs }: { address?: Address; handshakeTimeoutMs?: number } = {},
): Promise<{ address: Address; accepted: Channel[] }> {
  const accepted: Channel[] = [];
  const server = await listen(address ?? { path: join(socketFolder(t), 's.sock') }, {
    token: TOKEN,
    hello: helloOf('agent', 'a'),
    ...(handshakeTimeoutMs !== undefined && { handshakeTimeoutMs }),
    onChannel: (channel) => {
      accepted.push(channel);
      channel.onCall = (call) => call.reply('ok');
    },
  });
  t.after(() => server.close());
  return { address: server.address, accepted };
}

async function stranger(t: TestContext, address: Address): Promise<Socket> {
  const socket = 'path' in address ? createConnection(address.path) : createConnection(address);
  socket.on('error', () => {});
  t.after(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

async function works(address: Address): Promise<void> {
  const channel = await connect(address, { token: TOKEN, hello });
  assert.equal(await channel.call(method('x')), 'ok');
  channel.close();
  await channel.closed;
}

test('strangers are dropped, learn nothing, and hold up nobody', async (t) => {
  const { address, accepted } = await echo(t);
  const garbage = [
    Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(3)),
    randomBytes(100_000),
    Buffer.alloc(40),
    Buffer.from('nbserve\x01', 'latin1'),
  ];
  const sockets = await Promise.all(garbage.map(() => stranger(t, address)));
  const heard: number[] = [];
  for (const [i, socket] of sockets.entries()) {
    socket.on('data', () => heard.push(i));
    socket.write(garbage[i] as Buffer);
  }
  await works(address);
  await Promise.all(sockets.map((socket) => socket.destroyed || once(socket, 'close')));
  assert.deepEqual(heard, []);
  assert.equal(accepted.length, 1);
  await works(address);
});

test('a stranger that says nothing is dropped', async (t) => {
  const { address, accepted } = await echo(t, { handshakeTimeoutMs: 50 });
  const silent = await stranger(t, address);
  if (!silent.destroyed) await once(silent, 'close');
  assert.equal(accepted.length, 0);
});

test('a peer with another token is refused, on either side', async (t) => {
  const { address, accepted } = await echo(t);
  await assert.rejects(connect(address, { token: 'another', hello }), (error) => hasCode(error, AuthFailed));
  assert.equal(accepted.length, 0);
  await works(address);
});

test('garbage after the handshake ends that connection, and no other', async (t) => {
  const { address, accepted } = await echo(t);
  const channel = await connect(address, { token: TOKEN, hello });
  const { writer } = (channel as unknown as { outbox: { writer: { data(...args: unknown[]): void } } }).outbox;
  writer.data(77, 0, 5, Buffer.alloc(10), 0, 10);
  await assert.rejects(channel.call(method('x')), (error) => hasCode(error, PeerGone));
  await accepted[0]?.closed;
  await works(address);
});

test('another version is refused, and both sides know the versions', async (t) => {
  const { address, accepted } = await echo(t);
  await assert.rejects(
    connect(address, { token: TOKEN, hello: { ...hello, version: '99.0.0' } }),
    (error) => hasCode(error, VersionSkew) && /99\.0\.0/.test((error as Error).message),
  );
  assert.equal(accepted.length, 0);
});

test('connecting to nobody, or to somebody who does not answer, fails with a code', async (t) => {
  const dir = socketFolder(t);
  await assert.rejects(
    connect({ path: join(dir, 'none.sock') }, { token: TOKEN, hello }),
    (error) => hasCode(error, ConnectFailed) && /ENOENT/.test((error as Error).message),
  );
  const mute = createServer(() => {}).listen(join(dir, 'mute.sock'));
  t.after(() => mute.close());
  const sockets: Socket[] = [];
  mute.on('connection', (socket) => sockets.push(socket));
  await assert.rejects(
    connect({ path: join(dir, 'mute.sock') }, { token: TOKEN, hello, timeoutMs: 50 }),
    (error) => hasCode(error, ConnectFailed) && /50 ms/.test((error as Error).message),
  );
  for (const socket of sockets) socket.destroy();
  await assert.rejects(
    connect({ path: `/tmp/${'p'.repeat(120)}` }, { token: TOKEN, hello }),
    (error) => hasCode(error, ConnectFailed) && /104 bytes/.test((error as Error).message),
  );
});

test('a socket file is private; a stale one is replaced, a live one is not', async (t) => {
  const path = join(socketFolder(t), 's.sock');
  writeFileSync(path, '');
  await echo(t, { address: { path } });
  assert.equal(statSync(path).mode & 0o777, 0o600);
  await works({ path });
  await assert.rejects(echo(t, { address: { path } }), (error) => hasCode(error, ListenFailed));
  await works({ path });
});

test('the same over TCP', async (t) => {
  const { address } = await echo(t, { address: { host: '127.0.0.1', port: 0 } });
  assert.ok('port' in address && address.port > 0);
  await works(address);
});

test('a closed server lets go of its channels and its address', async (t) => {
  const path = join(socketFolder(t), 's.sock');
  const server = await listen({ path }, { token: TOKEN, hello, onChannel: () => {} });
  const channel = await connect({ path }, { token: TOKEN, hello });
  await server.close();
  await channel.closed;
  await until(() => channel.isClosed);
  await assert.rejects(connect({ path }, { token: TOKEN, hello }), (error) => hasCode(error, ConnectFailed));
});
