import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { test } from 'node:test';
import { PlainConnection } from './plain-connection.js';
import type { PlainRequest } from './plain-request.js';
import type { PlainResponse } from './plain-response.js';

/** A client's connection inside this process. */
class Client extends Duplex {
  override _read(): void {}

  override _write(_chunk: Buffer, _: BufferEncoding, done: () => void): void {
    done();
  }

  destroySoon(): void {
    this.destroy();
  }

  async send(...paths: string[]): Promise<void> {
    this.push(paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`).join(''));
    await settled();
  }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

interface Open {
  readonly client: Client;
  readonly connection: PlainConnection;
  /** The requests so far. */
  readonly urls: string[];
  /** Answers the last one. */
  answer(): void;
}

function open(): Open {
  const client = new Client();
  const urls: string[] = [];
  let last: PlainResponse | null = null;
  const connection = new PlainConnection(client as unknown as Socket, {
    keepAliveHeader: '',
    draining: false,
    handle: ({ url }: PlainRequest, response: PlainResponse) => {
      urls.push(url);
      last = response;
    },
    handOver: () => assert.fail('not plain'),
    closed: () => {},
  });
  const answer = (): void => {
    last?.writeHead(204, []);
    last?.end();
  };
  return { client, connection, urls, answer };
}

test('while a request of several that came together is answered, it is seen that the client leaves', async () => {
  const { client, urls, answer } = open();
  await client.send('/a', '/b', '/c');
  for (const expected of [['/a'], ['/a', '/b'], ['/a', '/b', '/c']]) {
    assert.deepEqual(urls, expected);
    assert.equal(client.isPaused(), false);
    answer();
  }
  client.destroy();
});

test('a client that sends more and more requests ahead is read again when most of them are answered', async () => {
  const { client, urls, answer } = open();
  for (const path of ['/a', '/b', '/c', '/d']) await client.send(path);
  assert.deepEqual(urls, ['/a']);
  assert.equal(client.isPaused(), true);
  answer();
  answer();
  assert.deepEqual(urls, ['/a', '/b', '/c']);
  assert.equal(client.isPaused(), false);
  await settled();
  answer();
  assert.deepEqual(urls, ['/a', '/b', '/c', '/d']);
  client.destroy();
});

test('the time of an idle connection begins after the answer, however long that took', async () => {
  const { client, connection, answer } = open();
  await client.send('/a');
  for (let i = 0; i < 20; i += 1) connection.sweep(8);
  answer();
  for (let i = 0; i < 8; i += 1) connection.sweep(8);
  assert.equal(client.destroyed, false);
  connection.sweep(8);
  assert.equal(client.destroyed, true);
});
