// The training of train.mjs, in one process or in several: a CNN for MNIST, Adam, batches of 64.
import { Adam, DataLoader, Network, nn, tensorDataset, train } from 'nbserve/train';

const BATCH = 64;
const layers = nn.sequential(
  nn.conv2d(1, 8, 3),
  nn.relu(),
  nn.maxPool2d(2),
  nn.conv2d(8, 16, 3),
  nn.relu(),
  nn.maxPool2d(2),
  nn.flatten(),
  nn.linear(400, 10),
);

/** Makes the function that trains some steps, and returns the samples per second of this process. */
export async function stepper() {
  const network = await train.prepareModel(new Network(layers, { inputShape: [1, 28, 28], device: 'cpu', threads: 1 }));
  const optimizer = new Adam(network);
  const data = Float32Array.from({ length: BATCH * 784 }, (_, i) => Math.sin(i * 1.3));
  const labels = Int32Array.from({ length: BATCH }, (_, i) => i % 10);
  const x = /** @type {const} */ ({ type: 'float32', dims: [BATCH, 1, 28, 28], data });
  const y = /** @type {const} */ ({ type: 'int32', dims: [BATCH], data: labels });
  const loader = new DataLoader(tensorDataset(x, y), { batchSize: BATCH, shuffle: true });
  return async (/** @type {number} */ steps) => {
    const begun = performance.now();
    for (let i = 0; i < steps; i += 1) {
      for (const [images, targets] of loader) await network.backward(images, targets);
      optimizer.step();
    }
    return (steps * BATCH * 1000) / (performance.now() - begun);
  };
}

/** @param {{ steps: number }} config */
async function loop({ steps }) {
  const run = await stepper();
  await run(5);
  await train.report({ samplesPerSecond: await run(steps) });
}

export const trainer = new train.Trainer({ trainLoopPerWorker: loop, trainLoopConfig: { steps: 1 } });
