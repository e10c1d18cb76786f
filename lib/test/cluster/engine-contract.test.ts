/** What every engine promises about processes on a node besides the head. Each test runs with the local engine and with a real Ray. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { hasCode, type NbserveError } from '../../dist/core/index.js';
import {
  CannotRename,
  connectEngine,
  type Engine,
  type LocalCluster,
  type LogLine,
  type NodeInfo,
  NodeLost,
  ProcessExited,
  type ProcessInfo,
  ProcessStartTimeout,
  startLocalCluster,
} from '../../dist/engine/index.js';
import { assertNothingLeft, STUB, startDriver, stub } from '../fixtures/engine-harness.js';
import { type EngineUnderTest, local, onRay } from '../fixtures/engines.js';
import { allEnded, isRunning, until } from '../fixtures/wait.js';

after(assertNothingLeft);

for (const kind of [local, onRay()]) describe(`the engine ${kind.name}`, { skip: kind.skip }, () => contract(kind));

function contract(kind: EngineUnderTest): void {
  let cluster: LocalCluster;
  let engine: Engine;
  let node: NodeInfo;
  const lines: LogLine[] = [];

  const start = async (): Promise<void> => {
    cluster = await startLocalCluster({
      http: { host: '127.0.0.1', port: 0 },
      onLog: (line) => lines.push(line),
      entries: { controller: STUB, proxy: STUB },
      ...(await kind.options()),
    });
    engine = await connectEngine(cluster.dir, cluster.token);
    node = (await until(aliveNodes))[1] as NodeInfo;
  };
  const aliveNodes = async (): Promise<readonly NodeInfo[] | false> => {
    const alive = (await engine.nodes()).filter((one) => one.alive);
    return alive.length === 3 && alive;
  };
  /** A stub on the node. */
  const there = (id: string, args: Parameters<typeof stub>[1] = {}, extra: Parameters<typeof stub>[2] = {}) =>
    stub(id, args, { node: node.id, ...extra });
  const infoOf = async (id: string): Promise<ProcessInfo> =>
    (await engine.list()).find((info) => info.id === id) ?? assert.fail(`${id} is not listed`);
  const failure = (starting: Promise<unknown>): Promise<NbserveError> =>
    starting.then(
      () => assert.fail('it started'),
      (error: NbserveError) => error,
    );

  before(async () => {
    await kind.open();
    await start();
  });

  after(async () => {
    engine.close();
    await cluster.stop();
    await kind.close();
  });

  it('lists its nodes, the head first, with what each has', async () => {
    const nodes = await engine.nodes();
    assert.equal(nodes[0]?.ip, '127.0.0.1');
    assert.equal(new Set(nodes.map(({ id }) => id)).size, 3);
    assert.equal(new Set(nodes.map(({ ip }) => ip)).size, 3);
    assert.ok(nodes.every(({ alive, resources: { cpu, memory } }) => alive && cpu > 0 && memory > 0));
  });

  it('starts a process on its node, once per id, and lists and stops it', async () => {
    await Promise.all([engine.start(there('a')), engine.start(there('a'))]);
    assert.equal((await engine.list()).filter(({ id }) => id === 'a').length, 1);
    const { pid, state, label, node: where } = await infoOf('a');
    assert.deepEqual([state, label, where], ['RUNNING', 'Stub#a', node.id]);
    assert.ok(isRunning(pid));
    await engine.stop('a');
    assert.equal(isRunning(pid), false);
    const ended = await infoOf('a');
    assert.deepEqual([ended.state, ended.exit?.name], ['STOPPED', 'STOPPED']);
    await engine.stop('a');
    await engine.stop('nobody');
  });

  it('says why a process did not start', async () => {
    const crash = await failure(engine.start(there('x', { start: 'crash' })));
    assert.ok(hasCode(crash, ProcessExited));
    assert.match(crash.message, /Stub#x .*CRASHED, exit code 1[\s\S]*about to throw\n[\s\S]*TypeError: broken at start/);
    const failed = await failure(engine.start(there('x', { start: 'fail-constructor' })));
    assert.match(failed.message, /CONSTRUCTOR_FAILED/);
    assert.deepEqual([(failed.cause as Error).name, (failed.cause as Error).message], ['RangeError', 'model is missing']);
    assert.match((failed.cause as Error).stack ?? '', /engine-child/);
    const hanging = await failure(engine.start(there('y', { start: 'hang' }, { startTimeoutMs: 200 })));
    assert.ok(hasCode(hanging, ProcessStartTimeout), hanging.message);
    assert.ok(hasCode(await failure(engine.start(stub('z', {}, { node: 'nowhere' }))), NodeLost));
  });

  it('reports how a process ended, with its last words', async () => {
    const exits: ProcessInfo[] = [];
    const leave = engine.onExit((info) => exits.push(info));
    const exitOf = (id: string) => until(() => exits.find((info) => info.id === id));
    await engine.start(there('dies', { afterwards: 'print-and-die', lines: 10 }));
    const { exit, node: where } = await exitOf('dies');
    assert.deepEqual([exit?.name, exit?.code, exit?.stderrTail, where], ['CRASHED', 3, ['last words'], node.id]);
    await engine.start(there('heap', { afterwards: 'heap' }, { env: { NODE_OPTIONS: '--max-old-space-size=32' } }));
    assert.equal((await exitOf('heap')).exit?.name, 'OUT_OF_MEMORY');
    await engine.start(there('killed'));
    process.kill((await infoOf('killed')).pid, 'SIGKILL');
    assert.deepEqual([(await exitOf('killed')).exit?.name, (await exitOf('killed')).exit?.signal], ['KILLED', 'SIGKILL']);
    leave();
  });

  it('passes on every line in order, also those right before the end', async () => {
    const count = 5000;
    await engine.start(there('p', { afterwards: 'print-and-die', lines: count }));
    const printed = await until(() => {
      const own = lines.filter(({ processId }) => processId === 'p');
      return own.length > count && own;
    });
    const stdout = printed.filter(({ stream }) => stream === 'stdout').map(({ text }) => text);
    assert.deepEqual(
      stdout,
      Array.from({ length: count }, (_, i) => `line ${i} of ${count} ${'ä'.repeat(20)}`),
    );
    await engine.start(there('d', { afterwards: 'slow-drain' }));
    const followed: string[] = [];
    const following = (async () => {
      for await (const line of engine.logs('d')) followed.push(line);
    })();
    await engine.list(); // The reader's request came before this.
    await engine.stop('d');
    await following;
    assert.deepEqual(followed, ['draining', 'drained']);
  });

  it('kills what ignores SIGTERM, loops or is suspended, and the children of what ends', async () => {
    const kinds = { i: 'ignore-sigterm', l: 'busy-loop', s: 'stop-self', g: 'grandchild' } as const;
    const ids = Object.keys(kinds) as (keyof typeof kinds)[];
    await Promise.all(ids.map((id) => engine.start(there(id, { afterwards: kinds[id] }))));
    const grandchild = await until(() => lines.find(({ processId }) => processId === 'g')?.text.split(' ')[1]);
    const pids = [...(await Promise.all(ids.map(infoOf))).map(({ pid }) => pid), Number(grandchild)];
    assert.ok(pids.every(isRunning));
    await Promise.all(ids.map((id) => engine.stop(id, { graceMs: 100 })));
    await allEnded(pids);
  });

  it('starts a process again that is to be restarted, under the same id', async () => {
    await engine.start(there('again', {}, { restart: true }));
    const { pid } = await infoOf('again');
    process.kill(pid, 'SIGKILL');
    const second = await until(async () => {
      const info = await infoOf('again');
      return info.pid !== pid && info.state === 'RUNNING' && info;
    });
    assert.deepEqual([second.restarts, second.node], [1, node.id]);
    await engine.stop('again');
    assert.equal(isRunning(second.pid), false);
  });

  it('renames a process where it runs', async () => {
    await engine.start(there('spare', { afterwards: 'say-hello' }, { label: 'spare' }));
    const { pid } = await infoOf('spare');
    await engine.rename('spare', 'Chat#1');
    await engine.rename('spare', 'Chat#1');
    const renamed = await infoOf('Chat#1');
    assert.deepEqual([renamed.pid, renamed.label], [pid, 'Chat#1']);
    await engine.stop('Chat#1');
    await until(() => lines.some(({ label, text }) => label === 'Chat#1' && text === 'goodbye'));
    assert.ok(hasCode(await failure(engine.rename('nobody', 'x')), CannotRename));
  });

  it('brings blobs to a node', async () => {
    const { hash } = await engine.putCode(Buffer.alloc(3_000_000, 'blob'));
    await engine.bring(node.id, [hash]);
    await engine.bring(node.id, [hash]);
    await engine.start(there('reader', { afterwards: 'print-blob', blob: hash }));
    await until(() => lines.some(({ processId, text }) => processId === 'reader' && text === `3000000 bytes, ${hash}`));
    await engine.stop('reader');
  });

  it('keeps its processes while nobody is connected, and the next one takes them over', async () => {
    await engine.start(there('kept', { afterwards: 'say-hello' }));
    const { pid, startedAt } = await infoOf('kept');
    engine.close();
    await engine.closed;
    engine = await connectEngine(cluster.dir, cluster.token);
    await engine.start(there('kept'));
    assert.deepEqual([(await infoOf('kept')).pid, (await infoOf('kept')).startedAt], [pid, startedAt]);
    const exits: string[] = [];
    engine.onExit(({ id, exit }) => exits.push(`${id} ${exit?.name}`));
    await engine.stop('kept');
    await until(() => exits.includes('kept STOPPED'));
  });

  /** What is told of the node and its processes from now on. */
  const follow = (): string[] => {
    const told: string[] = [];
    engine.onNodeChange(({ id, alive }) => told.push(`${id === node.id ? 'it' : id} ${alive ? 'up' : 'down'}`));
    engine.onExit(({ id, exit }) => {
      if (!id.startsWith('agent@')) told.push(`${id} ${exit?.name}`);
    });
    return told;
  };

  it('reports a killed node, then the ends of its processes; nothing of them is left when it is back', async () => {
    const other = (await engine.nodes())[2] as NodeInfo;
    await engine.start(there('one'));
    await engine.start(there('two', { afterwards: 'busy-loop' }));
    await engine.start(stub('elsewhere', {}, { node: other.id }));
    const pids = [(await infoOf('one')).pid, (await infoOf('two')).pid];
    const told = follow();
    const starting = failure(engine.start(there('three', { start: 'hang' })));
    await until(async () => (await engine.list()).some(({ id }) => id === 'three'));
    process.kill(await kind.agentPid(engine, node), 'SIGKILL');
    assert.ok(hasCode(await starting, NodeLost));
    await allEnded(pids);
    await until(() => told.includes('it up'));
    assert.deepEqual(told, ['it down', 'one NODE_LOST', 'two NODE_LOST', 'three NODE_LOST', 'it up']);
    assert.ok(isRunning((await infoOf('elsewhere')).pid));
    const onNode = (await engine.list()).filter((info) => info.node === node.id && info.role === 'replica');
    assert.deepEqual(onNode, []);
    await Promise.all([engine.start(there('one')), engine.start(there('one'))]);
    assert.deepEqual([(await infoOf('one')).state, (await infoOf('one')).node], ['RUNNING', node.id]);
    await Promise.all(['one', 'elsewhere'].map((id) => engine.stop(id)));
  });

  it('reports a node that is told to end before it ends, and what runs there as of a node that left', async () => {
    await engine.start(there('leaver', { afterwards: 'slow-drain' }));
    const { pid } = await infoOf('leaver');
    const told = follow();
    process.kill(await kind.agentPid(engine, node), 'SIGTERM');
    await until(() => told.includes('leaver NODE_LEFT'));
    await until(() => told.includes('it up'));
    assert.deepEqual(told, ['it down', 'leaver NODE_LEFT', 'it up']);
    assert.equal(isRunning(pid), false);
    const said = lines.filter(({ processId }) => processId === 'leaver').map(({ text }) => text);
    assert.deepEqual(said, ['draining', 'drained']);
  });

  it('gives up a node that hangs; what ran there has ended when the node is back, and runs once', async () => {
    await engine.start(there('old'));
    const { pid } = await infoOf('old');
    const told = follow();
    const agent = await kind.agentPid(engine, node);
    process.kill(agent, 'SIGSTOP');
    await until(() => told.includes('old NODE_LOST'));
    assert.ok(hasCode(await failure(engine.start(there('old'))), NodeLost));
    if (isRunning(agent)) process.kill(agent, 'SIGCONT');
    await until(() => told.includes('it up'));
    assert.deepEqual(told, ['it down', 'old NODE_LOST', 'it up']);
    assert.equal(isRunning(pid), false);
    await engine.start(there('old'));
    assert.notEqual((await infoOf('old')).pid, pid);
    assert.equal((await engine.list()).filter(({ id }) => id === 'old').length, 1);
    await engine.stop('old');
  });

  it('drains everything when it is stopped, and the last lines arrive', async () => {
    await engine.start(there('last', { afterwards: 'slow-drain' }));
    const pids = (await engine.list()).map(({ pid }) => pid);
    engine.close();
    await cluster.stop();
    await allEnded(pids);
    const last = lines.filter(({ processId }) => processId === 'last').map(({ text }) => text);
    assert.deepEqual(last, ['draining', 'drained']);
    assert.equal(existsSync(cluster.dir), false);
  });

  it('ends everything on every node when the owner is killed', async (t) => {
    const replicas = [{}, { afterwards: 'busy-loop' }, { afterwards: 'ignore-sigterm' }] as const;
    const { report, kill } = await startDriver(t, { ...kind.driver(), await: 3, replicas });
    assert.ok(report.pids.length >= 2 + replicas.length);
    kill();
    await allEnded(report.pids);
    await until(() => !existsSync(report.dir));
  });
}
