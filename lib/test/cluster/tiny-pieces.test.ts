import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { DataPlane } from '../fixtures/data-plane.js';
import { send } from '../fixtures/http-client.js';
import { RawConnection, sendRaw } from '../fixtures/raw-http.js';
import { until } from '../fixtures/wait.js';

const PIECES = 200_000;

const APP = `
const { existsSync } = require('node:fs');
exports.default = async (request) => {
  const { searchParams, pathname } = new URL(request.url);
  if (pathname === '/down') return (async function* () { for (let i = 0; i < ${PIECES}; i += 1) yield 'x'; })();
  // It blocks its event loop, as a model does.
  if (searchParams.has('until')) while (!existsSync(searchParams.get('until')));
  let bytes = 0;
  let pieces = 0;
  for await (const piece of request.body) { bytes += piece.length; pieces += 1; }
  return { bytes, pieces };
};`;

/** A request with a body in chunks of one byte. */
const upload = (path: string): string =>
  `POST ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n${'1\r\na\r\n'.repeat(PIECES)}0\r\n\r\n`;

suite('pieces of a byte are joined on their way, so that they cost what their bytes cost', () => {
  test('of a streamed answer', async (t) => {
    const plane = await DataPlane.start(t);
    await plane.deploy(APP);
    const text = await sendRaw(plane.url, 'GET /down HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    const chunks = (
      text
        .split('\r\n\r\n')
        .slice(1)
        .join('\r\n\r\n')
        .match(/[\da-f]+\r\nx+\r\n/g) ?? []
    ).map((chunk) => chunk.split('\r\n')[1]);
    assert.equal(chunks.join('').length, PIECES);
    assert.ok(chunks.length < PIECES / 20, `${chunks.length} chunks`);
  });

  test('of an upload to a replica that is busy, and others are answered meanwhile', async (t) => {
    const plane = await DataPlane.start(t);
    await plane.deploy(APP);
    await plane.deploy('exports.default = () => "hello";', { name: 'Other', prefix: '/other' });
    const go = `${plane.dir}/go`;
    const busy = new RawConnection(plane.url).write(upload(`/up?until=${go}`));
    await until(async () => {
      assert.equal((await send(`${plane.url}/other`)).text, 'hello');
      return busy.socket.bytesWritten > 0;
    });
    for (let i = 0; i < 20; i += 1) assert.equal((await send(`${plane.url}/other`)).text, 'hello');
    writeFileSync(go, '');
    const { bytes, pieces } = JSON.parse((await busy.closed).split('\r\n\r\n')[1] ?? '');
    assert.equal(bytes, PIECES);
    assert.ok(pieces < PIECES / 20, `${pieces} pieces`);
  });
});
