// Measures the start of a new replica with and without a waiting spare process, also on another machine, and the memory of a cluster with three small apps.
import { setTimeout as delay } from 'node:timers/promises';
import { Cluster } from './harness/cluster.mjs';
import { HEAD, OtherMachine } from './harness/other-machine.mjs';
import { memoryMiB } from './harness/processes.mjs';
import { median, pairedRounds, ratioOf } from './harness/rounds.mjs';

const APPS = ['one', 'two', 'three'];
const SETTLE_MS = 2000;
/** The memory of Ray's three apps when the aim was set: 1.84 GB. The Ray of this run has a row of its own. */
const RAYS_MIB_THEN = 1.84e9 / 2 ** 20;
/** The time of a new replica of Ray Serve on this kind of machine when the aim was set. */
const RAYS_REPLICA_MS = 3000;
/** A new replica on a node that has a spare process must not take longer. */
const FAR_REPLICA_MS = 200;

/** The time from SIGKILL of the only replica to the first answer of its replacement. */
async function replacement(cluster, url) {
  const { applications } = await cluster.ask('status');
  const { pid } = applications.echo.deployments.Echo.replicas.find(({ state }) => state === 'RUNNING');
  const begun = performance.now();
  process.kill(pid, 'SIGKILL');
  for (;;) {
    const { status } = await fetch(url, { method: 'POST', body: '{"input":"x"}' });
    if (status === 200 && !cluster.pids().replica.includes(pid)) return performance.now() - begun;
    await delay(2);
  }
}

async function threeApps() {
  const cluster = new Cluster();
  try {
    for (const name of APPS) await cluster.run('echo', { name, routePrefix: `/${name}` });
    await delay(SETTLE_MS);
    const pids = cluster.pids();
    return {
      all: memoryMiB(Object.values(pids).flat()),
      each: Object.entries(pids).map(([role, some]) => [role, memoryMiB(some) / some.length]),
    };
  } finally {
    await cluster.end();
  }
}

/** Measures how long a cluster takes for a new replica: one more of an application, the replacement of a killed one, the next version, another application. */
class NewReplicas {
  #cluster = new Cluster();
  #spareReplicas;
  #next = 0;
  #url;

  constructor(spareReplicas) {
    this.#spareReplicas = spareReplicas;
  }

  async open() {
    await this.#cluster.ask('start', { spareReplicas: this.#spareReplicas });
    this.#url = await this.#run('echo', '/', 1);
  }

  async round() {
    const found = {};
    for (const what of ['more', 'replaced', 'updated', 'another']) {
      // Waits until the last change is done, and a spare process waits if there should be one.
      await delay(SETTLE_MS);
      found[what] = await this[what]();
    }
    return found;
  }

  async more() {
    const time = await timed(() => this.#run('echo', '/', 2));
    await this.#run('echo', '/', 1);
    return time;
  }

  replaced() {
    return replacement(this.#cluster, this.#url);
  }

  updated() {
    this.#next += 1;
    return timed(() => this.#run('echo', '/', 1));
  }

  async another() {
    const time = await timed(() => this.#run('another', '/another', 1));
    await this.#cluster.ask('delete', 'another');
    return time;
  }

  end() {
    return this.#cluster.end();
  }

  #run(name, routePrefix, numReplicas) {
    return this.#cluster.run('echo', { name, routePrefix, options: { numReplicas }, args: [`version ${this.#next} `] });
  }
}

/** The time of `serve.run` for the second replica, on a node of another machine that has a spare process and the code of the first one. */
async function onOtherMachine({ rounds }) {
  const cluster = new Cluster();
  const machine = new OtherMachine();
  // The head has no room.
  const options = { resources: { cpu: 0.01 } };
  const run = (numReplicas) => cluster.run('echo', { name: 'echo', routePrefix: '/', options: { ...options, numReplicas } });
  const found = [];
  try {
    await cluster.ask('start', { machines: { host: HEAD }, resources: { cpu: 0 }, port: 0 });
    await machine.join(cluster);
    for (let round = 0; round < rounds; round += 1) {
      await run(1);
      await delay(SETTLE_MS);
      found.push(await timed(() => run(2)));
      const { replicas } = (await cluster.ask('status')).applications.echo.deployments.Echo;
      if (replicas.some(({ node }) => node !== 'other')) throw new Error('a replica runs on the head');
    }
  } finally {
    await cluster.end();
    await machine.end();
  }
  return found;
}

async function timed(work) {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

async function times({ rounds }) {
  const warm = new NewReplicas(1);
  const cold = new NewReplicas(0);
  try {
    await warm.open();
    await cold.open();
    return await pairedRounds(rounds, { warm: () => warm.round(), cold: () => cold.round() });
  } finally {
    await warm.end();
    await cold.end();
  }
}

const mib = (value) => `${Math.round(value)} MiB`;
const single = (ratio) => ({ median: ratio, min: ratio, max: ratio });
let memory;

export async function run(context) {
  const found = await times(context);
  const of = (side, what) => found[side].map((round) => round[what]);
  const ms = (side, what) => `${median(of(side, what)).toFixed(0)} ms`;
  const row = (name, what) => ({
    name,
    ours: ms('warm', what),
    peer: `without a spare process: ${ms('cold', what)}`,
    ratio: ratioOf(of('warm', what), of('cold', what)),
  });
  const far = await onOtherMachine(context);
  memory = await threeApps();
  const each = memory.each.map(([role, size]) => `${role} ${mib(size)}`).join(', ');
  return [
    {
      name: 'one replica more, until it takes requests',
      ours: ms('warm', 'more'),
      peer: `Ray's replica when the aim was set: ${RAYS_REPLICA_MS} ms`,
      ratio: single(median(of('warm', 'more')) / RAYS_REPLICA_MS),
      aim: { atMost: 1 / 20 },
    },
    row('the same', 'more'),
    {
      name: 'the same on a node of another machine, over TCP and TLS',
      ours: `${median(far).toFixed(0)} ms`,
      peer: `the aim: ${FAR_REPLICA_MS} ms`,
      ratio: ratioOf(
        far,
        far.map(() => FAR_REPLICA_MS),
      ),
      aim: { atMost: 1 },
    },
    row('SIGKILL of the only replica → first answer of its successor', 'replaced'),
    row('update from a script: serve.run with new arguments', 'updated'),
    row('a second application from a script', 'another'),
    ...(memory.all === 0
      ? []
      : [
          {
            name: 'memory (PSS), cluster + three small apps',
            ours: `${mib(memory.all)} (${each})`,
            peer: `Ray Serve when the aim was set: ${mib(RAYS_MIB_THEN)}`,
            ratio: single(memory.all / RAYS_MIB_THEN),
            aim: { atMost: 1 / 5 },
          },
        ]),
  ];
}

export async function withRay(_context, ray) {
  for (const name of APPS.slice(1)) await ray.ask('another', name);
  await delay(SETTLE_MS);
  memory ??= await threeApps();
  const theirs = memoryMiB(ray.pids());
  if (theirs === 0) return [];
  return [
    {
      name: 'memory (PSS), cluster + three small apps',
      ours: mib(memory.all),
      peer: `Ray Serve: ${mib(theirs)}`,
      ratio: single(memory.all / theirs),
    },
  ];
}
