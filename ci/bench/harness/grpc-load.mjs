// Unary calls of gRPC in a closed loop: `node grpc-load.mjs '{"address":…,"atOnce":…,"seconds":…}'`. It prints one line of JSON.
import { fileURLToPath } from 'node:url';
import grpc from '@grpc/grpc-js';
import loader from '@grpc/proto-loader';
import { quantile } from './rounds.mjs';

const { address, atOnce, seconds } = JSON.parse(process.argv[2]);
const definition = loader.loadSync(fileURLToPath(new URL('../apps/echo.proto', import.meta.url)));
const { Echo } = /** @type {any} */ (grpc.loadPackageDefinition(definition)).bench.v1;
const client = new Echo(address, grpc.credentials.createInsecure());
const times = [];
const begun = performance.now();
const end = begun + seconds * 1000;

const loop = async () => {
  for (;;) {
    const sent = performance.now();
    if (sent > end) return;
    await new Promise((resolve, reject) =>
      client.Say({ text: 'hello' }, (error, answer) => (error || answer.text !== 'hello' ? reject(error) : resolve(undefined))),
    );
    times.push(performance.now() - sent);
  }
};
await Promise.all(Array.from({ length: atOnce }, loop));
const took = (performance.now() - begun) / 1000;
client.close();
console.log(JSON.stringify({ perSecond: times.length / took, p50: quantile(times, 0.5), p99: quantile(times, 0.99) }));
