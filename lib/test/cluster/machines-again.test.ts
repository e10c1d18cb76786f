/** Nodes of other machines that do not join, or whose name another one has now. Here they are other loopback addresses. */
import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { serve } from 'nbserve';
import { listLocalClusters } from '../../dist/engine/index.js';
import { CommandFolder } from '../fixtures/command-folder.js';
import { headOf, Machine } from '../fixtures/machine.js';
import { Where, Worker } from '../fixtures/machine-apps.js';
import { nodesOf } from '../fixtures/nodes.js';
import { until } from '../fixtures/wait.js';

// No other test listens at these addresses.
const net = `127.${1 + ((process.pid >> 8) % 254)}.${process.pid % 256}`;
const PACKAGE = fileURLToPath(new URL('../..', import.meta.url));

const folder = mkdtempSync(join(tmpdir(), 'nbse-'));
const commands = new CommandFolder();
const machines: Machine[] = [];
let dir = '';
let head: readonly [string, string];

before(async () => {
  await serve.start({ port: 0, machines: { host: `${net}.22` } });
  dir = listLocalClusters()[0]?.dir as string;
  head = await headOf(commands, dir);
});

after(async () => {
  await serve.shutdown();
  for (const machine of machines) await machine.end();
  await commands.remove();
  rmSync(folder, { recursive: true, force: true });
});

function newMachine(last: number): Machine {
  const machine = new Machine(`${net}.${last}`, 'other');
  machines.push(machine);
  return machine;
}
const admit = async (machine: Machine) =>
  commands.output(['node', 'admit', await machine.fingerprint, '--name', 'other', '--address', dir]);
const other = async () => (await serve.status()).nodes.find(({ id }) => id === 'other');

test('a node that comes back ends if its name was given away, and the other one stays, with its own address and resources', async () => {
  const [lost, next] = [newMachine(23), newMachine(24)];
  lost.join(head, ['--num-cpus', '3', '--num-gpus', '0']);
  await admit(lost);
  await until(async () => (await other())?.alive);
  assert.equal((await other())?.total.cpu, 3);
  const agent = lost.agentPid() as number;
  process.kill(agent, 'SIGSTOP');
  await until(async () => (await other())?.alive === false);
  next.join(head, ['--num-cpus', '7', '--num-gpus', '0', '--memory', '1000', '--resources', '{"tpu": 2}']);
  await admit(next);
  const { ip, total } = await until(async () => {
    const node = await other();
    return node?.alive === true && node;
  });
  assert.deepEqual([ip, total.cpu, total.memory, total.custom], [`${net}.24`, 7, 1000, { tpu: 2 }]);
  process.kill(agent, 'SIGCONT');
  assert.equal(await lost.ended, 1);
  assert.match(lost.lines.join('\n'), /NBS_NODE_REFUSED: .* does not take this node as other any more/);
  assert.deepEqual(lost.clusters(), []);
  assert.equal((await other())?.alive, true);
  assert.equal(next.child?.exitCode, null);
  assert.deepEqual(
    (await serve.status()).nodes.map(({ id }) => id),
    ['local', 'other'],
  );
  next.child?.kill('SIGTERM');
  assert.equal(await next.ended, 0);
  await until(async () => (await other())?.alive === false);
});

test('a node that is told to end is replaced at once, ends what it has begun, and nothing is counted as a failure', async () => {
  const leaving = newMachine(29);
  leaving.join(head);
  await admit(leaving);
  await until(async () => (await other())?.alive);
  await serve.run(Worker.options({ numReplicas: 2, idempotent: [] }).bind(), { name: 'work' });
  assert.deepEqual(await nodesOf('work'), ['local', 'other']);
  const file = join(folder, 'begun');
  const { url } = await serve.status();
  const asked = Promise.all(
    Array.from({ length: 8 }, async (_, id) => {
      const answer = await fetch(url, { method: 'POST', body: JSON.stringify({ id, file, ms: 1000 }) });
      return [answer.status, ((await answer.json()) as { machine?: string }).machine] as const;
    }),
  );
  await until(() => existsSync(file) && readFileSync(file, 'utf8').split('\n').length > 8);
  leaving.child?.kill('SIGTERM');
  await until(async () => (await nodesOf('work')).join() === 'local,local');
  await serve.run(Where.options({ numReplicas: 2 }).bind(), { name: 'meanwhile', routePrefix: null });
  const answers = await asked;
  assert.deepEqual(
    answers.map(([status]) => status),
    answers.map(() => 200),
  );
  assert.ok(answers.some(([, machine]) => machine === 'other'));
  assert.equal(await leaving.ended, 0);
  const { work, meanwhile } = (await serve.status()).applications;
  assert.deepEqual([work?.status, work?.message, meanwhile?.status], ['RUNNING', '', 'RUNNING']);
  await Promise.all([serve.delete('work'), serve.delete('meanwhile')]);
});

