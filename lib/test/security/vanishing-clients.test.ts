import assert from 'node:assert/strict';
import { after, before, type TestContext, test } from 'node:test';
import { DataPlane } from '../fixtures/data-plane.js';
import { send } from '../fixtures/http-client.js';
import { RawConnection, statuses } from '../fixtures/raw-http.js';
import { until } from '../fixtures/wait.js';

// `/hold/<name>` answers when `/go/<name>` was called. Its answer is larger than what the kernel takes without a reader.
const SOURCE = `
  const held = new Map();
  exports.default = class Main {
    async fetch(request) {
      const [, what, name] = new URL(request.url).pathname.replace('/upgrades', '').split('/');
      if (what === 'held') return Response.json(held.get(name)?.length ?? 0);
      if (what === 'go') {
        for (const release of held.get(name) ?? []) release();
        return new Response('went');
      }
      await new Promise((resolve) => held.set(name, [...(held.get(name) ?? []), resolve]));
      return new Response('x'.repeat(100_000));
    }
  };`;

let plane: DataPlane;
before(async () => {
  plane = await DataPlane.open();
  await plane.deploy(SOURCE, { name: 'Plain' });
  await plane.deploy(SOURCE, { name: 'Upgrades', prefix: '/upgrades' });
  const key = 'app/Upgrades';
  const route = plane.deployments[key] as (typeof plane.deployments)[typeof key];
  plane.deployments[key] = { ...route, upgrades: true };
  await plane.published();
});
after(() => plane.stop());

let count = 0;

interface Conversation {
  /** What is sent in one write. */
  readonly requests: (path: string) => string;
  /** Number of requests that are begun before the client leaves. */
  readonly begun: number;
  readonly leave: (raw: RawConnection) => void;
  readonly prefix: string;
}

/** The client leaves while all its answers are held back. Then they are written. The proxy must not notice it in any other way. */
async function survives(t: TestContext, { requests, begun, leave, prefix }: Conversation): Promise<void> {
  count += 1;
  const name = `n${count}`;
  const raw = new RawConnection(plane.url);
  t.after(() => raw.socket.destroy());
  const other = await RawConnection.opened(plane.url);
  raw.write(requests(`${prefix}/hold/${name}`));
  await until(async () => Number((await send(`${plane.url}${prefix}/held/${name}`)).text) === begun);
  leave(raw);
  await raw.closed;
  assert.equal((await send(`${plane.url}${prefix}/go/${name}`)).text, 'went');
  // A connection from before shows that it is still the same proxy.
  other.write('GET /go/none HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
  assert.match(await other.closed, /^HTTP\/1\.1 200 [\s\S]*went$/);
  assert.deepEqual(plane.ends(), []);
}

const HOST = 'Host: localhost\r\n';
/** Node's server reads it because of this header. */
const other = (path: string) => `GET ${path} HTTP/1.1\r\n${HOST}X-Latin: \u00e4\r\n\r\n`;
const plain = (path: string) => `GET ${path} HTTP/1.1\r\n${HOST}\r\n`;
const upgrade = (path: string, protocol = 'websocket') =>
  `GET ${path} HTTP/1.1\r\n${HOST}Connection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`;

const reset = (raw: RawConnection): void => void raw.socket.resetAndDestroy();
const destroy = (raw: RawConnection): void => void raw.socket.destroy();

for (const [how, leave] of Object.entries({ reset, destroy })) {
  for (const prefix of ['', '/upgrades']) {
    const on = prefix === '' ? 'that is a plain request there' : 'that is an upgrade there';
    test(`a client that vanishes (${how}) before an upgrade ${on} does not end the proxy`, async (t) => {
      const none = `${prefix}/go/none`;
      const held = [
        // Node's server has read the upgrade, and keeps what comes behind it.
        { begun: 1, requests: (path: string) => other(path) + upgrade(none) + plain(none) },
        { begun: 2, requests: (path: string) => other(path).repeat(2) + upgrade(path) },
        { begun: 1, requests: (path: string) => other(path) + upgrade(path, 'h2c') },
        // It arrives at the proxy's own parser first.
        { begun: 1, requests: (path: string) => plain(path) + upgrade(path) },
        { begun: 1, requests: (path: string) => upgrade(path) },
        { begun: 1, requests: (path: string) => `${upgrade(path)}bytes of the other protocol` },
      ];
      for (const conversation of held) await survives(t, { ...conversation, leave, prefix });
    });
  }
}

test('a client that vanishes while its answers are written, before an upgrade, does not end the proxy', async (t) => {
  for (const ahead of [other, plain]) {
    for (let n = 0; n < 4; n += 1) {
      count += 1;
      const path = `/hold/n${count}`;
      const raw = new RawConnection(plane.url);
      t.after(() => raw.socket.destroy());
      raw.socket.pause();
      raw.write(ahead('/go/none').repeat(200) + ahead(path) + upgrade(path) + plain(path));
      await until(async () => Number((await send(`${plane.url}/held/n${count}`)).text) === 1);
      // The answer arrives at the client in part.
      await send(`${plane.url}/go/n${count}`);
      if (n % 2 === 0) reset(raw);
      else destroy(raw);
      await raw.closed;
      await send(`${plane.url}/go/n${count}`);
    }
  }
  assert.equal((await send(`${plane.url}/go/none`)).text, 'went');
  assert.deepEqual(plane.ends(), []);
});

test('a client that sends nothing more behind a malformed request learns what is wrong with it', async (t) => {
  const first = plain('/go/none');
  for (const wrong of ['GARBAGE\r\n\r\n', 'GARBAGE', `GET / HTTP/1.1\r\n\x01: 5\r\n\r\n`, `GET /\x01 HTTP/1.1\r\n${HOST}\r\n`]) {
    for (const before of [first, '', first + first, other('/go/none'), first + other('/go/none')]) {
      const raw = new RawConnection(plane.url, true);
      t.after(() => raw.socket.destroy());
      raw.socket.end(Buffer.from(before + wrong, 'latin1'));
      const good = before.split('HTTP/1.1').length - 1;
      assert.deepEqual(statuses(await raw.closed), [...Array(good).fill(200), 400], JSON.stringify(before + wrong));
    }
  }
});
