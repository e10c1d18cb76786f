// A script that owns a cluster. cluster.mjs starts it and sends it operations over its IPC channel.
import { serve } from 'nbserve';

let handle;

const operations = {
  start: (options) => serve.start(options),
  async run({ app, args, options, name, routePrefix }) {
    const { default: deployment } = await import(app);
    const bound = deployment.options(options ?? {}).bind(...(args ?? []));
    handle = await serve.run(bound, { name, routePrefix });
    return handle.url;
  },
  /** The times of calls one after the other, in ms. */
  async calls({ count }) {
    const times = [];
    for (let at = 0; at < count; at += 1) {
      const begun = performance.now();
      await handle.echo.remote('x');
      times.push(performance.now() - begun);
    }
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
