// A typed method, whose body is checked, against `fetch` of a class that gives the same answers: one cluster, so that the rest is the same.
import { Cluster } from './harness/cluster.mjs';
import { describe, rates } from './harness/http-rounds.mjs';
import { load } from './harness/load.mjs';
import { pairedRounds, ratioOf } from './harness/rounds.mjs';

const BODY = JSON.stringify({ input: 'hello' });

export async function run(context) {
  const cluster = new Cluster();
  try {
    const plain = await cluster.run('echo', { name: 'echo', routePrefix: '/echo' });
    const typed = await cluster.run('typed', { name: 'typed', routePrefix: '/typed' });
    const warm = { body: BODY, connections: 32, seconds: 2 };
    await load(plain, warm);
    await load(typed, warm);
    const rows = [];
    for (const connections of [1, 32]) {
      const options = { body: BODY, connections, seconds: context.seconds };
      const found = await pairedRounds(context.rounds, {
        typed: () => load(typed, options),
        plain: () => load(plain, options),
      });
      rows.push({
        name: `typed method, JSON echo, ${connections} connection${connections === 1 ? '' : 's'}`,
        ours: describe(found.typed),
        peer: `fetch, not checked: ${describe(found.plain)}`,
        ratio: ratioOf(rates(found.typed), rates(found.plain)),
        aim: { atLeast: 0.8 },
      });
    }
    return rows;
  } finally {
    await cluster.end();
  }
}
