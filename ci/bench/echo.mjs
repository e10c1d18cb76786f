// Measures a JSON echo over HTTP through proxy and replica, compared with one Fastify process, with Ray Serve, and with Ray Serve in its fastest mode.
import { besideRay, httpRounds } from './harness/http-rounds.mjs';

const setting = { name: 'JSON echo', app: 'echo', path: '/', body: JSON.stringify({ input: 'hello' }) };

export const run = (context) => httpRounds(context, { ...setting, aims: { 32: 0.6 } });
export const withRay = (context, ray) => besideRay(context, ray, { ...setting, aims: { 32: 100 }, p50Aims: { 1: 1 / 20 } });
export const withFastestRay = (context, ray) =>
  besideRay(context, ray, { ...setting, peerName: "Ray Serve's fastest mode", aims: { 1: 2.5, 32: 8 } });
