import type { MagicContext } from './context.js';
import { BadTimeit, withoutStack } from './errors.js';

/** How long one run takes at least, if the number of loops is not given. */
const RUN_MS = 200;
const RUNS = 7;
const MAX_LOOPS = 1_000_000_000;

interface TimeitOptions {
  readonly loops?: number;
  readonly runs: number;
}

/** Reads `-n 10 -r 3`. @throws NBS_BAD_TIMEIT */
function readOptions(text: string): TimeitOptions {
  const options: { loops?: number; runs: number } = { runs: RUNS };
  for (const [whole, name, value] of text.matchAll(/-([nr])\s*(\S+)/g)) {
    const count = Number(value);
    if (!Number.isSafeInteger(count) || count < 1) throw withoutStack(BadTimeit({ given: whole.trim() }));
    if (name === 'n') options.loops = count;
    else options.runs = count;
  }
  return options;
}

/** Measures a piece of code and prints the mean of its time, as IPython does. @throws NBS_BAD_TIMEIT and what the code throws */
export async function timeit(
  work: () => unknown,
  text: string,
  { output, signal }: Pick<MagicContext, 'output' | 'signal'>,
): Promise<void> {
  const options = readOptions(text);
  const first = work();
  const isAsync = first instanceof Promise;
  await first;
  const run = async (loops: number): Promise<number> => {
    const begun = performance.now();
    if (isAsync) {
      for (let i = 0; i < loops; i += 1) {
        await work();
        signal.throwIfAborted();
      }
    } else for (let i = 0; i < loops; i += 1) work();
    const took = performance.now() - begun;
    // An interrupt may have arrived.
    await new Promise<void>((resolve) => setImmediate(resolve));
    signal.throwIfAborted();
    return took;
  };
  const loops = options.loops ?? (await enoughLoops(run));
  const times: number[] = [];
  for (let i = 0; i < options.runs; i += 1) times.push((await run(loops)) / loops);
  const mean = times.reduce((sum, one) => sum + one, 0) / times.length;
  const deviation = Math.sqrt(times.reduce((sum, one) => sum + (one - mean) ** 2, 0) / times.length);
  const count = (n: number, word: string): string => `${n.toLocaleString('en')} ${word}${n === 1 ? '' : 's'}`;
  output.stream(
    'stdout',
    `${duration(mean)} ± ${duration(deviation)} per loop (mean ± std. dev. of ${count(times.length, 'run')}, ${count(loops, 'loop')} each)\n`,
  );
}

/** 1, 2, 5, 10, 20, …: the first number of loops that takes long enough. */
async function enoughLoops(run: (loops: number) => Promise<number>): Promise<number> {
  for (let power = 1; power < MAX_LOOPS; power *= 10) {
    for (const digit of [1, 2, 5]) if ((await run(power * digit)) >= RUN_MS) return power * digit;
  }
  return MAX_LOOPS;
}

function duration(ms: number): string {
  const units = [
    [1000, 's'],
    [1, 'ms'],
    [1e-3, 'μs'],
    [1e-6, 'ns'],
  ] as const;
  const [size, unit] = units.find(([least]) => ms >= least) ?? [1e-6, 'ns'];
  return `${Number((ms / size).toPrecision(3))} ${unit}`;
}
