// Measures the Open Inference Protocol: a picture of MNIST as binary data over HTTP, compared with the same model by its handle, and the same picture as JSON.
import { fileURLToPath } from 'node:url';
import { Cluster } from './harness/cluster.mjs';
import { describe, rates } from './harness/http-rounds.mjs';
import { load } from './harness/load.mjs';
import { pairedRounds, ratioOf } from './harness/rounds.mjs';

const MODEL = fileURLToPath(new URL('../../datasets/mnist/mnist-cnn.onnx', import.meta.url));
const DIMS = [1, 1, 28, 28];
const CONNECTIONS = [1, 32];
const BATCHES = [1, 8];
const WARM_UP_SECONDS = 2;

/** @returns {{ body: Uint8Array, type: string, headers: Record<string, string> }} */
function binary(dims) {
  const data = new Uint8Array(dims.reduce((product, dim) => product * dim, 1) * Float32Array.BYTES_PER_ELEMENT);
  const input = { name: 'image', shape: dims, datatype: 'FP32', parameters: { binary_data_size: data.length } };
  const head = Buffer.from(JSON.stringify({ inputs: [input], parameters: { binary_data_output: true } }));
  return {
    body: Buffer.concat([head, data]),
    type: 'application/octet-stream',
    headers: { 'inference-header-content-length': String(head.length) },
  };
}

function json(dims) {
  const data = new Array(dims.reduce((product, dim) => product * dim, 1)).fill(0.5);
  return { body: JSON.stringify({ inputs: [{ name: 'image', shape: dims, datatype: 'FP32', data }] }) };
}

export async function run(context) {
  const cluster = new Cluster();
  try {
    await cluster.ask('start', { port: 0 });
    const options = { name: 'mnist', device: 'cpu', intraOpThreads: 1 };
    const url = `${await cluster.ask('serveModel', { path: MODEL, options })}/infer`;
    const rows = [];
    for (const batch of BATCHES) {
      const dims = [batch, ...DIMS.slice(1)];
      const sides = (connections, seconds) => ({
        binary: () => load(url, { ...binary(dims), connections, seconds }),
        json: () => load(url, { ...json(dims), connections, seconds }),
        handle: () => cluster.ask('runs', { input: 'image', dims, connections, seconds }),
      });
      for (const side of Object.values(sides(32, WARM_UP_SECONDS))) await side();
      for (const connections of CONNECTIONS) {
        const found = await pairedRounds(context.rounds, sides(connections, context.seconds));
        for (const side of /** @type {const} */ (['binary', 'json']))
          rows.push({
            name: `inference protocol, ${side}, batch ${batch}, ${connections} connection${connections === 1 ? '' : 's'}`,
            ours: describe(found[side]),
            peer: `by handle: ${describe(found.handle)}`,
            ratio: ratioOf(rates(found[side]), rates(found.handle)),
            ...(side === 'binary' ? { aim: { atLeast: 0.8 } } : {}),
          });
      }
    }
    return rows;
  } finally {
    await cluster.end();
  }
}
