// Sends wrong configurations and wrong calls to the REST API of a cluster. Each answer must be a coded 4xx, and no process may end.
import { connect } from 'node:net';
import { parseConfig } from '../../lib/dist/config/index.js';
import { startDashboard } from '../../lib/dist/dashboard/index.js';
import { connectEngine } from '../../lib/dist/engine/index.js';
import { Client, startDetached, stopCluster } from '../../lib/dist/host/index.js';
import { callBytes, configText } from './control-cases.mjs';

export const count = 10_000;
export const quickCount = 600;

const AT_ONCE = 8;
const MAX_FAILURES = 20;
/** A configuration that is right by chance starts a process, which takes long; so only the first few are sent. */
const SENT_THOUGH_RIGHT = 5;

/** Half of the cases are configurations, half are calls. */
export async function fuzz({ count, seed }) {
  const { dir } = await startDetached({ host: '127.0.0.1', port: 0 }, { name: 'control fuzz', another: true });
  const api = new URL(await startDashboard(dir, { host: '127.0.0.1', port: 0, allowedHosts: [] }));
  const client = await Client.join(dir);
  const { token } = client.cluster;
  const engine = await connectEngine(dir, token);
  try {
    const failures = [];
    let done = 0;
    let next = seed;
    let sentThoughRight = 0;
    const work = async () => {
      while (done < count && failures.length < MAX_FAILURES) {
        const own = next;
        next += 1;
        const isConfig = own % 2 === 0;
        let text;
        if (isConfig) {
          const config = configText(own);
          const refused = await refusal(config);
          if (refused === null && (sentThoughRight >= SENT_THOUGH_RIGHT || !config.includes('gone'))) continue;
          if (refused === null) sentThoughRight += 1;
          text = refused?.wrong ?? (await problemOf(api, put(config, api.host, token), true));
        } else text = await problemOf(api, callBytes(own, { host: api.host, token }), false);
        done += 1;
        if (text !== null) failures.push({ seed: own, text });
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    for (const { id, restarts, exit } of await engine.list())
      if (restarts > 0 || (exit !== undefined && !id.startsWith('deploy-')))
        failures.push({ seed, text: `${id} ended, and was started again ${restarts} times` });
    const { applications } = await client.call('status', undefined);
    if (Object.keys(applications).length > 0)
      failures.push({ seed, text: `an application runs: ${Object.keys(applications).join(', ')}` });
    return { done, failures };
  } finally {
    engine.close();
    await client.close();
    await stopCluster(dir, 4000);
  }
}

/** What this process says of the configuration: null if it is right. */
async function refusal(text) {
  try {
    await parseConfig(text, 'case', '/tmp/nowhere');
    return null;
  } catch (error) {
    const isCoded = error.code === 'NBS_INVALID_CONFIG' && error.status === 400;
    return { wrong: isCoded ? undefined : `the check threw ${error.stack}` };
  }
}

function put(text, host, token) {
  const body = Buffer.from(text);
  const head = [
    'PUT /api/serve/applications/ HTTP/1.1',
    `host: ${host}`,
    `authorization: Bearer ${token}`,
    'content-type: application/yaml',
    `content-length: ${body.length}`,
    'connection: close',
  ];
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body]);
}

/** Null if the answer is a coded 4xx, and a description otherwise. */
async function problemOf(api, bytes, isWhole) {
  const answer = await exchange(api, bytes, isWhole);
  const [, status] = /^HTTP\/1\.1 (4\d\d) /.exec(answer) ?? [];
  // HEAD has no body.
  const isCoded = /"code":"NBS_[A-Z_]+"/.test(answer) || bytes.toString('latin1').startsWith('HEAD ');
  return status !== undefined && isCoded
    ? null
    : `sent ${JSON.stringify(bytes.toString('latin1').slice(0, 600))}\ngot ${JSON.stringify(answer.slice(0, 600))}`;
}

function exchange({ hostname, port }, bytes, isWhole) {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    // A call may announce more bytes than it sends. A right one must not be ended while it is answered.
    if (!isWhole) socket.once('connect', () => socket.end());
    socket.setEncoding('latin1').on('data', (chunk) => (answer += chunk));
    socket.on('error', () => {});
    socket.on('close', () => resolve(answer));
  });
}
