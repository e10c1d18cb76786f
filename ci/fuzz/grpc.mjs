// Clients that send malformed gRPC to a cluster. Each call must get a gRPC status, an HTTP status or a reset, each connection must end, no process may die,
// and other clients must get their answers meanwhile.
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { listLocalClusters } from '../../lib/dist/engine/index.js';
import { serve } from '../../lib/dist/index.js';
import { processesIn } from '../../lib/dist-test/fixtures/cluster-processes.js';
import { KitchenDeployment } from '../../lib/dist-test/fixtures/grpc-apps.js';
import { KITCHEN_PROTO, TestClient } from '../../lib/dist-test/fixtures/grpc-clients.js';
import { makeCase, rightStatuses } from './grpc-cases.mjs';

export const count = 10_000;
export const quickCount = 600;

const AT_ONCE = 24;
/** A case that has no end after this time has none. The machine may be busy. */
const PATIENCE_MS = 60_000;
const MAX_FAILURES = 10;
const GOAWAY = 7;
const LEAVES_AFTER_MS = 50;
const REFUSED_AFTER_MS = 5000;

export async function fuzz({ count: wanted, seed }) {
  await serve.start({ port: 0, grpc: { port: 0, protos: [KITCHEN_PROTO], generic: true } });
  const failures = [];
  let done = 0;
  try {
    await serve.run(KitchenDeployment.bind(), { name: 'grpc-fuzz' });
    const { url, grpc } = await serve.status();
    const { dir } = listLocalClusters().find((cluster) => cluster.url === url);
    const pids = async () => (await processesIn(dir)).map(({ role, pid }) => `${role} ${pid}`).toSorted();
    const before = await pids();
    const client = new TestClient(grpc, 'kitchen.v1.Kitchen');
    const work = async () => {
      while (done < wanted && failures.length < MAX_FAILURES) {
        const own = seed + done;
        done += 1;
        const one = makeCase(own);
        const fault = await run(one, grpc).catch((error) => error.stack);
        if (fault !== null) failures.push({ seed: own, text: `${one.kind} ${one.name}: ${fault}` });
        if (own % 100 > 0) continue;
        const { code, message } = await client.call('Cook', { dish: `d${own}` });
        if (code !== 0 || message?.dish !== `d${own}`) failures.push({ seed: own, text: `another client got status ${code}` });
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    client.close();
    const after = await pids();
    const died = before.filter((one) => !after.includes(one));
    if (died.length > 0) failures.push({ seed, text: `these processes died: ${died}` });
  } finally {
    await serve.shutdown();
  }
  return { done, failures };
}

/** What is wrong with how the cluster took the case, or null. */
async function run(one, address) {
  let timer;
  const late = new Promise((resolve) => {
    timer = setTimeout(() => resolve('it has no end'), PATIENCE_MS);
  });
  try {
    return await Promise.race([late, one.kind === 'raw' ? sendBytes(one, address) : sendCall(one, address)]);
  } finally {
    clearTimeout(timer);
  }
}

async function sendBytes({ bytes }, address) {
  const [host, port] = address.split(':');
  const socket = connect(Number(port), host);
  socket.on('error', () => {});
  const over = new Promise((resolve) => {
    socket.once('close', resolve);
    // After this, nothing more comes. The connection is closed when it does not answer a ping.
    socket.on('data', (chunk) => hasGoaway(chunk) && resolve(undefined));
  });
  for (const part of bytes) socket.write(part);
  socket.end();
  await over;
  socket.destroy();
  return null;
}

/** Whether the frames contain a GOAWAY. A frame of the server that is cut in two is not recognized, and then the connection's end counts. */
function hasGoaway(bytes) {
  for (let at = 0; at + 9 <= bytes.length; at += 9 + bytes.readUIntBE(at, 3)) if (bytes[at + 3] === GOAWAY) return true;
  return false;
}

async function sendCall({ headers, body, end }, address) {
  const session = connectHttp2(`http://${address}`);
  session.on('error', () => {});
  try {
    const stream = session.request(headers, { endStream: false });
    let status;
    let grpcStatus;
    stream.on('error', () => {});
    stream.on('response', (head) => {
      status = head[':status'];
      grpcStatus = head['grpc-status'];
    });
    stream.on('trailers', (trailers) => {
      grpcStatus ??= trailers['grpc-status'];
    });
    stream.resume();
    for (const part of body) stream.write(part);
    if (end) stream.end();
    // A client that sends no end leaves.
    if (!end) setTimeout(() => stream.close(8), LEAVES_AFTER_MS);
    // If grpc-js refuses a message while the answer to an earlier one is being written, it ends the call without trailers, or not at all.
    else if (body.length > 1 && body.some((message) => message[0] > 0))
      setTimeout(() => stream.close(8), REFUSED_AFTER_MS).unref();
    await Promise.race([once(stream, 'close'), once(session, 'close')]);
    const left = !end || stream.rstCode !== 0 || session.destroyed;
    if (grpcStatus !== undefined)
      return rightStatuses({ headers, body }).has(Number(grpcStatus)) ? null : `the status ${grpcStatus}`;
    if (status !== undefined && status !== 200) return null;
    return left ? null : `HTTP status ${status} and no gRPC status`;
  } finally {
    session.destroy();
  }
}
