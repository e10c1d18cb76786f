// `npm run simulate -- --large`: what a cluster of 100 nodes with 2,000 replicas costs the processes that there is one of. Processes of nodes are connections.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Authority, callOp, connect, FeedPublisher, FeedSubscriber, handleOps, helloOf, listen } from './library.mjs';

const TOKEN = 'secret';
const CALLS = 20_000;
export const AT_ONCE = 32;
const CHANGES = 200;

const cpuMs = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

/** The side that there is one of: the controller, or a replica. It is a process of its own, so that its CPU time and memory can be told apart. */
async function serveOne({ identity, path, apps, perApp }) {
  const routes = routesOf(apps, perApp);
  const feeds = new FeedPublisher();
  feeds.set('routes', routes);
  const options = {
    token: TOKEN,
    hello: helloOf('controller', 'one'),
    onChannel: (channel) => {
      channel.onCall = handleOps({
        echo: (value) => value,
        spent: () => ({ cpuMs: cpuMs(), rss: process.memoryUsage().rss }),
        publish: () => {
          for (let i = 0; i < CHANGES; i += 1) feeds.set('routes', { ...routes, [`app${i}`]: { ...routes.app0, name: `x${i}` } });
          return undefined;
        },
      });
      if (channel.peer.role === 'proxy') feeds.attach(channel);
    },
  };
  const address = path === undefined ? { host: '127.0.0.1', port: 0, tls: identity } : { path };
  process.send((await listen(address, options)).address);
  process.on('disconnect', () => process.exit(0));
}

function start(given) {
  const child = fork(fileURLToPath(import.meta.url), [JSON.stringify(given)], { execArgv: ['--expose-gc'] });
  return new Promise((resolve) => child.once('message', (address) => resolve({ address, end: () => child.disconnect() })));
}

/** The routes of `apps` deployments with `perApp` replicas on other machines. */
function routesOf(apps, perApp) {
  const place = (app, i) => `tls:node-${i}/10.0.0.${i}/40000/${'a'.repeat(32)}/r/Main-${app}-${i}`;
  const route = (app) => ({
    ...{ app: `app${app}`, name: 'Main', maxOngoingRequests: 5, maxQueuedRequests: -1, requestTimeoutMs: null, idempotent: [] },
    ...{ methods: ['answer'], http: true },
    replicas: Array.from({ length: perApp }, (_, i) => ({ id: `Main#${app}-${i}`, path: place(app, i) })),
  });
  return Object.fromEntries(Array.from({ length: apps }, (_, app) => [`app${app}`, route(app)]));
}

/** `count` processes connect at the same moment, as after a restart of the controller. */
async function connectAll(count, one, identity) {
  const address = { ...one.address, tls: identity };
  const control = await connect(address, { token: TOKEN, hello: helloOf('agent', 'control') });
  const before = await callOp(control, 'spent', undefined);
  const own = { cpuMs: cpuMs(), rss: process.memoryUsage().rss };
  const begun = performance.now();
  let attempts = 0;
  const subscribers = Array.from({ length: count }, (_, i) => {
    return new FeedSubscriber({
      connect: () => {
        attempts += 1;
        return connect(address, { token: TOKEN, hello: helloOf('proxy', String(i)) });
      },
      onValue: () => {},
    });
  });
  await Promise.all(subscribers.map((one) => one.start()));
  const wallMs = performance.now() - begun;
  const after = await callOp(control, 'spent', undefined);
  const cost = {
    count,
    attempts,
    wallMs,
    oneCpuMs: (after.cpuMs - before.cpuMs) / count,
    othersCpuMs: (cpuMs() - own.cpuMs) / count,
    oneKiB: (after.rss - before.rss) / 1024 / count,
  };
  await callOp(control, 'publish', undefined);
  const published = await callOp(control, 'spent', undefined);
  for (const subscriber of subscribers) subscriber.stop();
  control.close();
  return { ...cost, changeMs: (published.cpuMs - after.cpuMs) / CHANGES };
}

/** CPU time of a call for both sides together, in µs. */
async function calls(address) {
  const channel = await connect(address, { token: TOKEN, hello: helloOf('agent', 'calls') });
  const run = async (count) => {
    let left = count;
    const worker = async () => {
      while (left > 0) {
        left -= 1;
        await callOp(channel, 'echo', 'hello');
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  };
  await run(CALLS / 4);
  const before = { one: (await callOp(channel, 'spent', undefined)).cpuMs, own: cpuMs() };
  await run(CALLS);
  const spent = (await callOp(channel, 'spent', undefined)).cpuMs - before.one + cpuMs() - before.own;
  channel.close();
  return (spent * 1000) / CALLS;
}

/** @param counts how many processes connect to one other at the same moment */
export async function largeCosts({ apps, perApp, counts }) {
  const authority = new Authority(TOKEN);
  const identity = authority.identity('one');
  const connected = [];
  for (const count of counts) {
    const one = await start({ identity, apps, perApp });
    connected.push(await connectAll(count, one, identity));
    one.end();
  }
  const path = `/tmp/nbsim-${process.pid}.sock`;
  const [near, far] = [await start({ path, apps: 1, perApp: 1 }), await start({ identity, apps: 1, perApp: 1 })];
  const unixUs = await calls(near.address);
  const tlsUs = await calls({ ...far.address, tls: identity });
  near.end();
  far.end();
  return { connected, unixUs, tlsUs, snapshotBytes: JSON.stringify(routesOf(apps, perApp)).length };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await serveOne(JSON.parse(process.argv[2]));
