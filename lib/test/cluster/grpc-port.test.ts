import assert from 'node:assert/strict';
import net from 'node:net';
import { after, test } from 'node:test';
import { serve } from 'nbserve';

/** The usual port, unless another process has it already. */
const taken = net.createServer();
after(async () => {
  await serve.shutdown();
  taken.close();
});

test('a cluster whose usual port for gRPC is in use takes the next free one, and says which', async (t) => {
  taken.listen(9000, '127.0.0.1');
  await new Promise((resolve) => taken.once('listening', resolve).once('error', resolve));
  const warn = t.mock.method(console, 'warn', () => {});
  await serve.start({ port: 0, grpc: { generic: true } });
  const { grpc } = await serve.status();
  assert.doesNotMatch(grpc, /:9000$/);
  assert.deepEqual(
    warn.mock.calls.map(({ arguments: [text] }) => text),
    [`port 9000 is in use; gRPC is answered at ${grpc}`],
  );
});

test('a port for gRPC that was asked for by its number is refused if it is in use, and the message names who has it', async (t) => {
  await serve.shutdown();
  const other = net.createServer().listen(0, '127.0.0.1');
  t.after(() => other.close());
  await new Promise((resolve) => other.once('listening', resolve));
  const { port } = other.address() as net.AddressInfo;
  await assert.rejects(serve.start({ port: 0, grpc: { port, generic: true } }), {
    code: 'NBS_PORT_IN_USE',
    message: new RegExp(`^port ${port} on 127\\.0\\.0\\.1 is in use by process ${process.pid} `),
  });
});
