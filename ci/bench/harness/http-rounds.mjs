// The two comparisons that every HTTP benchmark makes, at 1 and 32 connections.
import { fileURLToPath } from 'node:url';
import { Cluster } from './cluster.mjs';
import { load } from './load.mjs';
import { firstLine, start, stop } from './processes.mjs';
import { median, pairedRounds, ratioOf } from './rounds.mjs';

const BARE = fileURLToPath(new URL('../peers/bare.mjs', import.meta.url));
const CONNECTIONS = [1, 32];
const WARM_UP = { connections: 32, seconds: 2 };

/** Against one Fastify process that gives the same answers. */
export async function httpRounds(context, { name, app, args, path, body, peerArgs = [], aims }) {
  const bare = start(process.execPath, [BARE, ...peerArgs]);
  const cluster = new Cluster();
  try {
    const peerUrl = (await firstLine(bare)) + path;
    const url = await cluster.run(app, { args, name: app, routePrefix: path });
    const { proxy, replica } = cluster.pids();
    const ours = { proxy: proxy[0], replica: replica[0] };
    await load(peerUrl, { body, ...WARM_UP });
    await load(url, { body, ...WARM_UP });
    const rows = [];
    for (const connections of CONNECTIONS) {
      const options = { body, connections, seconds: context.seconds };
      const found = await pairedRounds(context.rounds, {
        nbserve: () => load(url, { ...options, pids: ours }),
        bare: () => load(peerUrl, { ...options, pids: { bare: bare.pid } }),
      });
      rows.push({
        name: `${name}, ${connections} connection${connections === 1 ? '' : 's'}`,
        ours: describe(found.nbserve),
        peer: `bare Fastify: ${describe(found.bare)}`,
        ratio: ratioOf(rates(found.nbserve), rates(found.bare)),
        ...(aims[connections] === undefined ? {} : { aim: { atLeast: aims[connections] } }),
        cpu: { nbserve: cpuOf(found.nbserve), 'bare Fastify': cpuOf(found.bare) },
      });
    }
    return rows;
  } finally {
    await stop(bare);
    await cluster.end();
  }
}

/** Against Ray Serve, which runs already. A few rounds do: it is two orders of magnitude away. */
export async function besideRay(context, ray, { name, app, args, path, body, aims }) {
  const cluster = new Cluster();
  try {
    const url = await cluster.run(app, { args, name: app, routePrefix: path });
    await load(url, { body, ...WARM_UP });
    await load(ray.url + path, { body, ...WARM_UP });
    const rows = [];
    for (const connections of CONNECTIONS) {
      const options = { body, connections, seconds: context.seconds };
      const found = await pairedRounds(context.peerRounds, {
        nbserve: () => ray.suspended(() => load(url, options)),
        ray: async () => {
          const before = ray.cpuMs();
          const one = await load(ray.url + path, options);
          const us = ((ray.cpuMs() - before) * 1000) / (one.perSecond * context.seconds);
          return { ...one, cpu: { 'all of Ray': us, load: one.cpu.load } };
        },
      });
      rows.push({
        name: `${name}, ${connections} connection${connections === 1 ? '' : 's'}`,
        ours: describe(found.nbserve),
        peer: `Ray Serve: ${describe(found.ray)}`,
        ratio: ratioOf(rates(found.nbserve), rates(found.ray)),
        ...(aims[connections] === undefined ? {} : { aim: { atLeast: aims[connections] } }),
        cpu: { 'Ray Serve': cpuOf(found.ray) },
      });
    }
    return rows;
  } finally {
    await cluster.end();
  }
}

const rates = (found) => found.map((one) => one.perSecond);

function describe(found) {
  const middle = (pick) => median(found.map(pick));
  const ms = (value) => `${value < 10 ? value.toFixed(2) : value.toFixed(0)} ms`;
  const rate = Math.round(middle((one) => one.perSecond)).toLocaleString('en-US');
  return `${rate} req/s, p50 ${ms(middle((one) => one.p50))}, p99 ${ms(middle((one) => one.p99))}`;
}

/** Median CPU time per request by process, in µs. */
function cpuOf(found) {
  return Object.fromEntries(Object.keys(found[0].cpu).map((name) => [name, median(found.map((one) => one.cpu[name]))]));
}
