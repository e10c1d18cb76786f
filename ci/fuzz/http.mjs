// Compares the proxy, with a deployment behind it, with a server of Node's that gives the same answers (lib/test/fixtures/http-oracle.ts).
// What Node accepts must be answered in the same way. What it refuses must be refused with the same status, and earlier requests must get their own answers.
import { once } from 'node:events';
import { connect } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import { Worker } from 'node:worker_threads';
import { DataPlane } from '../../lib/dist-test/fixtures/data-plane.js';
import { ANSWERS_SOURCE } from '../../lib/dist-test/fixtures/http-oracle.js';
import { readAnswers } from '../../lib/dist-test/fixtures/http-reader.js';
import { LAST, makeCase } from './http-cases.mjs';

export const count = 100_000;
export const quickCount = 4_000;

/** How many cases run at once. Most of a case's time is waiting. Each uses five of this process's descriptors, of which there may be 1,024. */
const AT_ONCE = 100;
/**
 * If nothing comes on a connection for so long, its answers are compared. A case that fails is repeated with more time, because the proxy waits a second for
 * the rest of what may be a plain request, and the machine may be busy.
 */
const QUIET_MS = [150, 1_500, 6_000];
/** The pause between two bytes, in which Node can answer what came before. */
const PAUSE_MS = 2;
const LOOK_AGAIN_MS = 50;
const MAX_FAILURES = 20;
/** So many lines of what the processes printed are shown if a case has failed. */
const LAST_LINES = 20;
/** Seeds of cases that failed once. They run first, unless a single case is asked for. */
const FAILED_ONCE = [1_592_550_696, 1_592_551_586, 635_653_227];

/** Runs at least `count` requests, in conversations whose seeds go up from `seed`. */
export async function fuzz({ count, seed }) {
  const oracle = new Worker(new URL('http-oracle.mjs', import.meta.url));
  const [oracleUrl] = await once(oracle, 'message');
  const plane = await DataPlane.open();
  try {
    await plane.deploy(ANSWERS_SOURCE, { config: { maxOngoingRequests: 1000 } });
    const failures = [];
    let done = 0;
    let next = seed;
    const again = count === 1 ? [] : [...FAILED_ONCE];
    const work = async () => {
      while (done < count && failures.length < MAX_FAILURES) {
        const known = again.shift();
        const own = known ?? next;
        if (known === undefined) next += 1;
        const one = makeCase(own);
        done += one.requests.length + (one.broken === null ? 0 : 1);
        const run = one.broken === null ? compareWhole : compareBroken;
        let text = '';
        for (const quietMs of QUIET_MS) if (text !== null) text = await run(one, plane.url, oracleUrl, quietMs);
        if (text !== null) failures.push({ seed: own, text });
      }
    };
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, count) }, work));
    // If a process has ended, every later case fails, and only this says why.
    const ends = plane.ends();
    if (failures.length > 0)
      console.log([...ends.map((end) => `ended: ${JSON.stringify(end)}`), ...plane.output.slice(-LAST_LINES)].join('\n'));
    return { done, failures };
  } finally {
    await oracle.terminate();
    await plane.stop();
  }
}

/** All requests are well formed: the answers must be the same, and both must close. @returns the difference, or null */
async function compareWhole({ requests, pieces }, url, oracleUrl, quietMs) {
  const methods = requests.map(({ method }) => method);
  const [ours, theirs] = await Promise.all([talk(url, pieces, quietMs), talk(oracleUrl, [pieces.join('')], quietMs)]);
  const [read, right] = [shown(ours, methods), shown(theirs, methods)];
  return isDeepStrictEqual(withoutRules(read), right) ? null : difference(pieces, right, read, ours);
}

/** After well-formed requests comes one that may be anything. */
async function compareBroken({ requests, broken, pieces }, url, oracleUrl, quietMs) {
  const methods = requests.map(({ method }) => method);
  const [ours, before, alone] = await Promise.all([
    talk(url, pieces, quietMs),
    talk(oracleUrl, [requests.map(({ text }) => text).join('') + LAST], quietMs),
    talk(oracleUrl, [broken], quietMs),
  ]);
  const method = /^[A-Z]+/.exec(broken)?.[0] ?? 'GET';
  const read = shown(ours, [...methods, method]);
  const expected = shown(before, [...methods, 'GET']).answers.slice(0, requests.length);
  const last = shown(alone, [method]);
  if (fits(read, expected, last)) return null;
  // Node answers a request if the bytes that it refuses come later, and the proxy reads one request after the other.
  const slowly = shown(await talk(oracleUrl, bits(broken), quietMs, PAUSE_MS), [method]);
  if (fits(read, expected, slowly)) return null;
  // Node reads nothing of what follows a request with the header `upgrade` in the same piece. The proxy reads it as if the request had no such header.
  const plain = broken.replace(/\r\nUpgrade: [^\r]*(?=\r\n)/i, '');
  if (plain !== broken) {
    for (const [sent, pauseMs] of [
      [[plain], 0],
      [bits(plain), PAUSE_MS],
    ]) {
      if (fits(read, expected, shown(await talk(oracleUrl, sent, quietMs, pauseMs), [method]))) return null;
    }
  }
  const isPrefix = read.answers.length <= expected.length && read.answers.every((answer, i) => same(answer, expected[i]));
  if (!read.closed && isPrefix && (await isCutShort(broken, oracleUrl, quietMs))) return null;
  return difference(pieces, { answers: expected, last, slowly }, read, ours);
}

