// A process that runs cases: it gets one at a time, and answers null, or why the case fails. It may end by a case.
import { createRequire } from 'node:module';
import { fromFloat16, load } from '../../lib/dist/onnx/index.js';
import { difference, toTensor } from './case-values.mjs';

const [, , kind, runIn] = /** @type {any[]} */ (process.argv);
const isBare = kind === 'bare';
const ort = createRequire(import.meta.url)('onnxruntime-node');
ort.env.logLevel = 'fatal';

async function runBare(model, feeds) {
  const session = await ort.InferenceSession.create(model, { executionProviders: ['cpu'], logSeverityLevel: 4 });
  try {
    const entries = Object.entries(feeds).map(([name, { type, dims, data }]) => [name, new ort.Tensor(type, data, dims)]);
    return await session.run(Object.fromEntries(entries));
  } finally {
    await session.release();
  }
}

async function runOurs(path, feeds) {
  const model = await load(path, { device: 'cpu', logLevel: 'fatal', ...(runIn === undefined ? {} : { runIn }) });
  try {
    return await model.run(feeds);
  } finally {
    await model.dispose();
  }
}

const bits = (data) => new Uint16Array(data.buffer, data.byteOffset, data.length);

async function failure({ model, tests }) {
  for (const { inputs, outputs } of tests) {
    const feeds = Object.fromEntries(inputs.map((input) => [input.name, toTensor(input)]));
    const found = await (isBare ? runBare : runOurs)(model, feeds);
    for (const output of outputs) {
      const wrong = difference(found[output.name], toTensor(output), (data) => fromFloat16(bits(data)));
      if (wrong !== null) return `${output.name}: ${wrong}`;
    }
  }
  return null;
}

/** @param {{ model: any, tests: any }} each */
async function answer(each) {
  try {
    process.send({ failure: await failure(each) });
  } catch (error) {
    process.send({ failure: `${error.code === undefined ? '' : `${error.code}: `}${error.message}` });
  }
}

process.on('message', (/** @type {{ model: any, tests: any }} */ each) => void answer(each));
process.on('disconnect', () => process.exit(0));
process.send('ready');
