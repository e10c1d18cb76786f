// Measures calls per second over a Unix socket between two processes, 32 at once, with bodies of 100 bytes, compared with a raw length-prefixed echo in the same run.
//   node ci/bench/ipc.mjs [seconds per measurement, default 2] [rounds, default 3]
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connect, decodeValue, helloOf, listen } from '../../lib/dist/ipc/index.js';

const IN_FLIGHT = 32;
const BODY = Buffer.alloc(100, 'x');
const TOKEN = 'bench';
const HTTP_HEAD = {
  kind: 'http',
  method: 'POST',
  url: '/echo?a=1',
  headers: [
    'host',
    'localhost:8000',
    'content-type',
    'application/json',
    'accept',
    '*/*',
    'user-agent',
    'bench/1.0',
    'content-length',
    '100',
  ],
  host: 'localhost:8000',
  prefix: '/',
  requestId: 'r-12345678',
};

async function serve(dir) {
  createServer((socket) => rawEcho(socket)).listen(join(dir, 'raw.sock'));
  await listen(
    { path: join(dir, 'ipc.sock') },
    {
      token: TOKEN,
      hello: helloOf('replica', 'bench'),
      onChannel: (channel) => {
        channel.onCall = (call) => {
          call.started();
          if (call.head.kind === 'http')
            return () =>
              call.respond({ kind: 'http', status: 200, headers: ['content-type', 'application/json'] }, call.body, true);
          const { method } = /** @type {{ kind: string, method: string }} */ (call.head);
          if (method === 'echo') return () => call.respond({ kind: 'value', queue: 1 }, call.body, true);
          if (method === 'value') return () => call.reply(decodeValue(call.body)[0], { kind: 'value', queue: 1 });
          return () => {
            call.onBody = { onData: (chunk) => call.consumed(chunk.length), onEnd: () => call.reply(null), onError() {} };
          };
        };
      },
    },
  );
  process.send('ready');
  process.on('disconnect', () => process.exit(0));
  process.on('message', () => process.send(process.cpuUsage()));
}

function rawEcho(socket) {
  let rest = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    socket.cork();
    while (bytes.length - at >= 4) {
      const end = at + 4 + bytes.readUInt32LE(at);
      if (end > bytes.length) break;
      socket.write(bytes.subarray(at, end));
      at = end;
    }
    socket.uncork();
    rest = bytes.subarray(at);
  });
}

/** Each measurement: start(socket path folder) -> { once(callback), close() }. */
const KINDS = {
  async raw(dir) {
    const socket = createConnection(join(dir, 'raw.sock'));
    await new Promise((resolve) => socket.on('connect', resolve));
    const waiting = [];
    let rest = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      let at = 0;
      socket.cork();
      while (bytes.length - at >= 4) {
        const end = at + 4 + bytes.readUInt32LE(at);
        if (end > bytes.length) break;
        at = end;
        waiting.shift()();
      }
      socket.uncork();
      rest = bytes.subarray(at);
    });
    const message = Buffer.concat([Buffer.from([BODY.length, 0, 0, 0]), BODY]);
    return {
      once(done) {
        waiting.push(done);
        socket.write(message);
      },
      close: () => socket.destroy(),
    };
  },
  unary: (dir) =>
    overChannel(dir, (channel, done) => channel.request({ kind: 'method', method: 'echo', requestId: 'r' }, BODY, sinkOf(done))),
  http: (dir) => overChannel(dir, (channel, done) => channel.request(HTTP_HEAD, BODY, sinkOf(done))),
  values: (dir) =>
    overChannel(
      dir,
      (channel, done) =>
        void channel.call({ kind: 'method', method: 'value', requestId: 'r' }, [{ text: 'x'.repeat(80), n: 1 }]).then(done),
    ),
};

async function overChannel(dir, send) {
  const channel = await connect({ path: join(dir, 'ipc.sock') }, { token: TOKEN, hello: helloOf('driver', 'bench') });
  return { once: (done) => send(channel, done), close: () => channel.close() };
}

function sinkOf(done) {
  return {
    onHead() {},
    onData() {},
    onEnd: done,
    onError(error) {
      throw error;
    },
  };
}

async function measure(kind, dir, ms) {
  const link = await KINDS[kind](dir);
  let calls = 0;
  const start = performance.now();
  await new Promise((resolve) => {
    let ended = 0;
    const done = () => {
      calls += 1;
      if (performance.now() - start < ms) link.once(done);
      else if (++ended === IN_FLIGHT) resolve(undefined);
    };
    for (let i = 0; i < IN_FLIGHT; i += 1) link.once(done);
  });
  const perSecond = (calls * 1000) / (performance.now() - start);
  link.close();
  return perSecond;
}

async function upload(dir, bytes) {
  const channel = await connect({ path: join(dir, 'ipc.sock') }, { token: TOKEN, hello: helloOf('driver', 'bench') });
  const body = Buffer.alloc(bytes);
  const head = { kind: 'method', method: 'sink', requestId: 'r' };
  const start = performance.now();
  await /** @type {Promise<void>} */ (
    new Promise((resolve, reject) => {
      channel.request(head, body, {
        onHead() {},
        onData() {},
        onEnd: resolve,
        onError: reject,
      });
    })
  );
  const seconds = (performance.now() - start) / 1000;
  channel.close();
  return bytes / 1e6 / seconds;
}

async function main(ms, rounds) {
  const dir = mkdtempSync(join(tmpdir(), 'nbs-bench-'));
  const server = fork(fileURLToPath(import.meta.url), ['serve', dir]);
  await new Promise((resolve) => server.once('message', resolve));
  const table = Object.fromEntries(Object.keys(KINDS).map((kind) => [kind, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const kind of Object.keys(KINDS)) table[kind].push(await measure(kind, dir, ms));
  }
  const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
  const raw = median(table.raw);
  for (const [kind, values] of Object.entries(table)) {
    console.log(
      `${kind.padEnd(8)} ${Math.round(median(values)).toLocaleString('en').padStart(9)} calls/s   ${(median(values) / raw).toFixed(2)} x raw`,
    );
  }
  console.log(
    `upload   ${Math.round(await upload(dir, 200e6))
      .toLocaleString('en')
      .padStart(9)} MB/s (one stream, credit windows)`,
  );
  server.disconnect();
  rmSync(dir, { recursive: true, force: true });
}

if (process.argv[2] === 'serve') await serve(process.argv[3]);
else await main(Number(process.argv[2] ?? 2) * 1000, Number(process.argv[3] ?? 3));
