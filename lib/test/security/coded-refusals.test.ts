import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DataPlane } from '../fixtures/data-plane.js';
import { RawConnection, statuses } from '../fixtures/raw-http.js';

let plane: DataPlane;
before(async () => {
  plane = await DataPlane.open();
  await plane.deploy('exports.default = (request) => new Response(request.method);');
  const key = 'app/Main';
  const route = plane.deployments[key] as (typeof plane.deployments)[typeof key];
  plane.deployments[key] = { ...route, upgrades: true };
  await plane.published();
});
after(() => plane.stop());

/** Sends the lines of a head behind what comes before it, and then nothing more. */
async function ask(
  lines: readonly string[],
  before = '',
): Promise<{ readonly statuses: number[]; readonly code: string | undefined }> {
  const raw = new RawConnection(plane.url, true);
  raw.socket.end(Buffer.from(`${before}${lines.join('\r\n')}\r\n\r\n`, 'latin1'));
  const text = await raw.closed;
  return { statuses: statuses(text), code: /"code":"(\w+)"/.exec(text)?.[1] };
}

const GOOD = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n';
const UPGRADE = ['Connection: Upgrade', 'Upgrade: websocket'];

test('what Node would refuse without a word is refused with a code', async () => {
  const cases: [readonly string[], number, string][] = [
    [['GET / HTTP/1.1'], 400, 'NBS_MALFORMED_REQUEST'],
    [['GET /-/healthz HTTP/1.1'], 400, 'NBS_MALFORMED_REQUEST'],
    [['GET / HTTP/1.1', ...UPGRADE], 400, 'NBS_MALFORMED_REQUEST'],
    [['POST / HTTP/1.1', 'Expect: 100-continue', 'Content-Length: 0'], 400, 'NBS_MALFORMED_REQUEST'],
    [['POST / HTTP/1.1', 'Host: localhost', 'Expect: 200-ok', 'Content-Length: 0'], 417, 'NBS_UNKNOWN_EXPECTATION'],
    [['GET / HTTP/1.1', 'Host: localhost', 'Expect: nothing'], 417, 'NBS_UNKNOWN_EXPECTATION'],
    [['GET / HTTP/1.1', 'Expect: nothing'], 400, 'NBS_MALFORMED_REQUEST'],
    [['GET / HTTP/1.1', 'Host: evil.example', 'Expect: nothing'], 403, 'NBS_HOST_REFUSED'],
    [['CONNECT example.org:443 HTTP/1.1', 'Host: example.org:443'], 400, 'NBS_MALFORMED_REQUEST'],
    [['CONNECT localhost:80 HTTP/1.1', 'Host: localhost'], 400, 'NBS_MALFORMED_REQUEST'],
  ];
  for (const [lines, status, code] of cases) {
    assert.deepEqual(await ask(lines), { statuses: [status], code }, lines.join());
    assert.deepEqual(await ask(lines, GOOD), { statuses: [200, status], code }, `behind another one: ${lines.join()}`);
  }
});

test('HTTP/1.0 needs no Host', async () => {
  assert.deepEqual(await ask(['GET / HTTP/1.0']), { statuses: [200], code: undefined });
});
