// Sends requests to typed methods with schemathesis (PyPI): requests that their OpenAPI document allows, and requests that it does not allow. No answer may
// be a 5xx.
import { serve } from '../../lib/dist/index.js';
import { Routed } from '../../lib/dist-test/fixtures/routes-apps.js';
import { Schemathesis } from './schemathesis-runs.mjs';

export const count = 2_000;
export const quickCount = 300;

/** The number of requests that the coverage phase always sends, and the number of operations that the phase of random input tests. */
const FIXED_CASES = 200;
const OPERATIONS = 13;

export async function fuzz({ count: wanted, seed }) {
  const app = await serve.run(Routed.bind(), { name: 'routes-fuzz', routePrefix: '/shop' });
  const schemathesis = new Schemathesis();
  try {
    const each = Math.max(1, Math.ceil((wanted - FIXED_CASES) / OPERATIONS));
    // The method of this path throws on purpose, because other tests check what a client learns about such an error.
    const more = ['--phases', 'coverage,fuzzing', '--exclude-path', '/fail'];
    const { done, isGood, text } = await schemathesis.ask({ document: `${app.url}/openapi.json`, each, seed, more });
    return { done, failures: isGood ? [] : [{ seed, text }] };
  } finally {
    await schemathesis.close();
    await serve.shutdown();
  }
}
