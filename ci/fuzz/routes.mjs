// Sends requests to typed methods with schemathesis (PyPI): requests that their OpenAPI document allows, and requests that it does not allow. No answer may
// be a 5xx.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serve } from '../../lib/dist/index.js';
import { Routed } from '../../lib/dist-test/fixtures/routes-apps.js';
import { schemathesisPython } from '../schemathesis.mjs';

export const count = 2_000;
export const quickCount = 300;

/** The number of requests that the coverage phase always sends, and the number of operations that the phase of random input tests. */
const FIXED_CASES = 200;
const OPERATIONS = 13;

export async function fuzz({ count: wanted, seed }) {
  const python = schemathesisPython();
  // Schemathesis writes what it has found into the folder that it runs in.
  const folder = mkdtempSync(join(tmpdir(), 'nbs-schemathesis-'));
  const app = await serve.run(Routed.bind(), { name: 'routes-fuzz', routePrefix: '/shop' });
  try {
    const each = Math.max(1, Math.ceil((wanted - FIXED_CASES) / OPERATIONS));
    const random = ['--seed', String(seed), '--max-examples', String(each), '--phases', 'coverage,fuzzing'];
    // The method of this path throws on purpose, because other tests check what a client learns about such an error.
    const told = ['--checks', 'not_a_server_error', '--exclude-path', '/fail', '--no-color', '--output-sanitize', 'false'];
    const args = ['-m', 'schemathesis.cli', 'run', `${app.url}/openapi.json`, ...random, ...told];
    const child = spawn(python, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (chunk) => (text += chunk));
    const [code] = await once(child, 'close');
    const done = Number(/(\d[\d,]*) generated/.exec(text)?.[1]?.replaceAll(',', '') ?? 0);
    return { done, failures: code === 0 && done > 0 ? [] : [{ seed, text }] };
  } finally {
    await serve.shutdown();
    rmSync(folder, { recursive: true });
  }
}
