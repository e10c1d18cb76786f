import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { serve } from 'nbserve';
import { KitchenDeployment } from '../fixtures/grpc-apps.js';
import { KITCHEN_PROTO, PROTOS } from '../fixtures/grpc-clients.js';

const fromRoot = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

before(async () => {
  await serve.start({ port: 0, grpc: { port: 0, protos: [KITCHEN_PROTO] } });
  await serve.run(KitchenDeployment.bind(), { name: 'kitchen' });
});
after(() => serve.shutdown());

test('clients made with grpcio, by protoc and by reflection', async (context) => {
  const { grpcioPython } = (await import(pathToFileURL(fromRoot('ci/grpcio.mjs')).href)) as { grpcioPython: () => string };
  let python: string;
  try {
    python = grpcioPython();
  } catch (error) {
    context.skip(`Python with grpcio cannot be set up: ${(error as Error).message}`);
    return;
  }
  const { grpc } = await serve.status();
  const script = fromRoot('lib/test/fixtures/grpcio-client.py');
  const { stdout } = await promisify(execFile)(python, [script, grpc, PROTOS]);
  assert.deepEqual(JSON.parse(stdout), {
    same: true,
    trailers: 'py',
    courses: ['a 0', 'a 1', 'a 2'],
    collect: 3,
    chat: ['X', 'Y'],
    missing: 'UNIMPLEMENTED',
    unknown: 'UNIMPLEMENTED',
    garbage: 'INVALID_ARGUMENT',
    deadline: 'DEADLINE_EXCEEDED',
    large: 'RESOURCE_EXHAUSTED',
    gzip: true,
    cancelled: 'CANCELLED',
    health: ['SERVING', 'SERVING'],
    healthUnknown: 'NOT_FOUND',
    watch: 'SERVING',
    services: [
      'grpc.health.v1.Health',
      'grpc.reflection.v1.ServerReflection',
      'grpc.reflection.v1alpha.ServerReflection',
      'kitchen.v1.Kitchen',
    ],
    methods: [
      ['Cook', false, false],
      ['Courses', false, true],
      ['Collect', true, false],
      ['Chat', true, true],
      ['Missing', false, false],
    ],
    sameShape: true,
    file: ['kitchen.proto', ['google/protobuf/timestamp.proto', 'shared/spice.proto']],
    dynamic: 2,
  });
});
