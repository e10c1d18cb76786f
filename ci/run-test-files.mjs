import { run } from 'node:test';
import { spec } from 'node:test/reporters';

const HANG_MS = 10 * 60_000;

/**
 * Runs test files with Node's test runner, each in a process of its own.
 * @returns counts of single tests (suites and files are not tests) and the names of those that failed
 */
export async function runTestFiles(files, { concurrency, env = {} }) {
  const result = { passed: 0, failed: 0, failures: [] };
  if (files.length === 0) return result;
  Object.assign(process.env, env);
  // There is no limit on the time of a test. Only a run that hangs is ended, so that the results of the others are reported.
  const stream = run({ files, concurrency, timeout: HANG_MS });
  const underWay = new UnderWay();
  stream.on('test:dequeue', (event) => underWay.start(event));
  stream.on('test:pass', (event) => {
    underWay.end(event);
    if (isTest(event, files)) result.passed += event.skip === undefined && event.todo === undefined ? 1 : 0;
  });
  stream.on('test:fail', (event) => {
    underWay.end(event);
    const { failureType } = /** @type {{ failureType?: string }} */ (event.details?.error ?? {});
    if (event.details?.type === 'suite' && failureType === 'subtestsFailed') return;
    if (isTest(event, files) || failureType !== 'subtestsFailed') {
      result.failed += 1;
      const hangs = isTest(event, files) ? [] : underWay.in(event.file ?? event.name);
      result.failures.push(`${event.file ?? ''}: ${event.name}${hangs.length > 0 ? `, in: ${hangs.join(' › ')}` : ''}`);
    }
  });
  await new Promise((resolve, reject) => {
    stream.compose(new spec()).on('error', reject).on('end', resolve).pipe(process.stdout, { end: false });
  });
  return result;
}

/** @typedef {{ file?: string, name: string, nesting: number }} TestEvent */

/** The tests that have begun and not ended. If a file takes too long, they say where it was. */
class UnderWay {
  #tests = new Map();

  /** @param {TestEvent} event */
  start({ file, name, nesting }) {
    this.#tests.set(`${file}:${nesting}:${name}`, { file, name });
  }

  /** @param {TestEvent} event */
  end({ file, name, nesting }) {
    this.#tests.delete(`${file}:${nesting}:${name}`);
  }

  in(file) {
    return [...this.#tests.values()].filter((test) => test.file === file && !file.endsWith(test.name)).map(({ name }) => name);
  }
}

// A file is reported as a test too, with its path as the name.
const isTest = (event, files) =>
  event.details?.type !== 'suite' && !files.some((file) => file.endsWith(event.name) || event.name.endsWith(file));
