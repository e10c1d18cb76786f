// Trains the CNN of train.mjs with TensorFlow.js on its wasm backend. Argument: the package's folder. Each line of stdin is a number of steps; the answer is samples per second.
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';

const from = createRequire(process.argv[2] ?? '');
const tf = from('@tensorflow/tfjs');
const wasm = from('@tensorflow/tfjs-backend-wasm');

const BATCH = 64;
wasm.setWasmPaths(`${dirname(from.resolve('@tensorflow/tfjs-backend-wasm'))}/`);
wasm.setThreadsCount(1);

// The backend has no gradient of a filter. It is a convolution of the input with the output's gradient, with batch and channels swapped.
tf.registerKernel({
  kernelName: 'Conv2DBackpropFilter',
  backendName: 'wasm',
  kernelFunc: ({ inputs }) =>
    tf.tidy(() => {
      const engine = tf.engine();
      const [x, dy] = [inputs.x, inputs.dy].map((each) => engine.makeTensorFromTensorInfo(each));
      const wide = tf.conv2d(tf.transpose(x, [3, 1, 2, 0]), tf.transpose(dy, [1, 2, 0, 3]), 1, 'valid');
      return tf.transpose(wide, [1, 2, 0, 3]);
    }),
});
await tf.setBackend('wasm');
const model = tf.sequential({
  layers: [
    tf.layers.conv2d({ inputShape: [28, 28, 1], filters: 8, kernelSize: 3, activation: 'relu' }),
    tf.layers.maxPooling2d({ poolSize: 2 }),
    tf.layers.conv2d({ filters: 16, kernelSize: 3, activation: 'relu' }),
    tf.layers.maxPooling2d({ poolSize: 2 }),
    tf.layers.flatten(),
    tf.layers.dense({ units: 10 }),
  ],
});
const optimizer = tf.train.adam(1e-3);
const x = tf.randomUniform([BATCH, 28, 28, 1], -1, 1);
const labels = Int32Array.from({ length: BATCH }, (_, i) => i % 10);
const y = tf.oneHot(tf.tensor1d(labels, 'int32'), 10);

function step() {
  const loss = optimizer.minimize(() => tf.losses.softmaxCrossEntropy(y, model.apply(x)), true);
  loss.dataSync();
  loss.dispose();
}

for await (const line of createInterface({ input: process.stdin })) {
  for (let i = 0; i < 3; i += 1) step();
  const begun = performance.now();
  for (let i = 0; i < Number(line); i += 1) step();
  console.log((Number(line) * BATCH * 1000) / (performance.now() - begun));
}
