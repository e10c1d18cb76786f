// Has schemathesis ask an application by its OpenAPI document.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { schemathesisPython } from '../schemathesis.mjs';

/**
 * @param {object} what
 * @param {string} what.document URL or path of the OpenAPI document
 * @param {number} what.each number of random requests for each operation
 * @param {number} what.seed
 * @param {string[]} [what.more] more options of `st run`
 * @returns the number of requests, and what schemathesis printed; `isGood` if no answer was a 5xx
 */
export async function runSchemathesis({ document, each, seed, more = [] }) {
  // Its command would name the folder in which it was installed, which may have been moved. Where it runs, it makes a folder.
  const folder = mkdtempSync(join(tmpdir(), 'nbs-schemathesis-'));
  const module = ['-m', 'schemathesis.cli'];
  const random = ['--seed', String(seed), '--max-examples', String(each)];
  const told = ['--checks', 'not_a_server_error', '--no-color', '--output-sanitize', 'false'];
  const child = spawn(schemathesisPython(), [...module, 'run', document, ...random, ...told, ...more], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (chunk) => (text += chunk));
  const [code] = await once(child, 'close');
  rmSync(folder, { recursive: true });
  const done = Number(/(\d[\d,]*) generated/.exec(text)?.[1]?.replaceAll(',', '') ?? 0);
  return { done, isGood: code === 0 && done > 0, text };
}
