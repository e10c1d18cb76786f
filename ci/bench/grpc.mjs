// Unary calls of gRPC, against one process that gives the same answers with grpc-js alone. One connection; several calls at once share it.
import { fileURLToPath } from 'node:url';
import { Cluster } from './harness/cluster.mjs';
import { describe, rates } from './harness/http-rounds.mjs';
import { firstLine, start, stop } from './harness/processes.mjs';
import { pairedRounds, ratioOf } from './harness/rounds.mjs';

const path = (name) => fileURLToPath(new URL(name, import.meta.url));

async function load(address, atOnce, seconds) {
  const child = start(process.execPath, [path('harness/grpc-load.mjs'), JSON.stringify({ address, atOnce, seconds })]);
  const line = await firstLine(child);
  await child.exited;
  return JSON.parse(line);
}

export async function run(context) {
  const bare = start(process.execPath, [path('peers/bare-grpc.mjs')]);
  const cluster = new Cluster();
  try {
    const peer = await firstLine(bare);
    await cluster.ask('start', { port: 0, grpc: { port: 0, protos: [path('apps/echo.proto')] } });
    await cluster.run('grpc-echo', { name: 'grpc-echo', routePrefix: '/grpc-echo' });
    const { grpc } = await cluster.ask('status');
    for (const address of [peer, grpc]) await load(address, 32, 2);
    const rows = [];
    for (const atOnce of [1, 32]) {
      const found = await pairedRounds(context.rounds, {
        nbserve: () => load(grpc, atOnce, context.seconds),
        bare: () => load(peer, atOnce, context.seconds),
      });
      rows.push({
        name: `gRPC, unary echo, ${atOnce} call${atOnce === 1 ? '' : 's'} at once`,
        ours: describe(found.nbserve),
        peer: `bare grpc-js: ${describe(found.bare)}`,
        ratio: ratioOf(rates(found.nbserve), rates(found.bare)),
      });
    }
    return rows;
  } finally {
    await stop(bare);
    await cluster.end();
  }
}
