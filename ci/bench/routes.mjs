// Measures many routes: a request must not cost more than with few. There are ten replicas on each side. With one route the router spreads the requests by
// two choices; with several, the load client requests them in turns. Then fewer requests share a write, so the sides with the same ten replicas are compared too.
import { Cluster } from './harness/cluster.mjs';
import { cpuOf, describe, rates } from './harness/http-rounds.mjs';
import { load } from './harness/load.mjs';
import { pairedRounds, ratioOf } from './harness/rounds.mjs';

const REPLICAS = 10;
const ROUTES = 1000;
const AT_ONCE = 20;
const CONNECTIONS = 32;
/** Long enough that each replica gets enough requests for its code to be compiled. */
const WARM_UP_SECONDS = 8;
const body = JSON.stringify({ input: 'hello' });

/** One application of ten replicas. */
async function oneRoute(cluster) {
  return [await cluster.run('echo', { options: { numReplicas: REPLICAS }, name: 'echo', routePrefix: '/echo' })];
}

/** So many applications, each with a route. Ten have a replica and get requests; the others have none. */
async function routes(cluster, count) {
  const autoscaling = { minReplicas: 0, maxReplicas: 1, initialReplicas: 0 };
  const names = Array.from({ length: count }, (_, at) => `echo-${at}`);
  const deploy = (name, options) => cluster.run('echo', { options, name, routePrefix: `/${name}` });
  const urls = [];
  for (const name of names.slice(0, REPLICAS)) urls.push(await deploy(name));
  const rest = names.slice(REPLICAS).values();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const name of rest) await deploy(name, { autoscaling });
    }),
  );
  return urls;
}

const SIDES = {
  many: (cluster) => routes(cluster, ROUTES),
  ten: (cluster) => routes(cluster, REPLICAS),
  one: oneRoute,
};

export async function run(context) {
  const clusters = Object.entries(SIDES).map(([side, deploy]) => ({ side, deploy, cluster: new Cluster() }));
  try {
    const measured = {};
    for (const { side, deploy, cluster } of clusters) {
      const urls = await deploy(cluster);
      const { proxy, replica } = cluster.pids();
      const ask = { body, connections: CONNECTIONS, seconds: context.seconds, pids: { proxy, replica } };
      await load(urls, { ...ask, seconds: WARM_UP_SECONDS });
      measured[side] = () => load(urls, ask);
    }
    const found = await pairedRounds(context.rounds, measured);
    const name = `${ROUTES.toLocaleString('en-US')} routes over ${REPLICAS} replicas, JSON echo, ${CONNECTIONS} connections`;
    const row = (peer, side, rest) => ({
      name,
      ours: describe(found.many),
      peer: `${peer}: ${describe(found[side])}`,
      ratio: ratioOf(rates(found.many), rates(found[side])),
      ...rest,
    });
    const cpu = { [`${ROUTES} routes`]: cpuOf(found.many), 'ten routes': cpuOf(found.ten), 'one route': cpuOf(found.one) };
    return [row('ten routes', 'ten', { aim: { atLeast: 0.95 }, cpu }), row('one route', 'one', {})];
  } finally {
    for (const { cluster } of clusters) await cluster.end();
  }
}
