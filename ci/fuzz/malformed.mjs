// Sends malformed requests to routes of an ingress and to typed methods. Every answer must be a 4xx with a code, nothing may be kept waiting, and no process
// may end.
import { connect } from 'node:net';
import { serve } from '../../lib/dist/index.js';
import { ClassifierDeployment, KitchenDeployment, ModelDeployment } from '../../lib/dist-test/fixtures/ingress-apps.js';
import { Routed, Tools } from '../../lib/dist-test/fixtures/routes-apps.js';
import { makeMalformed } from './malformed-cases.mjs';

export const count = 10_000;
export const quickCount = 300;

const AT_ONCE = 32;
const MAX_FAILURES = 20;
/** A connection on which nothing comes for so long counts as one without an answer. */
const SILENT_MS = 30_000;

export async function fuzz({ count: wanted, seed }) {
  const options = { routePrefix: null };
  await serve.start({ port: 0 });
  const typed = await serve.run(Routed.bind(), { ...options, name: 'malformed-typed', routePrefix: '/typed' });
  await serve.run(ClassifierDeployment.bind(ModelDeployment.bind()), { name: 'malformed-ingress', routePrefix: '/ingress' });
  await serve.run(KitchenDeployment.bind(), { name: 'malformed-sockets', routePrefix: '/sockets' });
  await serve.run(Tools.bind(), { name: 'malformed-tools', routePrefix: '/tools' });
  try {
    const before = await processIds();
    const failures = [];
    let done = 0;
    const work = async () => {
      while (done < wanted && failures.length < MAX_FAILURES) {
        const own = seed + done;
        done += 1;
        const { kind, text } = makeMalformed(own);
        const answer = await ask(new URL(typed.url), text);
        const fault = faultOf(answer, text.startsWith('HEAD ') || kind.startsWith('an upgrade'));
        if (fault !== null) failures.push({ seed: own, text: `${kind}: ${fault}\n${shorten(text)}\n→ ${shorten(answer)}` });
      }
    };
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, wanted) }, work));
    const after = await processIds();
    if (before !== after) failures.push({ seed, text: `a process was replaced: ${before} → ${after}` });
    return { done, failures };
  } finally {
    await serve.shutdown();
  }
}

/** The replicas and their processes, as text. */
async function processIds() {
  const { applications } = await serve.status();
  const all = Object.values(applications).flatMap(({ deployments }) => Object.values(deployments));
  return all
    .flatMap(({ replicas }) => replicas.map(({ id, pid, state }) => `${id} ${pid} ${state}`))
    .sort()
    .join();
}

/** Sends the bytes, and waits for the end. @returns what came back, as Latin-1 */
function ask({ hostname, port }, text) {
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    let answer = '';
    socket.setTimeout(SILENT_MS, () => socket.destroy());
    socket.on('data', (chunk) => (answer += chunk.toString('latin1')));
    socket.on('error', () => {});
    socket.on('close', () => resolve(answer));
    socket.write(Buffer.from(text, 'latin1'));
  });
}

/**
 * What is wrong with an answer to a malformed request; null if nothing is.
 * @param {string} answer
 * @param {boolean} isWithoutCode true for HEAD, and for handshakes, which the package ws refuses in its own words
 */
function faultOf(answer, isWithoutCode) {
  if (answer === '') return 'no answer';
  const [, status] = /^HTTP\/1\.1 (\d{3}) /.exec(answer) ?? [];
  if (status === undefined) return 'not HTTP';
  if (!status.startsWith('4')) return `status ${status}`;
  const body = answer.slice(answer.indexOf('\r\n\r\n') + 4);
  if (isWithoutCode) return null;
  // Those of MCP are numbers of JSON-RPC.
  const code = /"code":(?:"([A-Z][A-Z_0-9]+)"|-32\d{3})/.exec(body)?.[0];
  return code === undefined ? 'no code in the answer' : null;
}

const shorten = (text) => (text.length > 600 ? `${text.slice(0, 600)}… (${text.length} characters)` : text);
