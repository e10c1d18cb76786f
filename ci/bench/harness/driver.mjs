// A script that owns a cluster. cluster.mjs starts it and sends it operations over its IPC channel.
import { serve } from 'nbserve';
import { onnx } from 'nbserve/onnx';

let handle;
let served;

const tensorOf = (dims) => ({ type: 'float32', dims, data: new Float32Array(dims.reduce((a, b) => a * b, 1)).fill(0.5) });

const operations = {
  start: (options) => serve.start(options),
  async run({ app, args, options, name, routePrefix }) {
    const { default: deployment } = await import(app);
    const bound = deployment.options(options ?? {}).bind(...(args ?? []));
    handle = await serve.run(bound, { name, routePrefix });
    return handle.url;
  },
  /** The times of calls one after the other, in ms. */
  async calls({ count, method = 'echo' }) {
    const times = [];
    for (let at = 0; at < count; at += 1) {
      const begun = performance.now();
      await handle[method].remote('x');
      times.push(performance.now() - begun);
    }
    return times;
  },
  async serveModel({ path, options }) {
    [served] = await onnx.serve(path, options);
    return served.url;
  },
  /** Runs the served model by its handle, `connections` calls at a time. */
  async runs({ input, dims, connections, seconds }) {
    const feeds = { [input]: onnx.tensor(new Float32Array(dims.reduce((product, dim) => product * dim, 1)), dims) };
    const times = [];
    const begun = performance.now();
    const work = async () => {
      while (performance.now() - begun < seconds * 1000) {
        const sent = performance.now();
        await served.run(feeds);
        times.push(performance.now() - sent);
      }
    };
    await Promise.all(Array.from({ length: connections }, work));
    const took = (performance.now() - begun) / 1000;
    times.sort((a, b) => a - b);
    const at = (q) => times[Math.floor(q * times.length)] ?? 0;
    return { perSecond: times.length / took, p50: at(0.5), p99: at(0.99) };
  },
  /** The times of calls with a tensor of these dimensions, in ms. */
  async tensorCalls({ dims, count }) {
    const tensor = tensorOf(dims);
    const times = [];
    for (let at = 0; at < count; at += 1) {
      const begun = performance.now();
      await handle.run.remote(tensor);
      times.push(performance.now() - begun);
    }
    return times;
  },
  /** The times of other calls while the replica works on a tensor of these dimensions for `ms`. */
  async callsMeanwhile({ dims, ms }) {
    let works = true;
    const work = handle.work.remote(tensorOf(dims), ms).then(() => {
      works = false;
    });
    const times = [];
    while (works) {
      const begun = performance.now();
      await handle.ping.remote();
      times.push(performance.now() - begun);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await work;
    return times;
  },
  call: ({ method, args = [] }) => handle[method].remote(...args),
  status: () => serve.status(),
  delete: (name) => serve.delete(name),
  shutdown: () => serve.shutdown(),
};

process.on('message', (/** @type {{ id: number, operation: string, args: any }} */ message) => void answer(message));
process.on('disconnect', () => process.exit(0));

async function answer({ id, operation, args }) {
  try {
    process.send({ id, value: await operations[operation](args) });
  } catch (error) {
    process.send({ id, error: error.stack ?? String(error) });
  }
}
