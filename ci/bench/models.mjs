// Measures models in replicas: calls by handle with typed arrays against a bare session.run, another call while a model runs, and the memory of replicas that share weights.
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Cluster } from './harness/cluster.mjs';
import { writeModels } from './harness/onnx-models.mjs';
import { cpuMs, memoryMiB } from './harness/processes.mjs';
import { median, pairedRounds, quantile, ratioOf } from './harness/rounds.mjs';

const ort = createRequire(new URL('../../lib/package.json', import.meta.url))('onnxruntime-node');
const MNIST = fileURLToPath(new URL('../../datasets/mnist/mnist-cnn.onnx', import.meta.url));
const ms = (value) => `${value.toFixed(value < 1 ? 3 : 1)} ms`;

async function withModel(args, options, work) {
  const cluster = new Cluster();
  try {
    await cluster.run('models', { name: 'models', routePrefix: '/', args, options });
    return await work(cluster);
  } finally {
    await cluster.end();
  }
}

async function bareTimes(session, dims, count) {
  const feeds = {
    [session.inputNames[0]]: new ort.Tensor('float32', new Float32Array(dims.reduce((a, b) => a * b, 1)).fill(0.5), dims),
  };
  const times = [];
  for (let at = 0; at < count; at += 1) {
    const begun = performance.now();
    await session.run(feeds);
    times.push(performance.now() - begun);
  }
  return median(times);
}

/**
 * One call after the other by handle, against session.run of onnxruntime-node in a process of its own. On a busy machine the times also contain the waits for
 * a core: a call by handle needs one in two processes. So the CPU time of both sides is told too.
 */
async function overhead({ rounds }, { name, path, dims, count, aim }) {
  const session = await ort.InferenceSession.create(path, { intraOpNumThreads: 1 });
  const cpu = { nbserve: [], bare: [] };
  const found = await withModel([path, {}], {}, (cluster) => {
    const cpuOf = { nbserve: () => [cluster.driverPid, ...cluster.pids().replica], bare: () => [process.pid] };
    const measured = (side, work) => async () => {
      const pids = cpuOf[side]();
      const total = () => pids.reduce((sum, pid) => sum + (cpuMs(pid) ?? 0), 0);
      const before = total();
      const time = await work();
      cpu[side].push((total() - before) / count);
      return time;
    };
    return pairedRounds(rounds + 1, {
      nbserve: measured('nbserve', async () => median(await cluster.ask('tensorCalls', { dims, count }))),
      bare: measured('bare', () => bareTimes(session, dims, count)),
    });
  });
  await session.release();
  // The first round is the warm-up.
  const [ours, theirs, ourCpu, theirCpu] = [found.nbserve, found.bare, cpu.nbserve, cpu.bare].map((each) => each.slice(1));
  return {
    name,
    ours: ms(median(ours)),
    peer: `bare session.run: ${ms(median(theirs))}`,
    ratio: ratioOf(ours, theirs),
    aim,
    note: `CPU time: ${ms(median(ourCpu))}, bare ${ms(median(theirCpu))}`,
  };
}

async function answersMeanwhile({ rounds }, path) {
  const found = await withModel([path, {}], {}, async (cluster) => {
    const times = [];
    for (let round = 0; round < rounds; round += 1)
      times.push(...(await cluster.ask('callsMeanwhile', { dims: [512, 512], ms: 2000 })));
    return times;
  });
  return [0.5, 0.99].map((q) => ({
    name: `another call of a replica while a model runs for 2 s, p${q * 100}`,
    ours: ms(quantile(found, q)),
    ...(q === 0.99 && { note: 'at most 20 ms wanted' }),
  }));
}

/** The memory of four replicas, without what they take without a model. */
async function memory(path) {
  const measure = (args) =>
    withModel(args, { numReplicas: 4 }, async (cluster) => {
      const operation = args[0] === null ? 'calls' : 'tensorCalls';
      await cluster.ask(operation, { dims: [1, 2048], count: 60, method: 'ping' });
      return memoryMiB(cluster.pids().replica);
    });
  const weights = 200;
  const without = await measure([null, {}]);
  const shared = (await measure([path, { shareWeights: true }])) - without;
  const apart = (await measure([path, {}])) - without;
  return {
    name: `memory of four replicas of a ${weights} MiB model that share its weights`,
    ours: `${Math.round(shared)} MiB, ${(shared / weights).toFixed(2)} × the weights`,
    peer: `without shareWeights: ${Math.round(apart)} MiB`,
  };
}

export async function run(context) {
  const folder = mkdtempSync(join(tmpdir(), 'nbs-bench-'));
  process.env.NBSERVE_CACHE = join(folder, 'cache');
  try {
    const models = writeModels(folder);
    const quick = context.isQuick ? 4 : 1;
    return [
      await overhead(context, {
        name: 'ResNet18, batch of 1, by handle',
        path: models.resnet18,
        dims: [1, 3, 224, 224],
        count: 40 / quick,
        aim: { atMost: 1.05 },
      }),
      await overhead(context, {
        name: 'MNIST, batch of 32, by handle',
        path: MNIST,
        dims: [32, 1, 28, 28],
        count: 200 / quick,
        aim: { atMost: 1.1 },
      }),
      ...(await answersMeanwhile(context, models.slow)),
      await memory(models.large),
    ];
  } finally {
    delete process.env.NBSERVE_CACHE;
    rmSync(folder, { recursive: true });
  }
}
