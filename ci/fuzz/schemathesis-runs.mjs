// Has schemathesis ask applications by their OpenAPI documents.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { schemathesisPython } from '../schemathesis.mjs';

const RUNS = fileURLToPath(new URL('schemathesis-runs.py', import.meta.url));

/** A process that asks one application after the other. */
export class Schemathesis {
  /** Where it runs, it makes a folder. */
  #folder = mkdtempSync(join(tmpdir(), 'nbs-schemathesis-'));
  #child = spawn(schemathesisPython(), [RUNS], { cwd: this.#folder, stdio: ['pipe', 'pipe', 'pipe'] });
  #ended = once(this.#child, 'close');
  #answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  #said = '';

  constructor() {
    this.#child.stderr.setEncoding('utf8').on('data', (chunk) => {
      this.#said += chunk;
    });
    // If it has ended, there is no answer, and `ask` says so.
    this.#child.stdin.on('error', () => {});
  }

  /**
   * @param {object} what
   * @param {string} what.document URL or path of the OpenAPI document
   * @param {number} what.each number of random requests for each operation
   * @param {number} what.seed
   * @param {string[]} [what.more] more options of `st run`
   * @returns {Promise<{ done: number, isGood: boolean, text: string }>} the number of requests, and what schemathesis printed; `isGood` if no answer was a 5xx
   */
  async ask({ document, each, seed, more = [] }) {
    const random = ['--seed', String(seed), '--max-examples', String(each)];
    const told = ['--checks', 'not_a_server_error', '--no-color', '--output-sanitize', 'false'];
    this.#child.stdin.write(`${JSON.stringify(['run', document, ...random, ...told, ...more])}\n`);
    const { value } = await this.#answers.next();
    if (value === undefined) return { done: 0, isGood: false, text: `schemathesis has ended: ${this.#said}` };
    const { code, text } = JSON.parse(value);
    const done = Number(/(\d[\d,]*) generated/.exec(text)?.[1]?.replaceAll(',', '') ?? 0);
    return { done, isGood: code === 0 && done > 0, text };
  }

  async close() {
    this.#child.stdin.end();
    await this.#ended;
    rmSync(this.#folder, { recursive: true });
  }
}