/** True if the proxy's answers are Node's: `expected` for the well-formed requests, and `last` for the broken one alone. */
function fits(read, expected, last) {
  const right = [...expected, ...last.answers.filter((answer) => !isRefusal(answer))];
  const refusals = read.answers.filter(isRefusal);
  const answers = read.answers.filter((answer) => !isRefusal(answer) && !isRefusedByRule(answer));
  if (refusals.length > 1 || (refusals.length === 1 && !isRefusal(read.answers.at(-1)))) return false;
  if (!answers.every((answer, i) => same(answer, right[i]))) return false;
  if (read.answers.some(isRefusedByRule)) return true;
  // Node closes after what it refuses. What follows an answer that closes is refused, or not read.
  if (!last.closed) return refusals.length === 0 && answers.length === right.length && read.rest === '';
  // If bytes are read ahead and refused, the answers that are not yet complete are lost, with Node too.
  const known = last.answers.find(isRefusal)?.status;
  const isKnown = refusals.every(({ status }) => known === undefined || status === known);
  return read.closed && isKnown && (read.rest === '' || read.rest.startsWith('interim'));
}

const same = (one, other) => isDeepStrictEqual(withoutEnd(one), withoutEnd(other));

/** Cuts a text byte by byte, or line by line if it is long. */
const bits = (text) => (text.length < 1500 ? [...text] : text.split(/(?<=\n)/));

/** The content type of the proxy's own answers. */
const PROXY_JSON = 'application/json; charset=utf-8';

/** True if the body has not come completely: Node answers if the handler does not read it, and the proxy waits for a small body. */
async function isCutShort(broken, oracleUrl, quietMs) {
  const { answers } = shown(await talk(oracleUrl, [broken.replace(/^(\S+ +)\S+/, '$1/echo')], quietMs), ['GET']);
  return answers.length === 0;
}

const isRefusal = ({ status }) => status === 400 || status === 431;

/**
 * True if the proxy's own rules, on who may call and on targets, refused the request. Node has no such rules. It is an error of the proxy and not of the reader.
 * @param {{ status: number, rules?: boolean }} answer
 */
const isRefusedByRule = ({ status, rules = false }) => rules && (status === 400 || status === 403);

/** Removes the end of an answer: whether the connection is kept after the last request depends on what follows. */
function withoutEnd(answer) {
  if (answer === undefined) return undefined;
  const { connection: _, rules: __, ...rest } = answer;
  return rest;
}

const withoutRules = ({ answers, ...rest }) => ({ ...rest, answers: answers.map(({ rules: _, ...answer }) => answer) });

/** The part of the answers that must be the same. */
function shown({ text, closed }, methods) {
  const { answers, rest: left } = readAnswers(text, methods);
  // A refusal has a body even if the method is HEAD and the request could not be read to its end.
  const length = Number(answers.at(-1)?.headers.get('content-length')?.[0] ?? 0);
  const rest = closed && answers.length > 0 && isRefusal(answers.at(-1)) && left.length === length ? '' : left;
  return {
    closed,
    rest,
    answers: answers.map(({ status, headers, body, framing, complete, interim }) => ({
      status,
      interim,
      complete,
      connection: headers.get('connection'),
      ...(headers.get('content-type')?.[0] === PROXY_JSON && headers.has('x-request-id') ? { rules: true } : {}),
      // The proxy's error bodies differ from Node's.
      ...(status >= 400 && status !== 403
        ? {}
        : {
            framing: framing === 'chunked' ? 'length' : framing,
            body,
            type: headers.get('content-type'),
            own: headers.get('x-own'),
          }),
    })),
  };
}

/** Sends the pieces one by one. @returns what came until the connection was closed, or until nothing came for some time */
function talk(url, pieces, quietMs, pauseMs = 0) {
  return new Promise((resolve) => {
    const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1', noDelay: true });
    let text = '';
    let timer;
    const settle = (closed) => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ text, closed });
    };
    const wait = () => {
      clearTimeout(timer);
      // If the process was delayed for so long, its timers fire before it reads what has come meanwhile.
      timer = setTimeout(() => {
        const seen = text.length;
        timer = setTimeout(() => (text.length === seen ? settle(false) : wait()), LOOK_AGAIN_MS);
      }, quietMs);
    };
    socket.setEncoding('latin1');
    socket.on('data', (data) => {
      text += data;
      wait();
    });
    socket.on('error', () => {});
    socket.on('close', () => settle(true));
    const write = (at) => {
      if (socket.destroyed || at === pieces.length) return;
      socket.write(pieces[at], 'latin1');
      wait();
      if (pauseMs === 0) setImmediate(write, at + 1);
      else setTimeout(write, pauseMs, at + 1);
    };
    socket.on('connect', () => write(0));
  });
}

const short = (value) =>
  JSON.stringify(value, (_, item) => (typeof item === 'string' && item.length > 400 ? `${item.slice(0, 400)}…` : item));
const difference = (pieces, right, read, { text }) =>
  [
    `sent:  ${short(pieces.length > 20 ? [`${pieces.length} pieces: ${pieces.join('')}`] : pieces)}`,
    `Node:  ${short(right)}`,
    `proxy: ${short(read)}`,
    `came:  ${short(text)}`,
  ].join('\n');
