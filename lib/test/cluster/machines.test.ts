/** Nodes on other machines. Here they are other loopback addresses, each with a home of its own: they share no folder with the head. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { connect as connectPlain, type Socket } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { serve } from 'nbserve';
import { hasCode } from '../../dist/core/index.js';
import { selfSigned } from '../../dist/engine/certificates/index.js';
import { listLocalClusters } from '../../dist/engine/index.js';
import { AuthFailed, ConnectFailed, connect, helloOf, type NodeFile, readNodeFile } from '../../dist/ipc/index.js';
import { CommandFolder } from '../fixtures/command-folder.js';
import { headOf, Machine } from '../fixtures/machine.js';
import { Front, Large, Where } from '../fixtures/machine-apps.js';
import { nodesOf, running } from '../fixtures/nodes.js';
import { allEnded, until } from '../fixtures/wait.js';

// No other test listens at these addresses, also not in another run of the tests: a stranger tries every port of the head.
const net = `127.${1 + ((process.pid >> 8) % 254)}.${process.pid % 256}`;
const HEAD = `${net}.2`;
const OTHER = `${net}.3`;

const commands = new CommandFolder();
const first = new Machine(OTHER, 'other');
const second = new Machine(OTHER, 'other');
let dir = '';
let url = '';
let joinCommand: readonly [string, string];

before(async () => {
  // HTTP is open to other machines, so their nodes answer it too.
  await serve.start({ host: `${net}.5`, port: 0, machines: { host: HEAD }, resources: { cpu: 4 } });
  ({ url } = await serve.status());
  dir = listLocalClusters()[0]?.dir as string;
  joinCommand = await headOf(commands, dir);
});

after(async () => {
  await serve.shutdown();
  // The node ends with its cluster, and leaves nothing.
  assert.equal(await second.ended, 0);
  assert.deepEqual(second.clusters(), []);
  await Promise.all([first.end(), second.end()]);
  await commands.remove();
});

const admit = (fingerprint: string, name: string) =>
  commands.output(['node', 'admit', fingerprint, '--name', name, '--address', dir]);
const aliveNode = (id: string) => async () => (await serve.status()).nodes.find((node) => node.id === id && node.alive);

/** The ports of TCP sockets that listen at this address of this machine. */
function listeningPorts(ip: string): readonly number[] {
  const hex = ip
    .split('.')
    .reverse()
    .map((part) => Number(part).toString(16).padStart(2, '0').toUpperCase())
    .join('');
  const rows = readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/));
  return rows
    .filter(([, at, , state]) => at?.startsWith(hex) && state === '0A')
    .map(([, at]) => Number.parseInt(at?.split(':')[1] as string, 16));
}

/** Sends a text, and resolves with what comes back until the other side closes. */
function exchange(socket: Socket, text: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.on('error', () => {});
  socket.write(text);
  return new Promise((resolve) => socket.on('close', () => resolve(Buffer.concat(chunks))));
}

test('the command of the head says its address each time', async () => {
  const dir = listLocalClusters()[0]?.dir as string;
  // The process must not end while it waits for the answer.
  const shown = await Promise.all(Array.from({ length: 10 }, () => commands.output(['node', 'address', '--address', dir])));
  assert.equal(new Set(shown).size, 1);
  assert.match(shown[0] ?? '', /^nbserve node join 127\./);
});

test('a node of another machine joins when the head has admitted it, and not before', async () => {
  first.join(joinCommand);
  const fingerprint = await first.fingerprint;
  assert.equal((await serve.status()).nodes.length, 1);
  await admit(fingerprint, 'other');
  await first.joined;
  const node = await until(aliveNode('other'));
  assert.equal(node.ip, OTHER);
});

test('its replicas answer through the proxy of the head, with code that was sent there', async () => {
  await serve.run(Where.options({ numReplicas: 4, idempotent: true }).bind(), { name: 'where' });
  assert.deepEqual(await nodesOf('where'), ['local', 'local', 'other', 'other']);
  await until(async () => (await machinesAt(url, 8)).join() === 'head,other');
});

/** Which machines answer so many requests that are sent at once. */
async function machinesAt(at: string, count: number): Promise<readonly string[]> {
  const machines = await Promise.all(
    Array.from({ length: count }, async () => {
      const answer = (await (await fetch(at, { method: 'POST', body: 'hello' })).json()) as { machine: string; text: string };
      assert.equal(answer.text, 'hello');
      return answer.machine;
    }),
  );
  return [...new Set(machines)].sort();
}

/** Asks the proxy of the node until both machines have answered. */
async function askProxyOf(id: string): Promise<void> {
  const node = await until(aliveNode(id));
  assert.equal(node.url, `http://${OTHER}:${new URL(url).port}`);
  // It may still be starting.
  await until(async () => (await machinesAt(node.url as string, 8).catch(() => [])).length === 2);
}

test('the node has a proxy of its own, which leads to the replicas of all machines and says that it works', async () => {
  await askProxyOf('other');
  const node = await until(aliveNode('other'));
  assert.equal((await fetch(`${node.url}/-/healthz`)).status, 200);
});

