import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const EVENTS = fileURLToPath(new URL('test-events.mjs', import.meta.url));
const BATCH = fileURLToPath(new URL('test-batch.mjs', import.meta.url));
/** How many files run in one process at most. */
const BATCH_FILES = 16;
const HANG_MS = 10 * 60_000;
const LAST_OUTPUT_MS = 2000;
/** A process that does not end after SIGTERM is killed. */
const KILL_AFTER_MS = 10_000;
/** Number of lines of an error that are shown beside the name of the test. */
const SHOWN_LINES = 12;

/** @typedef {{ passed: number, failures: string[], skipped?: string[], output: string }} Result */

/**
 * Runs a file of tests in a process of its own, with a folder for its clusters and one for its temporary files.
 * @param {{ file: string, label?: string, args?: string[], home: string, temporary: string, node?: string, env?: Record<string, string> }} options
 * @returns {Promise<Result>} the number of single tests that passed (suites and files are not tests), the names of those that failed, with the beginning of their errors, and of those that were skipped, with the reasons
 */
export async function runTestFile({ file, label = file, args: more = [], home, temporary, node = process.execPath, env = {} }) {
  const events = join(home, 'events');
  const reporters = ['spec', EVENTS].map((reporter) => `--test-reporter=${reporter}`);
  const destinations = ['stdout', events].map((destination) => `--test-reporter-destination=${destination}`);
  const args = [...reporters, ...destinations, file, ...more];
  const { status, output } = await runProcess(node, args, {
    env: { ...env, NBSERVE_HOME: home, TMPDIR: temporary },
    hangMs: HANG_MS,
  });
  const result = count(label, readFileSync(events, 'utf8'), status);
  rmSync(events);
  return { ...result, output };
}

/** What a file of tests uses if other files in its process could notice it. */
const ALONE =
  /process\.(env|on|once|emit|exit|chdir|argv|exec)|mock\.|^(before|after)(Each)?\(|globalThis|Worker|spawn|fork\(|execFile|rss|heapUsed|setFlags/m;

/**
 * Unit tests of one folder that can share a process are together.
 * @param {readonly string[]} files
 * @returns {string[][]}
 */
export function batches(files) {
  /** @type {Map<string, string[]>} */
  const folders = new Map();
  for (const file of files) {
    const isSociable = file.includes('/build/') && !ALONE.test(readFileSync(file, 'utf8'));
    const key = isSociable ? dirname(file) : file;
    folders.set(key, [...(folders.get(key) ?? []), file]);
  }
  return [...folders.values()].flatMap((found) =>
    Array.from({ length: Math.ceil(found.length / BATCH_FILES) }, (_, n) => found.slice(n * BATCH_FILES, (n + 1) * BATCH_FILES)),
  );
}

/** @param {string[]} files of one batch */
export const titleOf = (files) => (files.length === 1 ? files[0] : `${dirname(files[0])}: ${files.length} files`);

/**
 * Runs files of tests in one process. If a test fails, each file runs again in a process of its own, so that the report names the file.
 * @param {{ files: string[], home: string, temporary: string, node?: string, env?: Record<string, string> }} options
 * @returns {Promise<Result>}
 */
export async function runBatch({ files, ...others }) {
  const [file] = files;
  if (files.length === 1) return runTestFile({ file, ...others });
  const together = await runTestFile({ file: BATCH, args: files, label: titleOf(files), ...others });
  if (together.failures.length === 0) return together;
  const alone = [];
  for (const each of files) alone.push(await runTestFile({ file: each, ...others }));
  const failures = alone.flatMap((result) => result.failures);
  return { ...together, failures: failures.length > 0 ? failures : together.failures };
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {{ env?: Record<string, string>, hangMs?: number }} options `hangMs`: after this time, the process is ended
 * @returns {Promise<{ status: number | string, output: string }>} the exit code, or why there is none
 */
export function runProcess(command, args, { env = {}, hangMs } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    const pieces = [];
    child.stdout.on('data', (piece) => pieces.push(piece));
    child.stderr.on('data', (piece) => pieces.push(piece));
    // There is no limit on the time of a test. Only a run that hangs is ended, so that the results of the others are reported.
    const hangs = hangMs === undefined ? undefined : setTimeout(() => child.kill('SIGTERM'), hangMs);
    const kill = hangMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), hangMs + KILL_AFTER_MS);
    const end = (status) => {
      clearTimeout(hangs);
      clearTimeout(kill);
      resolve({ status, output: Buffer.concat(pieces).toString() });
    };
    child.on('error', (error) => end(error.message));
    child.on('close', (code, signal) => end(code ?? String(signal)));
    // A process that was left behind may hold the pipes open.
    child.on('exit', (code, signal) => setTimeout(() => end(code ?? String(signal)), LAST_OUTPUT_MS));
  });
}

/**
 * @param {string} file
 * @param {string} lines of `test-events.mjs`
 * @param {number | string} status
 */
function count(file, lines, status) {
  let passed = 0;
  const failures = [];
  const skipped = [];
  const underWay = new Map();
  for (const line of lines.split('\n').slice(0, -1)) {
    const { type, name, nesting, isSuite, isBranch, isSkipped, reason, error } = JSON.parse(line);
    const key = `${nesting}:${name}`;
    if (type === 'test:dequeue') underWay.set(key, name);
    else underWay.delete(key);
    if (type === 'test:pass' && !isSuite && !isSkipped) passed += 1;
    // The tests of a suite that is skipped are not known.
    if (type === 'test:pass' && isSkipped) skipped.push(`${file}: ${name}${typeof reason === 'string' ? `: ${reason}` : ''}`);
    // A suite or a test fails with the tests inside it.
    if (type === 'test:fail' && !isBranch) failures.push(`${file}: ${name}\n${excerpt(error)}`);
  }
  if (status !== 0 && failures.length === 0) {
    const where = underWay.size > 0 ? `, in: ${[...underWay.values()].join(' › ')}` : '';
    failures.push(`${file}: ended with ${status}${where}`);
  }
  return { passed, failures, skipped };
}

/** @param {string} error */
const excerpt = (error) => {
  const lines = error.split('\n').slice(0, SHOWN_LINES);
  return lines.map((line) => `      ${line}`).join('\n');
};
