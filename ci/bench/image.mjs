// Measures a request with sharp: a JPEG of 512×384 comes in, is thresholded, and goes out as a JPEG. Compared with Fastify + sharp in one process, and two replicas with one.
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { Cluster } from './harness/cluster.mjs';
import { cpuOf, describe, httpRounds, rates } from './harness/http-rounds.mjs';
import { load } from './harness/load.mjs';
import { pairedRounds, ratioOf } from './harness/rounds.mjs';

const CAT = fileURLToPath(new URL('../../datasets/images/chelsea.png', import.meta.url));
const CONNECTIONS = 16;
const THRESHOLD = 128;
const setting = { app: 'threshold', args: [THRESHOLD], path: '/threshold', type: 'image/jpeg' };

export async function run(context) {
  const body = await sharp(CAT).resize(512, 384, { fit: 'fill' }).jpeg().toBuffer();
  const uncapped = { ...setting, name: 'threshold of a JPEG, sharp uncapped', body, connections: [CONNECTIONS] };
  const rows = await httpRounds(context, {
    ...uncapped,
    peerArgs: ['--threshold', String(THRESHOLD)],
    aims: { [CONNECTIONS]: 0.85 },
  });
  // If there are not two cpus, two replicas of one cpu each would wait forever.
  return availableParallelism() < 2 ? rows : [...rows, await twoAgainstOne(context, body)];
}

/** Each side has a cluster of its own, because otherwise there must be cpus for both. */
async function twoAgainstOne(context, body) {
  const clusters = { one: new Cluster(), two: new Cluster() };
  const { app, args, path, type } = setting;
  try {
    const measured = {};
    for (const [side, cluster] of Object.entries(clusters)) {
      const options = { numReplicas: side === 'two' ? 2 : 1, resources: { cpu: 1 } };
      const url = await cluster.run(app, { args, options, name: app, routePrefix: path });
      const { proxy, replica } = cluster.pids();
      const ask = { body, type, connections: CONNECTIONS, seconds: context.seconds, pids: { proxy, replica } };
      await load(url, ask);
      measured[side] = () => load(url, ask);
    }
    const found = await pairedRounds(context.rounds, measured);
    return {
      name: `the same at one cpu each, ${CONNECTIONS} connections: two replicas`,
      ours: describe(found.two),
      peer: `one replica: ${describe(found.one)}`,
      ratio: ratioOf(rates(found.two), rates(found.one)),
      aim: { atLeast: 1.4 },
      cpu: { 'two replicas': cpuOf(found.two), 'one replica': cpuOf(found.one) },
    };
  } finally {
    for (const cluster of Object.values(clusters)) await cluster.end();
  }
}
