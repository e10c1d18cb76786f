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
