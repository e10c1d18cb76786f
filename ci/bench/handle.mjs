// Measures one call after the other through a typed handle, from a script to a replica.
import { Cluster } from './harness/cluster.mjs';
import { median, pairedRounds, quantile, ratioOf } from './harness/rounds.mjs';

const WARM_UP_CALLS = 2000;
const CALLS = 2000;
const RAY_CALLS = 300;

const ms = (value) => `${value.toFixed(value < 1 ? 3 : 1)} ms`;

function rowOf(q, label, found, aim) {
  const ours = found.nbserve.map((times) => quantile(times, q));
  const theirs = found.ray?.map((times) => quantile(times, q));
  return {
    name: `handle call, ${label}`,
    ours: ms(median(ours)),
    ...(theirs === undefined ? {} : { peer: `Ray Serve: ${ms(median(theirs))}`, ratio: ratioOf(ours, theirs) }),
    ...(aim === undefined || theirs === undefined ? {} : { aim }),
  };
}

async function withCluster(work) {
  const cluster = new Cluster();
  try {
    await cluster.run('echo', { name: 'echo', routePrefix: '/' });
    await cluster.ask('calls', { count: WARM_UP_CALLS });
    return await work(() => cluster.ask('calls', { count: CALLS }));
  } finally {
    await cluster.end();
  }
}

const rows = (found) => [rowOf(0.5, 'p50', found, { atMost: 1 / 25 }), rowOf(0.99, 'p99', found)];

export const run = (context) =>
  context.ray === undefined ? withCluster(async (nbserve) => rows(await pairedRounds(context.rounds, { nbserve }))) : [];

export const withRay = (context, ray) =>
  withCluster(async (nbserve) => {
    await ray.ask('calls', 100);
    return rows(
      await pairedRounds(context.peerRounds, { nbserve: () => ray.suspended(nbserve), ray: () => ray.ask('calls', RAY_CALLS) }),
    );
  });
