import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { cacheFolder, hasCode, integer, listGpus, type OptionSpec, parseOptions, visibleGpus } from '../core/index.js';
import { CannotBatch, OutOfMemory } from './errors.js';
import { checkFeeds, describeTensors, toFeeds } from './feeds.js';
import { load } from './load.js';
import type { Model } from './model.js';
import { keysOf } from './model-key.js';
import type { LoadOptions } from './options.js';
import { concat } from './stack.js';
import type { Feeds, Tensor } from './types.js';

/** Options of {@link tuneBatch}, besides those of {@link load}. */
export interface TuneOptions extends LoadOptions {
  /** The largest batch to try. @default 256 */
  readonly maxBatchSize?: number;
  /** No batch that takes longer than this is chosen; milliseconds. @default no limit */
  readonly maxLatencyMs?: number;
  /** Measures even if the result for this model and device is in nbserve's cache. @default false */
  readonly again?: boolean;
}

const tuneSpec = {
  maxBatchSize: integer({ doc: 'The largest batch to try.', default: 256, min: 1 }),
  maxLatencyMs: {
    doc: 'The longest time of a batch.',
    expected: 'a number of milliseconds above 0',
    default: Number.POSITIVE_INFINITY,
    parse: (value) => (typeof value === 'number' && value > 0 ? value : undefined),
  } as OptionSpec<number>,
  again: {
    doc: 'Whether to measure again.',
    expected: 'true or false',
    default: false,
    parse: (value) => (typeof value === 'boolean' ? value : undefined),
  } as OptionSpec<boolean>,
};

/** One batch size that was measured. */
export interface TunedStep {
  readonly batchSize: number;
  /** The median time of a run, in milliseconds. */
  readonly ms: number;
  readonly rowsPerSecond: number;
}

/** Rates that are this close to the best count as the best: a smaller batch takes less memory, and its requests wait less. */
const NEAR = 0.95;
const RUNS = 5;
/** After so many larger batches that bring nothing, no others are tried. */
const PATIENCE = 2;

/** The batch size that was found, and what was measured. As a text, it is a short table. */
export class TunedBatch {
  constructor(
    readonly batchSize: number,
    readonly steps: readonly TunedStep[],
    /** The device on which it was measured. */
    readonly device: string,
    /** True if the result comes from the cache. */
    readonly isRemembered: boolean,
  ) {}

