// The peer of gRPC: one process that gives the same answers, with grpc-js and nothing else. It prints its address.
import { fileURLToPath } from 'node:url';
import grpc from '@grpc/grpc-js';
import loader from '@grpc/proto-loader';

const definition = loader.loadSync(fileURLToPath(new URL('../apps/echo.proto', import.meta.url)));
const server = new grpc.Server();
server.addService(/** @type {any} */ (definition['bench.v1.Echo']), {
  say: (/** @type {any} */ call, /** @type {any} */ done) => done(null, { text: call.request.text }),
});
server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (_error, port) => console.log(`127.0.0.1:${port}`));
