// Measures a request with a digit's 784 grey values as JSON, which is answered with its class: onnxruntime on one thread, compared with Fastify + onnxruntime-node in one process, then with Ray Serve.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { besideRay, httpRounds } from './harness/http-rounds.mjs';

const folder = new URL('../../datasets/mnist/', import.meta.url);
const model = fileURLToPath(new URL('mnist-cnn.onnx', folder));
const IDX_HEADER = 16;
const pixels = readFileSync(new URL('t10k-1000-images-idx3-ubyte', folder)).subarray(IDX_HEADER, IDX_HEADER + 28 * 28);
const image = Array.from(pixels, (value) => Number(((value / 255 - 0.1307) / 0.3081).toFixed(4)));
export const mnistSetting = {
  name: 'MNIST',
  app: 'mnist',
  args: [model],
  path: '/mnist',
  body: JSON.stringify({ image }),
  peerArgs: ['--model', model],
};

// A separate replica needs two processes. So this peer shows what is possible with one connection, when nothing runs in parallel.
const apart = (folder) => ({
  ...mnistSetting,
  name: 'MNIST beside two processes',
  peerName: 'bare Fastify, the model in a second process',
  peerArgs: [...mnistSetting.peerArgs, '--apart', join(folder, 'model.sock')],
  aims: { 1: 0.9 },
});
const batched = { ...mnistSetting, name: 'MNIST with serve.batch', app: 'mnist-batched', connections: [32], aims: { 32: 1.2 } };

export async function run(context) {
  const folder = mkdtempSync(join(tmpdir(), 'nbs-bench-'));
  try {
    return [
      ...(await httpRounds(context, { ...mnistSetting, aims: { 32: 0.8 } })),
      ...(await httpRounds(context, apart(folder))),
      ...(await httpRounds(context, batched)),
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}
export const withRay = async (context, ray) => {
  await ray.ask('mnist', model);
  return besideRay(context, ray, { ...mnistSetting, aims: {} });
};
