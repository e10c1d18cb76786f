// What open connections cost: event streams and WebSockets of one proxy and one replica, as memory of each process per connection.
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { Cluster } from './harness/cluster.mjs';
import { memoryMiB } from './harness/processes.mjs';

const STREAMS = 10_000;
const SOCKETS = 1000;
/** Connections that are being opened at the same time. */
const AT_ONCE = 200;
const SETTLE_MS = 3000;

async function many(count, open) {
  const opened = [];
  while (opened.length < count) {
    const some = Array.from({ length: Math.min(AT_ONCE, count - opened.length) }, open);
    opened.push(...(await Promise.all(some)));
  }
  return opened;
}

/** An event stream with what has come of it. */
function openStream(url) {
  const { port, host, pathname } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), '127.0.0.1');
    const stream = { socket, text: '' };
    socket.on('data', (chunk) => {
      stream.text += chunk.toString('latin1');
      if (stream.text.includes('data: open')) resolve(stream);
    });
    socket.once('error', reject);
    socket.write(`GET ${pathname}/events HTTP/1.1\r\nhost: ${host}\r\n\r\n`);
  });
}

function openSocket(url) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${url.replace('http:', 'ws:')}/echo`, { perMessageDeflate: false });
    socket.once('open', () => resolve(socket)).once('error', reject);
  });
}

const until = async (isTrue) => {
  while (!isTrue()) await delay(20);
};

export async function run() {
  const cluster = new Cluster();
  try {
    const url = await cluster.run('streams', { name: 'streams', routePrefix: '/streams' });
    const pids = cluster.pids();
    const memory = () => ({ proxy: memoryMiB(pids.proxy), replica: memoryMiB(pids.replica) });
    // What the first ones bring with them is no cost of each.
    for (const { socket } of await many(AT_ONCE, () => openStream(url))) socket.destroy();
    const rows = [];
    const measure = async (name, count, open, check, close) => {
      await delay(SETTLE_MS);
      const before = memory();
      const begun = performance.now();
      const opened = await many(count, open);
      const openMs = performance.now() - begun;
      await delay(SETTLE_MS);
      const after = memory();
      const checkMs = await check(opened);
      const kib = (role) => ((after[role] - before[role]) * 1024) / count;
      rows.push({
        name: `${count.toLocaleString('en-US')} ${name}, memory of each`,
        ours: `${kib('proxy').toFixed(1)} KiB in the proxy, ${kib('replica').toFixed(1)} KiB in the replica; opened in ${(openMs / 1000).toFixed(1)} s, one message to each of them in ${checkMs.toFixed(0)} ms`,
      });
      close(opened);
    };
    await measure(
      'event streams',
      STREAMS,
      () => openStream(url),
      async (streams) => {
        const begun = performance.now();
        await cluster.ask('call', { method: 'tell' });
        await until(() => streams.every(({ text }) => text.includes('data: 1')));
        return performance.now() - begun;
      },
      (streams) => {
        for (const { socket } of streams) socket.destroy();
      },
    );
    await measure(
      'WebSockets',
      SOCKETS,
      () => openSocket(url),
      async (sockets) => {
        const begun = performance.now();
        await Promise.all(
          sockets.map((socket) => {
            const answered = new Promise((resolve) => socket.once('message', resolve));
            socket.send('hello');
            return answered;
          }),
        );
        return performance.now() - begun;
      },
      (sockets) => {
        for (const socket of sockets) socket.terminate();
      },
    );
    return rows;
  } finally {
    await cluster.end();
  }
}