test('one request after the other stays on the node of the proxy; requests at the same time use all nodes', async () => {
  const node = await until(aliveNode('other'));
  for (const [at, machine] of [
    [url, 'head'],
    [node.url as string, 'other'],
  ] as const) {
    // The load of earlier requests is known from the next answers.
    await until(async () => (await machinesAt(at, 1)).join() === machine);
    for (let i = 0; i < 30; i += 1) assert.deepEqual(await machinesAt(at, 1), [machine]);
    await until(async () => (await machinesAt(at, 8)).length === 2);
  }
});

test('replicas of two machines call each other, and large answers stay where they are until they are needed', async () => {
  const asked = Where.options({ name: 'Asked', numReplicas: 2 }).bind();
  const app = Front.options({ numReplicas: 2 }).bind(asked, Large.options({ numReplicas: 2 }).bind());
  const front = await serve.run(app, { name: 'front', routePrefix: null });
  const ways = new Set<string>();
  await until(async () => {
    const asked = await Promise.all(Array.from({ length: 8 }, () => front.ask.remote(200_000)));
    for (const { from, to, bytes } of asked) {
      assert.equal(bytes, 200_000);
      ways.add(`${from} to ${to}`);
    }
    return ways.size === 4;
  });
  await serve.delete('front');
});

test('a stranger learns nothing, and nothing that it sends is read', async () => {
  const ports = listeningPorts(HEAD);
  // The agent, the controller, and two replicas.
  assert.ok(ports.length >= 3, `${ports.length} ports`);
  const { key, cert } = selfSigned();
  for (const port of ports) {
    const plain = await exchange(connectPlain({ host: HEAD, port }), 'nbserve\x01'.padEnd(40, 'x'));
    assert.doesNotMatch(plain.toString('latin1'), /nbserve|other|local/);
    for (const identity of [{}, { key, cert }]) {
      const socket = connectTls({ host: HEAD, port, rejectUnauthorized: false, ...identity });
      let subject = '';
      let chain = '';
      socket.on('secureConnect', () => {
        const shown = socket.getPeerCertificate(true);
        subject = JSON.stringify(shown.subject);
        chain = JSON.stringify([shown.issuer, shown.issuerCertificate?.subject]);
      });
      assert.equal((await exchange(socket, 'nbserve\x01'.padEnd(40, 'x'))).length, 0);
      assert.match(subject, /^("?|\{"CN":"[0-9a-f]{32}"\})$/);
      assert.doesNotMatch(chain, /nbserve/);
    }
  }
  // A certificate of the cluster is not enough without its token.
  const tls = readNodeFile(dir) as NodeFile;
  for (const port of ports) {
    const attempt = connect({ host: HEAD, port, tls }, { token: 'wrong', hello: helloOf('agent', 'other') });
    await assert.rejects(attempt, (error) => hasCode(error, AuthFailed) || hasCode(error, ConnectFailed));
  }
  // Nor is its token without a certificate.
  const token = readFileSync(join(dir, 'token'), 'utf8');
  for (const port of ports) {
    const attempt = connect({ host: HEAD, port }, { token, hello: helloOf('agent', 'other') });
    await assert.rejects(attempt, (error) => hasCode(error, ConnectFailed));
  }
});

test('one who is shown the wrong pin sends nothing', async () => {
  const liar = new Machine(OTHER, 'liar');
  liar.join([joinCommand[0], 'f'.repeat(64)]);
  assert.equal(await liar.ended, 1);
  assert.match(liar.lines.join('\n'), /:\d+ is not the head of the cluster with the pin f+; nothing was sent to it/);
  await liar.end();
});

test('when its agent is killed, its replicas end, every request is answered, and replacements start on the head', async () => {
  const before = await running('where');
  const there = before.filter(({ node }) => node === 'other').map(({ pid }) => pid as number);
  let failed = 0;
  let isOver = false;
  const load = Array.from({ length: 8 }, async () => {
    while (!isOver) if (!(await fetch(url, { method: 'POST', body: 'x' }).catch(() => null))?.ok) failed += 1;
  });
  const agent = first.agentPid() as number;
  process.kill(agent, 'SIGKILL');
  await allEnded(there);
  await until(async () => (await nodesOf('where')).join() === 'local,local,local,local');
  isOver = true;
  await Promise.all(load);
  assert.equal(failed, 0);
  const node = (await serve.status()).nodes.find(({ id }) => id === 'other');
  assert.equal(node?.alive, false);
});

test('another process can join in its place, and gets replicas', async () => {
  second.join(joinCommand);
  await admit(await second.fingerprint, 'other');
  await until(aliveNode('other'));
  await serve.run(Where.options({ name: 'Again', numReplicas: 2 }).bind(), { name: 'again', routePrefix: null });
  assert.ok((await nodesOf('again')).includes('other'));
  const nodes = (await serve.status()).nodes.map(({ id }) => id);
  assert.deepEqual(nodes, ['local', 'other']);
});

test('a suspended node is given up; when it runs again, its old replicas are ended, and it joins again', async () => {
  const there = (await running('again')).filter(({ node }) => node === 'other').map(({ pid }) => pid as number);
  const agent = second.agentPid() as number;
  process.kill(agent, 'SIGSTOP');
  await until(async () => (await nodesOf('again')).join() === 'local,local');
  process.kill(agent, 'SIGCONT');
  await allEnded(there);
  await until(aliveNode('other'));
  assert.deepEqual(await nodesOf('again'), ['local', 'local']);
  await serve.run(Where.options({ numReplicas: 8, idempotent: true }).bind(), { name: 'where' });
  await askProxyOf('other');
});
