// Measures the request of the bench `mnist` beside Python's servers: FastAPI + onnxruntime in one process, and LitServe, each with one model on one thread.
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { pythonEnv } from '../python-env.mjs';
import { httpRounds } from './harness/http-rounds.mjs';
import { descendants, isAlive, start } from './harness/processes.mjs';
import { mnistSetting } from './mnist.mjs';

const serverOf = (kind) => fileURLToPath(new URL(`peers/${kind}_peer.py`, import.meta.url));
const REQUIREMENTS = fileURLToPath(new URL('../onnx-peers-requirements.txt', import.meta.url));
const NAMES = { fastapi: 'FastAPI + onnxruntime', litserve: 'LitServe + onnxruntime' };
const START_TRIES = 600;

/** A port that was free a moment ago: neither server tells which one the system gave it. */
const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
      server.close(() => resolve(port));
    });
  });

async function openPeer(python, kind) {
  const port = await freePort();
  const child = start(python, [serverOf(kind), mnistSetting.args[0], String(port)]);
  child.stdout.resume();
  const url = `http://127.0.0.1:${port}`;
  for (let tries = 0; tries < START_TRIES; tries += 1) {
    const answer = await fetch(url + mnistSetting.path, {
      method: 'POST',
      body: mnistSetting.body,
      headers: { 'content-type': 'application/json' },
    }).catch(() => null);
    if (answer?.ok) return { child, url };
    if (child.exitCode !== null) break;
    await delay(100);
  }
  throw new Error(`${NAMES[kind]} did not start: ${child.errors}`);
}

export async function run(context) {
  const python = pythonEnv('onnx-peers', REQUIREMENTS);
  const rows = [];
  for (const kind of ['fastapi', 'litserve']) {
    const peer = await openPeer(python, kind);
    // LitServe's processes do not end with their parent.
    const all = descendants(peer.child.pid).map(({ pid }) => pid);
    try {
      rows.push(...(await httpRounds(context, { ...mnistSetting, peerName: NAMES[kind], peer, aims: {} })));
    } finally {
      for (const pid of all) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
      while (all.some(isAlive)) await delay(20);
    }
  }
  return rows;
}
