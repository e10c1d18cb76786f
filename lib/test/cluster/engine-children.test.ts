import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { hasCode, type NbserveError } from '../../dist/core/index.js';
import { ProcessExited, type ProcessInfo, ProcessStartTimeout } from '../../dist/engine/index.js';
import { assertNothingLeft, assertPrinted, startStubs, stub } from '../fixtures/engine-harness.js';
import { allEnded, isRunning, until } from '../fixtures/wait.js';

after(assertNothingLeft);

test('a process is listed, started once per id, and stopped', async (t) => {
  const { engine } = await startStubs(t);
  await Promise.all([engine.start(stub('a', {})), engine.start(stub('a', {}))]);
  const listed = (await engine.list()).filter(({ id }) => id === 'a');
  assert.equal(listed.length, 1);
  const [info] = listed as [ProcessInfo];
  assert.equal(info.state, 'RUNNING');
  assert.equal(info.label, 'Stub#a');
  assert.ok(isRunning(info.pid));
  await engine.stop('a');
  assert.equal(isRunning(info.pid), false);
  assert.equal((await engine.list()).find(({ id }) => id === 'a')?.exit?.name, 'STOPPED');
  await engine.stop('a');
  await engine.stop('nobody');
});

test('if a process dies before it is ready, its start rejects with the reason and its last output', async (t) => {
  const { engine } = await startStubs(t);
  const failure = async (args: Parameters<typeof stub>[1]): Promise<NbserveError> =>
    engine.start(stub('x', args)).then(
      () => assert.fail('it started'),
      (error: NbserveError) => error,
    );
  const crash = await failure({ start: 'crash' });
  assert.ok(hasCode(crash, ProcessExited));
  assert.match(crash.message, /Stub#x .*CRASHED, exit code 1/);
  assert.match(crash.message, /about to throw\n[\s\S]*TypeError: broken at start/);
  const failed = await failure({ start: 'fail-constructor' });
  assert.match(failed.message, /CONSTRUCTOR_FAILED/);
  assert.equal((failed.cause as Error).name, 'RangeError');
  assert.equal((failed.cause as Error).message, 'model is missing');
  assert.match((failed.cause as Error).stack ?? '', /engine-child/);
  assert.equal(((await failure({ start: 'fail-at-length' })).cause as Error).message.length, 1e6);
  assert.match((await failure({ start: 'abort' })).message, /KILLED, by SIGABRT/);
  const timeout = await engine.start(stub('y', { start: 'hang' }, { startTimeoutMs: 200 })).catch((error: unknown) => error);
  assert.ok(hasCode(timeout, ProcessStartTimeout));
  const nowhere = await engine.start(stub('z', {}, { cwd: '/nowhere' })).catch((error: Error) => error);
  assert.match((nowhere as Error).message, /SPAWN_FAILED/);
});

test('all that a process printed arrives, also right before it died', async (t) => {
  const { cluster, engine, lines } = await startStubs(t);
  const ended = new Promise<ProcessInfo>((resolve) => engine.onExit(resolve));
  const count = 20_000;
  await engine.start(stub('p', { afterwards: 'print-and-die', lines: count }));
  const { exit } = await ended;
  assert.equal(exit?.code, 3);
  assert.equal(exit?.name, 'CRASHED');
  assert.deepEqual(exit?.stderrTail, ['last words']);
  await assertPrinted('p', lines, count);
  const file = await until(() => {
    const text = readFileSync(join(cluster.dir, 'logs', 'Stub#p.log'), 'utf8');
    return text.includes('last words') && text;
  });
  assert.equal(file.split('\n').length, count + 2);
});

test('the children of a process end with it', async (t) => {
  const { engine, lines } = await startStubs(t);
  const ids = ['stopped', 'killed'];
  for (const id of ids) await engine.start(stub(id, { afterwards: 'grandchild' }));
  const grandchildren = await until(() => {
    const found = lines.filter(({ text }) => text.startsWith('grandchild'));
    return found.length === 2 && found.map(({ text }) => Number(text.split(' ')[1]));
  });
  assert.ok(grandchildren.every(isRunning));
  const killed = (await engine.list()).find(({ id }) => id === 'killed') as ProcessInfo;
  await engine.stop('stopped');
  process.kill(killed.pid, 'SIGKILL');
  await allEnded(grandchildren);
});

test('a full heap and a kill are named in the exit report', async (t) => {
  const { engine } = await startStubs(t);
  const exits: ProcessInfo[] = [];
  engine.onExit((info) => exits.push(info));
  const exitOf = (id: string): Promise<ProcessInfo> => until(() => exits.find((info) => info.id === id));
  await engine.start(stub('heap', { afterwards: 'heap' }, { env: { NODE_OPTIONS: '--max-old-space-size=32' } }));
  await engine.start(stub('killed', {}));
  process.kill((await engine.list()).find(({ id }) => id === 'killed')?.pid as number, 'SIGKILL');
  assert.equal((await exitOf('killed')).exit?.name, 'KILLED');
  assert.equal((await exitOf('heap')).exit?.name, 'OUT_OF_MEMORY');
});

test('bytes are stored once with their hash as the name, and nodes list their resources', async (t) => {
  const { cluster, engine } = await startStubs(t);
  const bytes = Buffer.from('module.exports = 1');
  const [one, two] = await Promise.all([engine.putCode(bytes), engine.putCode(bytes)]);
  assert.deepEqual(one, two);
  assert.equal(one.bytes, bytes.length);
  assert.deepEqual(readdirSync(`${cluster.dir}/code`), [one.hash]);
  assert.deepEqual(readFileSync(`${cluster.dir}/code/${one.hash}`), bytes);
  const [node] = await engine.nodes();
  assert.ok(node?.alive && node.resources.cpu > 0 && node.resources.memory > 0);
});
