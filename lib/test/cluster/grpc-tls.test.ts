import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { isNbserveError, serve } from 'nbserve';
import { CommandFolder } from '../fixtures/command-folder.js';
import { KITCHEN_PROTO, TestClient } from '../fixtures/grpc-clients.js';

const FOLDER = fileURLToPath(new URL('../../test/fixtures/tls/', import.meta.url));
const tls = { cert: `${FOLDER}server.crt`, key: `${FOLDER}server.key` };
const rootCert = readFileSync(tls.cert);
const UNAVAILABLE = 14;

const Echo = serve.deployment(
  class Echo {
    echo(text: string) {
      return text;
    }
  },
);

test('with a certificate, gRPC is answered over TLS only', async (t) => {
  await serve.start({ port: 0, grpc: { port: 0, tls } });
  t.after(() => serve.shutdown());
  await serve.run(Echo.bind(), { name: 'echo' });
  const { grpc } = await serve.status();
  const secure = new TestClient(grpc, 'nbserve.v1.Serve', {}, rootCert);
  const open = new TestClient(grpc, 'nbserve.v1.Serve');
  t.after(() => {
    secure.close();
    open.close();
  });
  const request = { method: 'echo', arguments: [{ json: '"hello"' }] };
  const { code, message } = await secure.call('Call', request);
  assert.equal(code, 0);
  assert.deepEqual((message as { result: { json: string } }).result.json, '"hello"');
  assert.equal((await open.call('Call', request)).code, UNAVAILABLE);
  assert.equal((await secure.call('Call', request)).code, 0, 'a client without TLS harms nobody');
});

test('a certificate that cannot be used is an error of serve.start', async () => {
  for (const wrong of [
    { cert: tls.cert, key: `${FOLDER}none.key` },
    { cert: tls.key, key: tls.key },
    { cert: tls.cert, key: tls.cert },
  ]) {
    await assert.rejects(
      serve.start({ port: 0, grpc: { port: 0, tls: wrong } }),
      (error) => isNbserveError(error) && error.code === 'NBS_BAD_CERTIFICATE' && /both files must be PEM/.test(error.message),
    );
  }
  await assert.rejects(
    serve.start({ port: 0, grpc: { port: 0, tls: { cert: tls.cert } as typeof tls } }),
    (error) => isNbserveError(error) && error.code === 'NBS_INVALID_OPTION',
  );
});

test('nbserve start takes proto files, a certificate and its key', async (t) => {
  const folder = new CommandFolder({
    'server.crt': rootCert.toString(),
    'server.key': readFileSync(tls.key, 'utf8'),
    'app.ts': `import { serve } from 'nbserve';
const Kitchen = serve.deployment(class Kitchen { cook({ dish }: { dish: string }) { return { dish: dish + '!' }; } });
export const app = Kitchen.bind();
`,
  });
  t.after(() => folder.remove());
  const start = ['start', '--port', '0', '--dashboard-port', 'none', '--grpc-port', '0', '--proto', KITCHEN_PROTO];
  const half = await folder.run([...start, '--grpc-cert', 'server.crt']);
  assert.equal(half.code, 2);
  assert.match(half.stderr, /^NBS_BAD_USAGE: --grpc-cert is given without --grpc-key/);
  const missing = await folder.run(['start', '--port', '0', '--proto', 'none.proto']);
  assert.match(missing.stderr, /NBS_BAD_PROTO: .*none\.proto is not valid/);
  const out = await folder.output([...start, '--grpc-cert', 'server.crt', '--grpc-key', 'server.key']);
  const [, address = ''] = /^grpc: (\S+)$/m.exec(out) ?? [];
  const [, dir = ''] = /^address: (.*)$/m.exec(await folder.output(['status'])) ?? [];
  await folder.output(['run', 'app.ts:app', '--address', dir]);
  const kitchen = new TestClient(address, 'kitchen.v1.Kitchen', {}, rootCert);
  t.after(() => kitchen.close());
  assert.equal((await kitchen.call('Cook', { dish: 'soup' })).message?.dish, 'soup!');
});
