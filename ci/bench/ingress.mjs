// JSON echo by a route of Fastify in a replica, against one Fastify process with the same route.
import { httpRounds } from './harness/http-rounds.mjs';

export const run = (context) =>
  httpRounds(context, {
    name: 'JSON echo by an ingress',
    app: 'ingress-echo',
    path: '/',
    body: JSON.stringify({ input: 'hello' }),
    aims: { 32: 0.35 },
  });
