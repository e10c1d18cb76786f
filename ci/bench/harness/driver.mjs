// A script that owns a cluster. cluster.mjs starts it and sends it operations over its IPC channel.
import { serve } from 'nbserve';

let handle;

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

process.on('message', async ({ id, operation, args }) => {
  try {
    process.send({ id, value: await operations[operation](args) });
  } catch (error) {
    process.send({ id, error: error.stack ?? String(error) });
  }
});
process.on('disconnect', () => process.exit(0));
