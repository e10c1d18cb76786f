import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { performance } from 'node:perf_hooks';
import { CannotWrite, exitCodeOf, onStopSignals, print, reasonOf } from '../runner/index.js';
import { junitOf } from './junit.js';
import { NotebookTest, type NotebookTestOptions } from './notebook-test.js';
import { linesOf, PLAIN, type ReportPaint } from './report.js';
import type { NotebookResult } from './result.js';
import { keyOf, RunFolder } from './run-folder.js';

export interface TestFile {
  /** Absolute path. */
  readonly file: string;
  /** The path for people, by which results are kept. */
  readonly name: string;
  /** Absolute path to write the executed notebook to; `null` writes it into the run's folder. */
  readonly output: string | null;
}

export interface TestOptions extends Omit<NotebookTestOptions, 'file' | 'name' | 'output' | 'onNote' | 'onCell'> {
  readonly files: readonly TestFile[];
  /** Notebooks that run at the same time. */
  readonly workers: number;
  /** Absolute path of the folder in which each run has a folder of its own. */
  readonly artifacts: string;
  /** Whether the last run is continued, if it has not ended. */
  readonly resume: boolean;
  /** Absolute path of the JUnit file; `null` writes none but that in the run's folder. */
  readonly junit: string | null;
  readonly paint: ReportPaint;
  /** The lines about a notebook that has ended. */
  readonly lines: (result: NotebookResult, paint: ReportPaint) => readonly string[];
  /** The last line. */
  readonly summary: (results: readonly NotebookResult[], seconds: number) => string;
  /** Where the lines about a notebook that failed are printed. */
  readonly failuresTo: 'stdout' | 'stderr';
  /** Is told what runs; `null` tells nobody. */
  readonly progress: TestProgress | null;
}

/** Shows what runs. */
export interface TestProgress {
  onCell(name: string, number: number, count: number): void;
  /** A notebook has ended, and lines about it are printed next. */
  onEnd(): void;
}

/**
 * Tests notebooks, several at a time, and prints each result as soon as it is there.
 * @returns the exit code: 0; 1 if a notebook failed; 128 plus the signal's number if a signal stopped the test
 * @throws NBS_NO_ARTIFACTS, NBS_CANNOT_WRITE
 */
export async function testNotebooks(options: TestOptions): Promise<number> {
  const started = performance.now();
  if (options.junit !== null) checkWritable(options.junit);
  const folder = RunFolder.open(options.artifacts, options.resume, new Date());
  const running = new Set<NotebookTest>();
  const results = new Map<string, NotebookResult>();
  const signals = onStopSignals(
    (signal) => {
      for (const test of running) test.stop(signal);
    },
    (signal) => {
      for (const test of running) test.abandon();
      process.exit(exitCodeOf(signal));
    },
  );
  const waiting = [...options.files];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined && signals.received === null; next = waiting.shift()) {
      const result = await testOne(next, options, folder, running, () => signals.received !== null);
      results.set(next.name, result);
    }
  };
  try {
    await Promise.all(Array.from({ length: options.workers }, work));
    const all = options.files.flatMap(({ name }) => results.get(name) ?? []);
    const seconds = (performance.now() - started) / 1000;
    const summary = options.summary(all, seconds);
    const junit = junitOf(all, seconds);
    if (options.junit !== null) writeFileSync(options.junit, junit);
    // A run that was stopped has not ended, so that it can be resumed.
    if (signals.received === null) folder.end(summary, junit);
    print('stdout', `${summary}\n`);
    print('stdout', `kept in ${folder.path}\n`);
    if (signals.received !== null) return exitCodeOf(signals.received);
    return all.every(({ passed }) => passed) ? 0 : 1;
  } finally {
    // A signal that comes while this process ends must not change its exit code.
    if (signals.received === null) signals.close();
  }
}

async function testOne(
  { file, name, output }: TestFile,
  options: TestOptions,
  folder: RunFolder,
  running: Set<NotebookTest>,
  isStopped: () => boolean,
): Promise<NotebookResult> {
  const { parameters, cellTimeoutMs, notebookTimeoutMs, rules, update, paint } = options;
  const settings = { parameters, cellTimeoutMs, notebookTimeoutMs, rules, update };
  const sanitizers = rules?.sanitizers.map(({ regex, replace }) => [String(regex), replace]);
  const keyNow = (): string => keyOf(file, { ...settings, sanitizers });
  const key = keyNow();
  const earlier = options.resume ? folder.resultOf(name, key) : undefined;
  if (earlier !== undefined) {
    print('stdout', `${options.lines(earlier, paint).join('\n')}\n  (from the run before)\n`);
    return earlier;
  }
  const kept = output ?? folder.fileFor(name, '.ipynb');
  const { progress } = options;
  const test = new NotebookTest({
    file,
    name,
    output: kept,
    ...settings,
    onNote: (text) => print('stderr', `${name}: ${text}`),
    onCell: (number, count) => progress?.onCell(name, number, count),
  });
  running.add(test);
  const result = await test.run();
  running.delete(test);
  progress?.onEnd();
  print(result.passed ? 'stdout' : options.failuresTo, `${options.lines(result, paint).join('\n')}\n`);
  // A notebook that was stopped has not ended, so it is run again.
  if (!isStopped()) folder.keep(result, update ? keyNow() : key, linesOf(result, PLAIN));
  return result;
}

/** Makes the file and its folder before anything runs. @throws NBS_CANNOT_WRITE */
function checkWritable(file: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    closeSync(openSync(file, 'a'));
  } catch (error) {
    throw CannotWrite({ file, reason: reasonOf(error) }, error);
  }
}
