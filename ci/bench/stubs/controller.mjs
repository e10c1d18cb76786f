// The real controller, whose replicas are stubs.
import { fileURLToPath } from 'node:url';

const given = JSON.parse(process.argv[2] ?? '{}');
const replicaMain = fileURLToPath(new URL('replica.mjs', import.meta.url));
process.argv[2] = JSON.stringify({ ...given, args: { ...given.args, replicaMain } });
await import('../../../lib/dist/serve/controller/main.js');
