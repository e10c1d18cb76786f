// A small HTTP/1.1 client in a closed loop on raw sockets: `node load-client.mjs '{"urls":[…],"headers":{…},"body":base64,"connections":…,"seconds":…}'`.
// It reads the answers of the benchmarked servers: with a content-length, or chunks without trailers.
import { createConnection } from 'node:net';

const { urls, headers, body, connections, seconds } = JSON.parse(process.argv[2]);
const { hostname, port } = new URL(urls[0]);
const bytes = Buffer.from(body, 'base64');
const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
const requests = urls.map((url) => {
  const { pathname, host } = new URL(url);
  const head = `POST ${pathname} HTTP/1.1\r\nhost: ${host}\r\n${lines.join('')}content-length: ${bytes.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), bytes]);
});
let turn = 0;

const latencies = [];
let failed = 0;
let over = false;
const begun = performance.now();

/** The length in bytes of the answer at the start of `text`, or 0 if it is not complete. */
function answerLength(text) {
  const head = text.indexOf('\r\n\r\n');
  if (head === -1) return 0;
  const length = /^content-length: *(\d+)/im.exec(text.slice(0, head))?.[1];
  if (length === undefined) {
    const last = text.indexOf('0\r\n\r\n', head + 4);
    return last === -1 ? 0 : last + 5;
  }
  const end = head + 4 + Number(length);
  return text.length >= end ? end : 0;
}

function connection() {
  return new Promise((resolve) => {
    const socket = createConnection({ host: hostname, port: Number(port) });
    socket.setNoDelay(true);
    let sent = 0;
    let text = '';
    const send = () => {
      sent = performance.now();
      socket.write(requests[turn++ % requests.length]);
    };
    socket.on('connect', send);
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      const length = answerLength(text);
      if (length === 0) return;
      if (text.charCodeAt(9) !== 0x32) failed += 1;
      text = text.slice(length);
      latencies.push(performance.now() - sent);
      if (over) socket.end();
      else send();
    });
    socket.on('error', () => {
      failed += 1;
    });
    socket.on('close', resolve);
  });
}

setTimeout(() => {
  over = true;
}, seconds * 1000);
await Promise.all(Array.from({ length: connections }, connection));
const took = (performance.now() - begun) / 1000;
const sorted = Float64Array.from(latencies).sort();
const at = (q) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0;
console.log(JSON.stringify({ requests: sorted.length, failed, p50: at(0.5), p99: at(0.99), took }));
