// Measures the training of a CNN for MNIST (8 and 16 channels, batches of 64, Adam) in samples per second: on one thread compared with TensorFlow.js (wasm) and
// PyTorch, and in two worker processes compared with one.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { stop } from 'esbuild';
import { serve } from '../../lib/dist/index.js';
import { npmPackage } from '../npm-package.mjs';
import { pythonEnv } from '../python-env.mjs';
import { stepper, trainer } from './apps/train.mjs';
import { median, pairedRounds, ratioOf } from './harness/rounds.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const TFJS = '@tensorflow/tfjs';

export async function run({ rounds, isQuick }) {
  const steps = isQuick ? 60 : 200;
  const tfjs = openTfjs();
  const torch = openTorch();
  const folder = mkdtempSync(join(tmpdir(), 'nbserve-train-'));
  try {
    const own = await stepper();
    await own(5);
    const workers = async (numWorkers) => {
      const resourcesPerWorker = { cpu: 1 };
      const changed = {
        trainLoopConfig: { steps },
        scalingConfig: { numWorkers, resourcesPerWorker },
        runConfig: { storagePath: folder },
      };
      const { metrics } = await trainer.with(changed).fit();
      return numWorkers * metrics.samplesPerSecond;
    };
    const alone = await pairedRounds(rounds, {
      nbserve: () => own(steps),
      ...(tfjs.peer && { tfjs: () => tfjs.peer?.ask(Math.ceil(steps / 10)) }),
      ...(torch.peer && { torch: () => torch.peer?.ask(steps) }),
    });
    const pairs = await pairedRounds(rounds, { one: () => workers(1), two: () => workers(2) });
    const rate = (values) => `${Math.round(median(values)).toLocaleString('en')} samples/s`;
    const row = (name, ours, peer, theirs, aim) => ({
      name,
      ours: rate(ours),
      peer: `${peer}: ${rate(theirs)}`,
      ratio: ratioOf(ours, theirs),
      ...(aim !== undefined && { aim: { atLeast: aim } }),
    });
    const name = 'training of a CNN, one thread';
    return [
      alone.tfjs === undefined
        ? { name, ours: rate(alone.nbserve), peer: tfjs.missing }
        : row(name, alone.nbserve, 'tfjs wasm', alone.tfjs, 5),
      alone.torch === undefined
        ? { name, ours: rate(alone.nbserve), peer: torch.missing }
        : row(name, alone.nbserve, 'PyTorch', alone.torch),
      row('training of a CNN, two workers', pairs.two, 'one worker', pairs.one, 1.5),
    ];
  } finally {
    for (const { peer } of [tfjs, torch]) await peer?.end();
    await serve.shutdown();
    // The workers' code was compiled in this process. The service that did it would count as left behind.
    await stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @typedef {{ readonly peer?: Peer, readonly missing: string }} Found a peer, or why there is none */

/** @returns {Found} */
function openTfjs() {
  const found = npmPackage({ name: 'tfjs', spec: `${TFJS}@4.22.0 ${TFJS}-backend-wasm@4.22.0`, file: `${TFJS}/package.json` });
  if ('unreachable' in found) return { missing: `not measured: ${found.unreachable}` };
  return { peer: new Peer('node', [here('./peers/tfjs-peer.mjs'), found.path]), missing: '' };
}

/** @returns {Found} */
function openTorch() {
  try {
    return {
      peer: new Peer(pythonEnv('torch', here('../torch-requirements.txt')), [here('./peers/torch_peer.py')]),
      missing: '',
    };
  } catch (error) {
    return { missing: `not measured: ${error.message.split('\n')[0]}` };
  }
}

/** A process that answers a number of steps with the samples per second. */
class Peer {
  constructor(file, args) {
    this.child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  async ask(steps) {
    this.child.stdin.write(`${steps}\n`);
    const { value, done } = await this.lines.next();
    if (done === true) throw new Error(`${this.child.spawnfile} ended`);
    return Number(value);
  }

  async end() {
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.stdin.end();
    if (this.child.exitCode === null) await ended;
  }
}
