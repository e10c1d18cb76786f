// Measures a JSON echo whose replica is on another machine than the proxy: between them is TCP with TLS. Beside it the same on one machine, with a Unix socket
// between them, and Ray Serve in its fastest mode with its replica on another node than its proxy.
import { setTimeout as delay } from 'node:timers/promises';
import { Cluster } from './harness/cluster.mjs';
import { besideRay, describe, rates, roundsBetween } from './harness/http-rounds.mjs';
import { HEAD, OtherMachine } from './harness/other-machine.mjs';
import { suspended } from './harness/processes.mjs';
import { ratioOf } from './harness/rounds.mjs';

const name = 'JSON echo, replica on another machine';
const path = '/';
const body = JSON.stringify({ input: 'hello' });
/** The time for spare processes to start. */
const SETTLE_MS = 2000;

/** A cluster on two machines, with the proxy on the head and the replica on the other one. */
class TwoMachines {
  #cluster = new Cluster();
  #machine = new OtherMachine();
  url = '';

  async open() {
    await this.#cluster.ask('start', { machines: { host: HEAD }, resources: { cpu: 0 }, port: 0 });
    await this.#machine.join(this.#cluster);
    // The head has no room.
    const options = { resources: { cpu: 0.01 } };
    this.url = await this.#cluster.run('echo', { name: 'echo', routePrefix: path, options });
    const { replicas } = (await this.#cluster.ask('status')).applications.echo.deployments.Echo;
    if (replicas.some(({ node }) => node !== 'other')) throw new Error('a replica runs on the head');
    await delay(SETTLE_MS);
  }

  suspended(work) {
    return this.#cluster.suspended(() => suspended(this.#machine.pids(), work));
  }

  async end() {
    await this.#cluster.end();
    await this.#machine.end();
  }
}

/** @param {any} context */
export async function run(context) {
  const near = new Cluster();
  const far = new TwoMachines();
  try {
    const nearUrl = await near.run('echo', { name: 'echo', routePrefix: path });
    await far.open();
    const rows = [];
    for (const { connections, found } of await roundsBetween(context, body, { far: far.url, near: nearUrl })) {
      rows.push({
        name: `${name}, ${connections} connection${connections === 1 ? '' : 's'}`,
        ours: describe(found.far),
        peer: `on one machine: ${describe(found.near)}`,
        ratio: ratioOf(rates(found.far), rates(found.near)),
        ...(connections === 32 ? { aim: { atLeast: 0.7 } } : {}),
      });
    }
    return rows;
  } finally {
    await near.end();
    await far.end();
  }
}

/**
 * @param {any} context
 * @param {any} ray
 */
export function withRayNodes(context, ray) {
  const peerName = "Ray Serve's fastest mode with two nodes";
  return besideRay(context, ray, { name, app: 'echo', path, body, peerName, aims: {}, open: () => new TwoMachines() });
}