  toString(): string {
    const rows = this.steps.map(
      ({ batchSize, ms, rowsPerSecond }) =>
        `${batchSize === this.batchSize ? '→' : ' '} ${String(batchSize).padStart(4)} rows  ${ms.toFixed(2).padStart(9)} ms  ${Math.round(rowsPerSecond)} rows/s`,
    );
    return [`${this.batchSize} rows on ${this.device}${this.isRemembered ? ', from the cache' : ''}`, ...rows].join('\n');
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

/**
 * Finds the batch size with which a model computes most rows in a second, by measuring: 1, 2, 4 and so on, and the largest one. The result is remembered for the model, the
 * device and the options, in nbserve's cache if that can be written to. If memory runs out, the larger batches are left out. Call it on the machine that will run the model, when nothing else runs there.
 * @param model the path or file URL of an `.onnx` file, or its bytes
 * @param row inputs with one row
 * @throws NBS_INVALID_OPTION, NBS_ONNX_CANNOT_BATCH if the model takes no batches or an input has several rows, and what {@link load} and a run throw
 */
export async function tuneBatch(
  model: string | URL | Uint8Array,
  row: Feeds | Tensor,
  options: TuneOptions = {},
): Promise<TunedBatch> {
  const { maxBatchSize: most, maxLatencyMs: slowest, again: anew, ...loadOptions } = options;
  const own = { maxBatchSize: most, maxLatencyMs: slowest, again: anew };
  const { maxBatchSize, maxLatencyMs, again } = parseOptions('onnx.tuneBatch', tuneSpec, own);
  const loaded = await load(model, loadOptions);
  try {
    const fixed = [...loaded.inputs, ...loaded.outputs].filter(({ shape }) => typeof shape[0] !== 'string');
    if (fixed.length > 0) throw CannotBatch({ reason: `the first dimension is not free: ${describeTensors(fixed)}` });
    const feeds = toFeeds(loaded.inputs, row);
    checkFeeds(loaded.inputs, feeds);
    checkOneRow(feeds);
    const { device, adapter, intraOpThreads } = loaded.report;
    const source = model instanceof URL ? fileURLToPath(model) : model;
    const shapes = Object.entries(feeds).map(([name, { dims }]) => [name, dims]);
    const gpus = device === 'cpu' ? null : [visibleGpus(), (await listGpus())?.map(({ name }) => name)];
    const { verify: _, ...options } = loadOptions;
    const { model: key, version } = keysOf(source, [options, device, gpus, adapter, intraOpThreads, shapes, maxBatchSize]);
    const file = join(cacheFolder('batches'), `${key}-${version}.json`);
    const known = again ? undefined : readSteps(file);
    const { steps, isWhole } =
      known === undefined ? await measure(loaded, feeds, maxBatchSize) : { steps: known, isWhole: false };
    // If memory ran out, there may be more another time.
    if (isWhole) keepSteps(file, steps);
    return new TunedBatch(chooseBatch(steps, maxLatencyMs), steps, device, known !== undefined);
  } finally {
    await loaded.dispose();
  }
}

/** @returns the sizes that were measured, and whether all were that were wanted */
export async function measure(
  model: Pick<Model, 'run'>,
  feeds: Feeds,
  maxBatchSize: number,
): Promise<{ readonly steps: readonly TunedStep[]; readonly isWhole: boolean }> {
  const steps: TunedStep[] = [];
  let best = 0;
  let worse = 0;
  for (let batchSize = 1; ; batchSize = Math.min(2 * batchSize, maxBatchSize)) {
    let ms: number;
    try {
      ms = await medianOf(model, feeds, batchSize);
    } catch (error) {
      if (steps.length > 0 && hasCode(error, OutOfMemory)) return { steps, isWhole: false };
      throw error;
    }
    const rowsPerSecond = (batchSize * 1000) / ms;
    steps.push({ batchSize, ms, rowsPerSecond });
    worse = rowsPerSecond > best ? 0 : worse + 1;
    best = Math.max(best, rowsPerSecond);
    if (batchSize === maxBatchSize || worse === PATIENCE) return { steps, isWhole: true };
  }
}

/** The median time of a run with so many rows, in milliseconds. */
async function medianOf(model: Pick<Model, 'run'>, feeds: Feeds, batchSize: number): Promise<number> {
  const batch = Object.fromEntries(
    Object.entries(feeds).map(([name, value]) => [name, concat(new Array<Tensor>(batchSize).fill(value))]),
  );
  const times: number[] = [];
  // The first run of a size makes ready what the others use.
  for (let run = 0; run <= RUNS; run += 1) {
    const begun = performance.now();
    await model.run(batch);
    if (run > 0) times.push(performance.now() - begun);
  }
  return times.sort((a, b) => a - b)[RUNS >> 1] as number;
}

/** @throws NBS_ONNX_CANNOT_BATCH if an input has several rows: a step would be that many times larger than it says */
function checkOneRow(feeds: Feeds): void {
  const several = Object.entries(feeds).filter(([, { dims }]) => dims[0] !== 1);
  if (several.length === 0) return;
  const shapes = several.map(([name, { dims }]) => `${name} is [${dims.join(', ')}]`).join(', ');
  throw CannotBatch({ reason: `give inputs with one row, such as a part of onnx.split(value, [1, …]); ${shapes}` });
}

/** The smallest batch whose rate is near the best of those that are not too slow. Pure. @returns 1 if all are too slow */
export function chooseBatch(steps: readonly TunedStep[], maxLatencyMs: number): number {
  const fast = steps.filter(({ ms }) => ms <= maxLatencyMs);
  const best = Math.max(...fast.map(({ rowsPerSecond }) => rowsPerSecond));
  return fast.find(({ rowsPerSecond }) => rowsPerSecond >= NEAR * best)?.batchSize ?? 1;
}

/** What was measured is the result, also if the cache cannot be written to: it is measured again then. */
function keepSteps(file: string, steps: readonly TunedStep[]): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify(steps));
  } catch {
    // It is a file system for reading only, for instance.
  }
}

function readSteps(file: string): TunedStep[] | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as TunedStep[];
  } catch {
    return undefined;
  }
}