test('a node with another version of nbserve says so at once, and not that it has joined', async () => {
  const there = join(folder, 'nbserve');
  mkdirSync(there);
  for (const name of ['bin', 'dist', 'protos']) cpSync(join(PACKAGE, name), join(there, name), { recursive: true });
  symlinkSync(join(PACKAGE, 'node_modules'), join(there, 'node_modules'));
  symlinkSync(join(PACKAGE, '..', 'node_modules'), join(folder, 'node_modules'));
  const described = JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8')) as { version: string };
  writeFileSync(join(there, 'package.json'), JSON.stringify({ ...described, version: '77.7.0' }));
  const strange = newMachine(25);
  strange.join(head, [], { bin: join(there, 'bin', 'nbserve.js') });
  await admit(strange);
  assert.equal(await strange.ended, 1);
  const text = strange.lines.join('\n');
  assert.match(text, /NBS_VERSION_SKEW: .* this process 77\.7\.0/);
  assert.doesNotMatch(text, /has joined/);
  assert.deepEqual(strange.clusters(), []);
});

test('a head that cannot be reached is not taken for one that does not admit the node', async () => {
  const alone = newMachine(26);
  alone.join([`${net}.27:9`, head[1]], ['--wait', '1']);
  assert.equal(await alone.ended, 1);
  const text = alone.lines.join('\n');
  assert.equal(text.match(/cannot connect to .*:9: connect ECONNREFUSED .* it is tried again for 1 s/g)?.length, 1, text);
  assert.match(text, /NBS_CONNECT_FAILED: cannot connect to .*ECONNREFUSED/);
  assert.doesNotMatch(text, /NBS_NOT_ADMITTED/);
});

test('a node that waits shows the command that admits it, and says what to do if nobody has run it', async () => {
  const waiting = newMachine(30);
  waiting.join(head, ['--wait', '1']);
  const fingerprint = await waiting.fingerprint;
  assert.equal(await waiting.ended, 1);
  const text = waiting.lines.join('\n');
  assert.match(text, new RegExp(`on the head, run: nbserve node admit ${fingerprint} --name <name>`));
  // Its key has ended with it, so nobody can admit it any more.
  assert.match(
    text,
    /NBS_NOT_ADMITTED: .* within 1 s; run nbserve node join again, and while it waits, on the head: nbserve node admit </,
  );
});

test('an address at which nobody can reach the node is refused before it asks for anything', async () => {
  for (const [host, address, message] of [
    ['0.0.0.0', head[0], /nobody can connect to --host 0\.0\.0\.0/],
    ['::', head[0], /nobody can connect to --host ::/],
    ['127.0.0.1', '203.0.113.8:9', /127\.0\.0\.1 is a loopback address, at which 203\.0\.113\.8 cannot reach this machine/],
    ['203.0.113.7', head[0], /NBS_NOT_OF_THIS_MACHINE: 203\.0\.113\.7 is not an address of this machine .*EADDRNOTAVAIL/],
  ] as const) {
    const { code, stdout, stderr } = await commands.run(['node', 'join', address, head[1], '--host', host, '--wait', '1']);
    assert.notEqual(code, 0);
    assert.match(stderr, message);
    assert.doesNotMatch(stdout, /nbserve node [0-9a-f]{64}/);
  }
});

test('options of a node are checked before it asks for anything', async () => {
  for (const [option, value, message] of [
    ['--num-cpus', 'many', /resources/],
    ['--resources', '{', /--resources takes JSON/],
  ] as const) {
    const { code, stderr } = await commands.run(['node', 'join', ...head, '--host', `${net}.28`, option, value]);
    assert.notEqual(code, 0);
    assert.match(stderr, message);
  }
});
