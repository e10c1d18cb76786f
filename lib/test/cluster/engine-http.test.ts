import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { json } from 'node:stream/consumers';
import { after, test } from 'node:test';
import { hasCode, type NbserveError } from '../../dist/core/index.js';
import { type Engine, PortInUse, ProcessExited, type ProcessInfo, startLocalCluster } from '../../dist/engine/index.js';
import { assertNothingLeft, clusterFolders, STUB, startStubs } from '../fixtures/engine-harness.js';
import { until } from '../fixtures/wait.js';

after(assertNothingLeft);

const proxyOf = async (engine: Engine): Promise<ProcessInfo> =>
  (await engine.list()).find(({ id }) => id === 'proxy') as ProcessInfo;

/** Sends one request on a connection of its own. */
function get(url: string): Promise<{ pid: number }> {
  return new Promise((resolve, reject) => {
    request(url, { agent: false }, (response) => {
      json(response).then((value) => resolve(value as { pid: number }), reject);
    })
      .on('error', reject)
      .end();
  });
}

test('a killed proxy is replaced, and new connections wait in the backlog meanwhile', async (t) => {
  const { cluster, engine } = await startStubs(t);
  const before = await proxyOf(engine);
  assert.equal((await get(cluster.url)).pid, before.pid);
  // It is suspended, so that the connections are certainly in the backlog when it is killed.
  process.kill(before.pid, 'SIGSTOP');
  const answers = Array.from({ length: 20 }, () => get(cluster.url));
  const sockets = await Promise.all(
    Array.from({ length: 5 }, async () => {
      const socket = connect(cluster.port, '127.0.0.1');
      await once(socket, 'connect');
      return socket;
    }),
  );
  process.kill(before.pid, 'SIGKILL');
  const pids = new Set((await Promise.all(answers)).map(({ pid }) => pid));
  const current = await until(async () => {
    const info = await proxyOf(engine);
    return info.state === 'RUNNING' && info;
  });
  assert.deepEqual([...pids], [current.pid]);
  assert.notEqual(current.pid, before.pid);
  assert.equal(current.restarts, 1);
  for (const socket of sockets) {
    socket.end('GET / HTTP/1.0\r\n\r\n');
    const [answer] = await once(socket, 'data');
    assert.match(String(answer), /200 OK/);
  }
});

test('the controller is restarted, each time with an event', async (t) => {
  const { engine } = await startStubs(t);
  const exits: ProcessInfo[] = [];
  engine.onExit((info) => exits.push(info));
  for (const round of [1, 2, 3]) {
    const info = await until(async () => {
      const found = (await engine.list()).find(({ id }) => id === 'controller');
      return found?.state === 'RUNNING' && found.restarts === round - 1 && found;
    });
    process.kill(info.pid, 'SIGKILL');
    const exit = await until(() => exits[round - 1]);
    assert.equal(exit.pid, info.pid);
    assert.equal(exit.exit?.name, 'KILLED');
  }
});

test('a taken port is refused if it is given by number, and the error names its process', async (t) => {
  for (const host of ['127.0.0.1', '::']) {
    const server = createServer().listen(0, host);
    await once(server, 'listening');
    t.after(() => server.close());
    const { port } = server.address() as AddressInfo;
    const entries = { controller: STUB, proxy: STUB };
    const error = await startLocalCluster({ http: { host: '127.0.0.1', port }, onLog: () => {}, entries }).catch(
      (reason: NbserveError) => reason,
    );
    assert.ok(hasCode(error, PortInUse), String(error));
    assert.match((error as NbserveError).message, new RegExp(`port ${port} .* process ${process.pid} \\(.*node`));
    assert.deepEqual(clusterFolders(), []);
  }
});

test('two clusters that start at once with "auto" get two ports', async (t) => {
  const http = { host: '127.0.0.1', port: 'auto' } as const;
  const [one, two] = await Promise.all([startStubs(t, { http }), startStubs(t, { http })]);
  assert.ok(one.cluster.port >= 8000 && two.cluster.port >= 8000);
  assert.notEqual(one.cluster.port, two.cluster.port);
  const pids = await Promise.all([get(one.cluster.url), get(two.cluster.url)]);
  assert.equal(pids[0].pid, (await proxyOf(one.engine)).pid);
  assert.equal(pids[1].pid, (await proxyOf(two.engine)).pid);
});

test('an early cluster accepts deploys before its proxy is ready, and says why if the proxy cannot start', async () => {
  const cluster = await startLocalCluster({
    http: { host: '127.0.0.1', port: 0 },
    onLog: () => {},
    early: true,
    entries: { controller: STUB, proxy: '/nowhere/main.js' },
  }).catch((reason: NbserveError) => reason);
  // Either of the two may be faster. The error is the same.
  const error = cluster instanceof Error ? cluster : await cluster.serving.catch((reason: NbserveError) => reason);
  assert.ok(hasCode(error, ProcessExited), String(error));
  assert.match((error as NbserveError).message, /proxy ended before it was ready/);
  if (!(cluster instanceof Error)) await cluster.exited;
  assert.deepEqual(clusterFolders(), []);
});

test('if the controller cannot start, the cluster fails with the controller’s own message and leaves nothing behind', async () => {
  const starting = startLocalCluster({
    http: { host: '127.0.0.1', port: 0 },
    onLog: () => {},
    entries: { controller: '/nowhere/main.js', proxy: STUB },
  });
  const error = await starting.catch((reason: NbserveError) => reason);
  assert.ok(hasCode(error, ProcessExited));
  assert.match(
    (error as NbserveError).message,
    /controller ended before it was ready[\s\S]*Cannot find module '\/nowhere\/main.js'/,
  );
  assert.deepEqual(clusterFolders(), []);
});
