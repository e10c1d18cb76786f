// The two comparisons that every HTTP benchmark makes, at 1 and 32 connections.
import { fileURLToPath } from 'node:url';
import { Cluster } from './cluster.mjs';
import { load } from './load.mjs';
import { descendants, firstLine, start, stop } from './processes.mjs';
import { median, pairedRounds, ratioOf } from './rounds.mjs';

const BARE = fileURLToPath(new URL('../peers/bare.mjs', import.meta.url));
const CONNECTIONS = [1, 32];
const WARM_UP = { connections: 32, seconds: 2 };

/**
 * @typedef {object} HttpSetting
 * @property {string} name
 * @property {string} app file below `apps/`, without `.mjs`
 * @property {unknown[]} [args] arguments of `bind`
 * @property {string} path
 * @property {string | Uint8Array} body
 * @property {string} [type] content type of the body
 * @property {string} [peerName]
 * @property {{ child: import('node:child_process').ChildProcess, url: string }} [peer] a server that runs already, instead of bare Fastify; it is ended
 * @property {string[]} [peerArgs]
 * @property {number[]} [connections]
 * @property {Record<number, number>} aims the smallest ratio of the rates, by connections
 * @property {() => { open(): Promise<void>, url: string, suspended(work: () => unknown): unknown, end(): Promise<void> }} [open] a cluster other than one with the app on this machine
 * @property {Record<number, number>} [p50Aims] the largest ratio of the median times, by connections
 */

/**
 * Compares with one Fastify process that gives the same answers, or with the peer in `peerName`.
 * @param {any} context
 * @param {HttpSetting} setting
 */
export async function httpRounds(
  context,
  { name, app, args, path, body, type, peerName = 'bare Fastify', peer, peerArgs = [], connections: all = CONNECTIONS, aims },
) {
  const bare = peer?.child ?? start(process.execPath, [BARE, ...peerArgs]);
  const cluster = new Cluster();
  try {
    const peerUrl = (peer?.url ?? (await firstLine(bare))) + path;
    const url = await cluster.run(app, { args, name: app, routePrefix: path });
    const { proxy, replica } = cluster.pids();
    const bareAll = descendants(bare.pid).map(({ pid }) => pid);
    await load(peerUrl, { body, type, ...WARM_UP });
    await load(url, { body, type, ...WARM_UP });
    const rows = [];
    for (const connections of all) {
      const options = { body, type, connections, seconds: context.seconds };
      const found = await pairedRounds(context.rounds, {
        nbserve: () => load(url, { ...options, pids: { proxy, replica } }),
        bare: () => load(peerUrl, { ...options, pids: { bare: bareAll } }),
      });
      rows.push({
        name: `${name}, ${connections} connection${connections === 1 ? '' : 's'}`,
        ours: describe(found.nbserve),
        peer: `${peerName}: ${describe(found.bare)}`,
        ratio: ratioOf(rates(found.nbserve), rates(found.bare)),
        ...(aims[connections] === undefined ? {} : { aim: { atLeast: aims[connections] } }),
        cpu: { nbserve: cpuOf(found.nbserve), [peerName]: cpuOf(found.bare) },
      });
    }
    return rows;
  } finally {
    await stop(bare);
    await cluster.end();
  }
}

/**
 * Measures two servers that give the same answers, in turns, at 1 and 32 connections.
 * @param {any} context
 * @param {string} body
 * @param {Record<string, string>} urls name → URL
 */
export async function roundsBetween(context, body, urls) {
  for (const url of Object.values(urls)) await load(url, { body, ...WARM_UP });
  const all = [];
  for (const connections of CONNECTIONS) {
    const options = { body, connections, seconds: context.seconds };
    const sides = Object.entries(urls).map(([name, url]) => [name, () => load(url, options)]);
    all.push({ connections, found: await pairedRounds(context.rounds, Object.fromEntries(sides)) });
  }
  return all;
}

/** One application in a cluster of its own. */
class OneApp {
  #cluster = new Cluster();
  #setting;
  url = '';

  constructor(setting) {
    this.#setting = setting;
  }

  async open() {
    const { app, args, path } = this.#setting;
    this.url = await this.#cluster.run(app, { args, name: app, routePrefix: path });
  }

  suspended(work) {
    return this.#cluster.suspended(work);
  }

  end() {
    return this.#cluster.end();
  }
}

/**
 * Compares with Ray Serve, which runs already. A few rounds are enough, because the difference is two orders of magnitude.
 * @param {any} context
 * @param {any} ray
 * @param {HttpSetting} setting
 */
export async function besideRay(context, ray, setting) {
  const { name, path, body, peerName = 'Ray Serve', aims, p50Aims = {}, open = () => new OneApp(setting) } = setting;
  const cluster = open();
  try {
    await cluster.open();
    const { url } = cluster;
    await load(url, { body, ...WARM_UP });
    await load(ray.url + path, { body, ...WARM_UP });
    const rows = [];
    for (const connections of CONNECTIONS) {
      const options = { body, connections, seconds: context.seconds };
      const found = await pairedRounds(context.peerRounds, {
        nbserve: () => ray.suspended(() => load(url, options)),
        ray: () =>
          cluster.suspended(async () => {
            const before = ray.cpuMs();
            const one = await load(ray.url + path, options);
            const us = ((ray.cpuMs() - before) * 1000) / (one.perSecond * context.seconds);
            return { ...one, cpu: { 'all of Ray': us, load: one.cpu.load } };
          }),
      });
      const what = `${name}, ${connections} connection${connections === 1 ? '' : 's'}`;
      rows.push({
        name: what,
        ours: describe(found.nbserve),
        peer: `${peerName}: ${describe(found.ray)}`,
        ratio: ratioOf(rates(found.nbserve), rates(found.ray)),
        ...(aims[connections] === undefined ? {} : { aim: { atLeast: aims[connections] } }),
        cpu: { [peerName]: cpuOf(found.ray) },
      });
      if (p50Aims[connections] === undefined) continue;
      const p50 = (some) => some.map((one) => one.p50);
      rows.push({
        name: `${what}, p50`,
        ours: ms(median(p50(found.nbserve))),
        peer: `${peerName}: ${ms(median(p50(found.ray)))}`,
        ratio: ratioOf(p50(found.nbserve), p50(found.ray)),
        aim: { atMost: p50Aims[connections] },
      });
    }
    return rows;
  } finally {
    await cluster.end();
  }
}

export const rates = (found) => found.map((one) => one.perSecond);

const ms = (value) => `${value < 10 ? value.toFixed(2) : value.toFixed(0)} ms`;

export function describe(found) {
  const middle = (pick) => median(found.map(pick));
  const rate = Math.round(middle((one) => one.perSecond)).toLocaleString('en-US');
  return `${rate} req/s, p50 ${ms(middle((one) => one.p50))}, p99 ${ms(middle((one) => one.p99))}`;
}

/** The median CPU time per request by process, in µs. */
export function cpuOf(found) {
  return Object.fromEntries(Object.keys(found[0].cpu).map((name) => [name, median(found.map((one) => one.cpu[name]))]));
}
