import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { compilePlan, messageFrame, Status } from '../../dist/grpc/index.js';
import { Flag, FrameType } from '../../dist/ipc/frame.js';
import { connect, helloOf } from '../../dist/ipc/index.js';
import { REQUEST_KINDS } from '../../dist/serve/protocol/index.js';
import { GrpcProxy } from '../../dist/serve/proxy/grpc/index.js';
import { Router } from '../../dist/serve/router/router.js';
import { KITCHEN_PROTO, TestClient } from '../fixtures/grpc-clients.js';
import { frame, RawReplica } from '../fixtures/raw-replica.js';
import { until } from '../fixtures/wait.js';

const TOKEN = 'the token of a test';
const MAX_BYTES = 100_000;

suite('a replica that answers gRPC with nonsense costs its own calls only', () => {
  const dir = mkdtempSync(join(tmpdir(), 'nbg-'));
  const path = join(dir, 'r.sock');
  const held: number[] = [];
  const failures: Error[] = [];
  let version: string | null = null;
  let raw: RawReplica;
  let router: Router;
  let snapshot: Parameters<Router['apply']>[0];
  let proxy: GrpcProxy;
  let kitchen: TestClient;

  before(async () => {
    raw = new RawReplica(path, TOKEN);
    router = new Router({
      connect: (to) => connect({ path: to }, { token: TOKEN, hello: helloOf('proxy', 'p'), kinds: REQUEST_KINDS }),
    });
    snapshot = {
      version: 1,
      routes: [],
      ingresses: { app: 'Main' },
      deployments: {
        'app/Main': {
          app: 'app',
          name: 'Main',
          replicas: [{ id: 'raw', path }],
          maxOngoingRequests: 100,
          maxQueuedRequests: -1,
          requestTimeoutMs: null,
          idempotent: [],
          methods: ['cook', 'courses'],
          http: false,
        },
      },
    };
    router.apply(snapshot);
    const plan = compilePlan({
      protos: [KITCHEN_PROTO],
      includes: [],
      generic: false,
      maxMessageBytes: MAX_BYTES,
      tls: undefined,
      folder: process.cwd(),
    });
    proxy = new GrpcProxy(
      {
        router,
        versionFor: () => (version === null ? null : { app: version, over: () => {} }),
        isToken: () => false,
        tell: (error) => {
          failures.push(error);
          return { code: (error as { code?: string }).code ?? 'none', message: error.message };
        },
        newRequestId: () => 'id',
      },
      plan,
    );
    await new Promise<void>((resolve) => proxy.server.listen(0, '127.0.0.1', resolve));
    kitchen = new TestClient(`127.0.0.1:${(proxy.server.address() as { port: number }).port}`, 'kitchen.v1.Kitchen');
  });
  after(async () => {
    kitchen.close();
    await proxy.close();
    router.close();
    raw.close();
    rmSync(dir, { recursive: true, force: true });
  });

  const answer = (stream: number, head: object, body: Buffer, flags: number = Flag.END): Buffer => {
    const text = Buffer.from(JSON.stringify({ kind: 'grpc', metadata: [], ...head }));
    return frame(FrameType.RESPONSE, flags, stream, Buffer.concat([text, body]), text.length);
  };
  const trailers = (text: string): Buffer => {
    const bytes = messageFrame(Buffer.from(text));
    bytes[0] = 0x80;
    return bytes;
  };
  const OK = '{"code":0,"message":"","metadata":[]}';
  const odd: Record<string, { readonly head?: object; readonly body: Buffer }> = {
    'trailers without metadata': { body: trailers('{"code":0}') },
    'trailers with a name that HTTP/2 cannot carry': { body: trailers('{"code":0,"metadata":["a b","x"]}') },
    'trailers with half a pair': { body: trailers('{"code":0,"metadata":["a"]}') },
    'trailers with a line break': { body: trailers('{"code":0,"metadata":["a","b\\r\\nc"]}') },
    'trailers with a header of the connection': { body: trailers('{"code":0,"metadata":["connection","close"]}') },
    'trailers with a status of their own': { body: trailers('{"code":0,"metadata":["grpc-status","0"]}') },
    'trailers that are too long': { body: trailers(JSON.stringify({ code: 0, metadata: ['a', 'b'.repeat(20_000)] })) },
    'a status that is a text': { body: trailers('{"code":"\\r\\n","metadata":[],"error":{"name":"E","message":"m"}}') },
    'a status that is no number of gRPC': { body: trailers('{"code":99,"metadata":[]}') },
    'an error without metadata': { body: trailers('{"code":2,"error":{"name":"E","message":"m","code":"\\r\\n"}}') },
    'trailers that are no JSON': { body: trailers('{') },
    'trailers that are null': { body: trailers('null') },
    'no trailers': { body: messageFrame(Buffer.alloc(0)) },
    'a message behind the trailers': { body: Buffer.concat([trailers(OK), messageFrame(Buffer.alloc(0))]) },
    'trailers that do not end': { body: Buffer.from([0x80, 0xff, 0xff, 0xff, 0xff, 1]) },
    'metadata with a name that HTTP/2 cannot carry': { head: { metadata: ['a b', 'x'] }, body: trailers(OK) },
    'metadata with a header of the connection': { head: { metadata: ['connection', 'close'] }, body: trailers(OK) },
    'metadata that are no list': { head: { metadata: { a: 1 } }, body: trailers(OK) },
    'no metadata': { head: { metadata: null }, body: trailers(OK) },
  };
  for (const [what, { head = {}, body }] of Object.entries(odd)) {
    test(what, async () => {
      // Another call of the same connection is in progress meanwhile.
      raw.answer = (stream) => {
        held.push(stream);
        return Buffer.alloc(0);
      };
      const other = kitchen.call('Cook', { dish: 'soup' });
      await until(() => held.length === 1);
      raw.answer = (stream) => answer(stream, head, body);
      const { code } = await kitchen.call('Courses', { dish: 'x' });
      assert.equal(code, Status.INTERNAL);
      raw.send(answer(held.pop() as number, {}, Buffer.concat([messageFrame(Buffer.alloc(0)), trailers(OK)])));
      assert.equal((await other).code, Status.OK);
    });
  }

  test('a message over the limit is refused when its length is known', async () => {
    raw.answer = (stream) => answer(stream, {}, Buffer.from([0, 0x40, 0, 0, 0, 1]), Flag.NONE);
    const { code, details, trailers: told } = await kitchen.call('Courses', { dish: 'x' });
    assert.equal(code, Status.RESOURCE_EXHAUSTED);
    assert.equal(told['grpc-retry-pushback-ms'], undefined, 'it would be too large again');
    assert.match(details, /maxMessageBytes \(100000\)/);
  });

  test('if the version that was chosen does not run any more, its name is not told', async () => {
    version = 'a-secret-version';
    const { code } = await kitchen.call('Cook', { dish: 'x' });
    version = null;
    assert.equal(code, Status.NOT_FOUND);
    assert.equal((failures.at(-1) as { code?: string }).code, 'NBS_NO_SUCH_DEPLOYMENT');
  });

  test('nor is it if the version is just being started', async () => {
    version = 'a-secret-version';
    router.apply({ ...snapshot, version: 2, rising: [{ prefix: '/x', app: version }] });
    const { code, details } = await kitchen.call('Cook', { dish: 'x' });
    version = null;
    router.apply({ ...snapshot, version: 3 });
    assert.equal(code, Status.UNAVAILABLE);
    assert.doesNotMatch(details, /secret/);
  });
});
