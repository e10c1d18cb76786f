import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { hasCode } from '../../dist/core/index.js';
import { Authority } from '../../dist/engine/certificates/index.js';
import { ConnectFailed, callOp, connect, handleOps, helloOf, listen, type TlsIdentity } from '../../dist/ipc/index.js';
import { until } from '../fixtures/wait.js';

type Echo = { echo: { args: Uint8Array; result: Uint8Array } };

const token = 'secret';
const authority = new Authority(token);
const mine = authority.identity('mine');
let shown: TlsIdentity = authority.identity('server');
let server: Awaited<ReturnType<typeof listen>>;
let host = '';
let port = 0;

before(async () => {
  server = await listen(
    { host: '127.0.0.1', port: 0, tls: shown },
    {
      token,
      hello: helloOf('test', 'server'),
      renewed: () => shown,
      renewEveryMs: 10,
      onChannel: (channel, name) => {
        assert.equal(name, authority.nameOf('mine'));
        channel.onCall = handleOps<Echo>({ echo: (bytes) => bytes });
      },
    },
  );
  ({ host, port } = server.address as { host: string; port: number });
});
after(() => server.close());

const open = (tls: TlsIdentity, peerName = authority.nameOf('server')) =>
  connect({ host, port, tls, peerName }, { token, hello: helloOf('test', 'client') });

test('calls of all sizes go over TLS, many at the same time', async () => {
  const channel = await open(mine);
  const sizes = [0, 1, 65_536, 65_537, 1_000_000, 5_000_000];
  await Promise.all(
    sizes.map(async (size, i) => {
      const bytes = new Uint8Array(size).fill(i);
      const answer = await callOp<Echo, 'echo'>(channel, 'echo', bytes);
      assert.equal(Buffer.compare(answer, bytes), 0);
    }),
  );
  channel.close();
  await channel.closed;
});

test('the name of the other side is checked, and so is its authority', async () => {
  const refused = (attempt: Promise<unknown>, reason: RegExp) =>
    assert.rejects(attempt, (error: Error) => hasCode(error, ConnectFailed) && reason.test(error.message));
  await refused(open(mine, authority.nameOf('other')), /that of another node/);
  const foreign = new Authority(token).identity('mine');
  await refused(open(foreign), /./);
  // It trusts our authority, but its certificate is another's.
  await refused(open({ ...foreign, ca: authority.certificate }), /./);
});

test('a new certificate is shown from then on, and open channels stay', async () => {
  const channel = await open(mine);
  const serial = (): Promise<string> =>
    new Promise((resolve) => {
      const { ca, cert, key } = mine;
      const socket = connectTls({ host, port, ca, cert, key, checkServerIdentity: () => undefined });
      socket.on('error', () => {});
      socket.on('secureConnect', () => {
        resolve(socket.getPeerCertificate().serialNumber);
        socket.destroy();
      });
    });
  const old = await serial();
  shown = authority.identity('server');
  await until(async () => (await serial()) !== old);
  assert.equal((await callOp<Echo, 'echo'>(channel, 'echo', new Uint8Array(3))).length, 3);
  channel.close();
});

test('three hundred processes that connect at the same moment do not drive each other out', async () => {
  const timeoutMs = 120_000;
  const options = { token, hello: helloOf('test', 'server'), handshakeTimeoutMs: timeoutMs, onChannel: () => {} };
  const crowded = await listen({ host: '127.0.0.1', port: 0, tls: shown }, options);
  const address = { ...(crowded.address as { host: string; port: number }), tls: mine };
  const connecting = Array.from({ length: 300 }, () => connect(address, { token, hello: helloOf('test', 'client'), timeoutMs }));
  for (const channel of await Promise.all(connecting)) channel.destroy();
  await crowded.close();
});
