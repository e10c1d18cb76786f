import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { deferred } from '../../core/index.js';
import { helloOf, listen } from '../../ipc/index.js';
import { Authority } from '../certificates/index.js';
import { removeFolder } from '../cluster-folder.js';
import type { Admission } from './gate.js';
import { JoinedNode } from './joined-node.js';

test('a node that is told to leave while it connects closes the connection that it gets', async () => {
  const token = 'secret';
  const authority = new Authority(token);
  const head = await listen(
    { host: '127.0.0.1', port: 0, tls: authority.identity('head') },
    { token, hello: helloOf('agent', 'head'), onChannel: () => {} },
  );
  // The head answers only when the node was told to leave.
  const told = deferred<void>();
  const sockets: Socket[] = [];
  const relay = createServer((socket) => {
    void told.promise.then(() => {
      const onward = connect((head.address as { port: number }).port, '127.0.0.1');
      for (const one of [socket, onward]) sockets.push(one.on('error', () => {}));
      socket.pipe(onward).pipe(socket);
    });
  }).listen(0, '127.0.0.1');
  await once(relay, 'listening');
  const admission: Admission = {
    node: 'other',
    pass: 'pass',
    token,
    ca: '',
    cert: '',
    name: authority.nameOf('other'),
    headName: authority.nameOf('head'),
    controller: '127.0.0.1:1',
    resources: {},
    http: null,
    grpc: null,
    dir: '/head',
    root: '/nbserve',
  };
  const args = { head: `127.0.0.1:${(relay.address() as AddressInfo).port}`, pin: '', host: '127.0.0.1' };
  const node = new JoinedNode(args, { admission, identity: authority.identity('other') });
  let hasJoined = false;
  const running = node.run(() => {
    hasJoined = true;
  });
  await once(relay, 'connection');
  await node.stop();
  told.resolve();
  await running;
  assert.equal(hasJoined, false);
  removeFolder(node.dir);
  for (const socket of sockets) socket.destroy();
  relay.close();
  await head.close();
});
