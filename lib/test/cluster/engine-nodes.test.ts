import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { hasCode, type NbserveError } from '../../dist/core/index.js';
import { NodeLost, PortInUse, ProcessExited, startLocalCluster } from '../../dist/engine/index.js';
import { AuthFailed, connect, helloOf } from '../../dist/ipc/index.js';
import { assertNothingLeft, clusterFolders, STUB, startStubs, stub } from '../fixtures/engine-harness.js';
import { until } from '../fixtures/wait.js';

after(assertNothingLeft);

// `engine-contract.test.ts` kills and suspends nodes.
const nodes = [{}, { name: 'other' }, {}];

test('processes run on their node, and are stopped, listed and logged like those of the head', async (t) => {
  const { cluster, engine, lines } = await startStubs(t, { nodes });
  assert.deepEqual(
    (await engine.nodes()).map(({ id, ip, alive, url }) => [id, ip, alive, url]),
    ['node-1', 'other', 'node-3'].map((id, i) => [id, `127.0.0.${i + 1}`, true, `http://127.0.0.${i + 1}:${cluster.port}`]),
  );
  await engine.start(stub('a', {}));
  await engine.start(stub('b', { afterwards: 'slow-drain' }, { node: 'other' }));
  await engine.start(stub('c', { afterwards: 'ignore-sigterm' }, { node: 'node-3' }));
  const placed = (await engine.list()).map(({ id, node }) => `${id} on ${node}`).sort();
  assert.deepEqual(placed, [
    'a on node-1',
    'agent@node-3 on node-1',
    'agent@other on node-1',
    'b on other',
    'c on node-3',
    'controller on node-1',
    'proxy on node-1',
    'proxy@node-3 on node-3',
    'proxy@other on other',
  ]);
  const exits: string[] = [];
  engine.onExit(({ id, node, exit }) => exits.push(`${id} on ${node}: ${exit?.name}`));
  await engine.stop('b');
  await until(() => exits.length === 1);
  assert.deepEqual(exits, ['b on other: STOPPED']);
  await until(() => lines.some(({ label, text }) => label === 'Stub#b' && text === 'drained'));
  await until(() => lines.some(({ label, text }) => label === 'Stub#c' && text === 'ignoring'));
  await engine.stop('c', { graceMs: 10 });
  await engine.stop('nobody');
  await assert.rejects(engine.start(stub('d', { start: 'crash' }, { node: 'other' })), (error: Error) => {
    assert.ok(hasCode(error, ProcessExited));
    assert.match(error.message, /Stub#d ended .*CRASHED.*[\s\S]*about to throw/);
    return true;
  });
  await assert.rejects(engine.start(stub('e', {}, { node: 'nowhere' })), (error) => hasCode(error, NodeLost));
  // Each proxy answers at its own address.
  const pids = await Promise.all(
    [1, 2, 3].map(async (n) => {
      const answer = (await (await fetch(`http://127.0.0.${n}:${cluster.port}/`)).json()) as { pid: number };
      return answer.pid;
    }),
  );
  assert.equal(new Set(pids).size, 3);
});

test('a taken port at the address of one node fails the start, and the error names its process', async (t) => {
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, '127.0.0.2', resolve));
  t.after(() => holder.close());
  const { port } = holder.address() as { port: number };
  const starting = startLocalCluster({
    http: { host: '127.0.0.1', port },
    nodes,
    onLog: () => {},
    entries: { controller: STUB, proxy: STUB },
  });
  await assert.rejects(starting, (error: NbserveError) => {
    assert.ok(hasCode(error, PortInUse), error.message);
    assert.match(error.message, new RegExp(`port ${port} on 127\\.0\\.0\\.2 is in use by process ${process.pid} `));
    return true;
  });
  assert.deepEqual(clusterFolders(), []);
});

test('the sockets of all agents are private and require the token', async (t) => {
  const { cluster } = await startStubs(t, { nodes });
  const sockets = readdirSync(cluster.dir).filter((name) => name.startsWith('a') && name.endsWith('.sock'));
  assert.deepEqual(sockets.sort(), ['a-2.sock', 'a-3.sock', 'a.sock']);
  for (const name of sockets) {
    const path = join(cluster.dir, name);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    const wrong = connect({ path }, { token: `${cluster.token.slice(1)}0`, hello: helloOf('agent', 'head') });
    await assert.rejects(wrong, (error) => hasCode(error, AuthFailed));
  }
});
