import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createConnection, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { hasCode } from '../../dist/core/index.js';
import type { Engine } from '../../dist/engine/index.js';
import { AuthFailed, type CallHead, connect, helloOf, VersionSkew } from '../../dist/ipc/index.js';
import { putBlobOp } from '../../dist/serve/protocol/index.js';
import { app, type ControlledCluster, chat, startControlled } from '../fixtures/controller-harness.js';
import { assertNothingLeft } from '../fixtures/engine-harness.js';

after(assertNothingLeft);

/** Starts a cluster that serves one application. Returns also the paths of all its sockets. */
async function serving(t: TestContext): Promise<ControlledCluster & { sockets: string[] }> {
  const controlled = await startControlled(t);
  await controlled.call('deploy', app('chat', chat('v1')));
  const { dir } = controlled.cluster;
  const sockets = readdirSync(dir).flatMap((name) => (name.endsWith('.sock') ? [join(dir, name)] : []));
  assert.equal(sockets.length, 3, 'agent, controller and one replica');
  return { ...controlled, sockets };
}

const pids = async (engine: Engine): Promise<string> => (await engine.list()).map(({ id, pid }) => `${id} ${pid}`).join(', ');

async function stranger(t: TestContext, path: string): Promise<Socket> {
  const socket = createConnection(path);
  socket.on('error', () => {});
  t.after(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

test('without the token nobody reads status, logs or code, deploys, or ends anything', async (t) => {
  const { cluster, engine, call, sockets } = await serving(t);
  const before = await pids(engine);
  for (const path of sockets) {
    for (const role of ['driver', 'controller', 'agent', 'proxy', 'replica', '__proto__']) {
      for (const token of ['', cluster.token.slice(1), cluster.token.toUpperCase(), `${cluster.token}\n`]) {
        await assert.rejects(
          connect({ path }, { token, hello: helloOf(role, 'stranger') }),
          (error) => hasCode(error, AuthFailed),
          `${path} as ${role}`,
        );
      }
    }
    // These are calls instead of the handshake, or directly after its opening.
    for (const prefix of [Buffer.alloc(0), Buffer.concat([Buffer.from('nbserve\x01', 'latin1'), Buffer.alloc(32)])]) {
      const socket = await stranger(t, path);
      let heard = Buffer.alloc(0);
      socket.on('data', (chunk) => {
        heard = Buffer.concat([heard, chunk]);
      });
      socket.write(prefix);
      if (prefix.length > 0) await once(socket, 'data');
      socket.write(request({ kind: 'control', op: 'shutdown' }));
      if (!socket.closed) await once(socket, 'close');
      assert.equal(heard.length, prefix.length === 0 ? 0 : 64, 'a nonce and a proof of the other side, and no more');
    }
  }
  assert.equal(await pids(engine), before);
  const { applications } = await call('status', undefined);
  assert.deepEqual(Object.keys(applications), ['chat']);
});

test('a handshake that was overheard, or is sent back to where it came from, opens nothing', async (t) => {
  const { cluster, sockets } = await serving(t);
  const path = sockets[0] as string;
  // This is between a good client and the agent.
  const overheard: Buffer[] = [];
  const middle = join(cluster.dir, 'm.sock');
  const relay = createServer((client) => {
    const server = createConnection(path);
    client.on('data', (chunk) => overheard.push(chunk));
    client.pipe(server).pipe(client);
    for (const socket of [client, server]) socket.on('error', () => {});
  });
  relay.listen(middle);
  await once(relay, 'listening');
  const channel = await connect({ path: middle }, { token: cluster.token, hello: helloOf('driver', 'good') });
  channel.close();
  await channel.closed;
  await new Promise((resolve) => relay.close(resolve));
  const replay = await stranger(t, path);
  const [opening, proof] = overheard;
  assert.ok(opening && proof && proof.length > 32);
  replay.write(opening);
  await once(replay, 'data');
  replay.write(proof);
  await once(replay, 'close');

  // This sends the server's own proof instead of ours.
  const mirror = await stranger(t, path);
  mirror.write(opening);
  const [answer] = (await once(mirror, 'data')) as [Buffer];
  mirror.write(answer.subarray(32));
  await once(mirror, 'close');
});

test('many strangers halfway through a handshake keep nobody out', async (t) => {
  const { cluster, sockets } = await serving(t);
  for (const path of sockets) {
    const crowd = await Promise.all(Array.from({ length: 300 }, () => stranger(t, path)));
    const channel = await connect({ path }, { token: cluster.token, hello: helloOf('driver', 'good') });
    channel.close();
    await channel.closed;
    for (const socket of crowd) socket.destroy();
  }
});

test('another version is told so and opens nothing', async (t) => {
  const { cluster, sockets } = await serving(t);
  for (const path of sockets) {
    for (const hello of [
      { ...helloOf('driver', 'd'), version: '99.0.0' },
      { ...helloOf('driver', 'd'), protocol: 99 },
    ])
      await assert.rejects(connect({ path }, { token: cluster.token, hello }), (error) => hasCode(error, VersionSkew));
  }
});

test('blobs are named by what they hold, and lie nowhere else', async (t) => {
  const { cluster, controller } = await serving(t);
  const put = (name: string, value: unknown): Promise<unknown> =>
    controller.call({ kind: 'control', op: putBlobOp(name) }, value);
  const before = readdirSync(cluster.dir).sort();
  for (const name of [
    '',
    '../token',
    `../${'a'.repeat(61)}`,
    `${'a'.repeat(63)}/`,
    'A'.repeat(64),
    `${'a'.repeat(64)}\n`,
    '__proto__',
  ])
    await assert.rejects(put(name, 'x'), /NBS_INVALID_BLOB_NAME|64 hex/, JSON.stringify(name));
  await assert.rejects(put('a'.repeat(64), 'x'), { code: 'NBS_BLOB_MISMATCH' });
  assert.deepEqual(readdirSync(cluster.dir).sort(), before);
  assert.deepEqual(readdirSync(join(cluster.dir, 'code')), []);
  assert.equal(readFileSync(join(cluster.dir, 'token'), 'utf8'), cluster.token);
  await assert.rejects(controller.call({ kind: 'control', op: 'missingBlobs' }, { hashes: ['../token'] }), {
    code: 'NBS_INVALID_BLOB_NAME',
  });
});

test('messages that hold the token and no sense are refused one by one, and end nothing', async (t) => {
  const { engine, controller, call } = await serving(t);
  const before = await pids(engine);
  const good = chat('v1');
  const specs: unknown[] = [
    undefined,
    null,
    5,
    'text',
    {},
    [],
    { name: 'x' },
    { ...app('x', good), deployments: 5 },
    { ...app('x', good), deployments: [null] },
    { ...app('x', good), deployments: [{ name: 'Chat' }] },
    app('x', { ...good, initArgs: 'text' as never }),
    app('x', { ...good, config: {} as never }),
    app('__proto__', good),
    app('x\u001b[2J', good),
    app('x', good, '/x\nevil'),
    app('x', { ...good, name: '__proto__' }),
    app('x', { ...good, name: 'Chat\u001b]0;title\u0007' }),
  ];
  for (const [i, spec] of specs.entries())
    await assert.rejects(controller.call({ kind: 'control', op: 'deploy' }, spec), `spec ${i}`);
  for (const op of ['__proto__', 'constructor', 'toString', '', 'agent'])
    await assert.rejects(controller.call({ kind: 'control', op }, {}), { code: 'NBS_UNKNOWN_OP' });
  for (const head of [{}, { kind: 'control' }, { kind: 'control', op: 5 }, { kind: '__proto__' }, { kind: 'http', op: 'deploy' }])
    await assert.rejects(controller.call(head as CallHead), JSON.stringify(head));
  assert.equal(await pids(engine), before);
  assert.deepEqual(Object.keys((await call('status', undefined)).applications), ['chat']);
});

test('the folder of a cluster, what is in it, and what a process list shows, tell others nothing', async (t) => {
  const { cluster, engine } = await serving(t);
  const { dir, token } = cluster;
  const look = (path: string): void => {
    const stat = statSync(path);
    assert.equal(stat.mode & 0o077, 0, `${path} is open to others: ${(stat.mode & 0o777).toString(8)}`);
    if (stat.isDirectory()) for (const name of readdirSync(path)) look(join(path, name));
    else if (stat.isFile() && !path.endsWith('token')) assert.ok(!readFileSync(path, 'utf8').includes(token), path);
  };
  look(dir);
  assert.ok(existsSync(join(dir, 'checkpoint.json')));
  for (const { pid, id } of await engine.list()) {
    for (const shown of ['cmdline', 'environ'])
      assert.ok(!readFileSync(`/proc/${pid}/${shown}`, 'utf8').includes(token), `${id} ${shown}`);
  }
  assert.match(token, /^[0-9a-f]{64}$/);
});

/** The first frame of a call. */
function request(head: CallHead): Buffer {
  const json = Buffer.from(JSON.stringify(head));
  const header = Buffer.alloc(12);
  header.writeUInt32LE(json.length, 0);
  header.set([1, 1], 4);
  header.writeUInt16LE(json.length, 6);
  header.writeUInt32LE(1, 8);
  return Buffer.concat([header, json]);
}
