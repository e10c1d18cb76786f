// Processes: a replica's cold start, and what a cluster with three small apps weighs.
import { setTimeout as delay } from 'node:timers/promises';
import { Cluster } from './harness/cluster.mjs';
import { memoryMiB } from './harness/processes.mjs';
import { median } from './harness/rounds.mjs';

const APPS = ['one', 'two', 'three'];
const SETTLE_MS = 2000;
/** Ray's three apps when the aim was set: 1.84 GB. This run's Ray has a row of its own. */
const RAYS_MIB_THEN = 1.84e9 / 2 ** 20;

/** From SIGKILL of the only replica to the first answer of the one that takes its place. */
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

async function times(context) {
  const cluster = new Cluster();
  try {
    const url = await cluster.run('echo', { name: 'echo', routePrefix: '/' });
    const replaced = [];
    const updated = [];
    for (let round = 0; round < context.rounds; round += 1) {
      replaced.push(await replacement(cluster, url));
      const begun = performance.now();
      await cluster.run('echo', { name: 'echo', routePrefix: '/', args: [`version ${round} `] });
      updated.push(performance.now() - begun);
    }
    return { replaced: median(replaced), updated: median(updated) };
  } finally {
    await cluster.end();
  }
}

const mib = (value) => `${Math.round(value)} MiB`;
const single = (ratio) => ({ median: ratio, min: ratio, max: ratio });
let memory;

export async function run(context) {
  const { replaced, updated } = await times(context);
  memory = await threeApps();
  const each = memory.each.map(([role, size]) => `${role} ${mib(size)}`).join(', ');
  return [
    { name: 'SIGKILL of the only replica → first answer of its successor', ours: `${replaced.toFixed(0)} ms` },
    { name: 'update from a script: serve.run with new arguments', ours: `${updated.toFixed(0)} ms` },
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
