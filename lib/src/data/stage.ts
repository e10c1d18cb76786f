import { type ActorPool, hasDied, type ShippedCode, shipped, startPool, type WorkerTarget } from '../actors/index.js';
import { applyTo, isClass, type Mode, type UserFunction } from './apply.js';
import { received, type SentBlock, sent } from './batch-worker.js';
import { type Block, growing, shownType, withEarlierColumns } from './block.js';
import { InvalidCall, WorkersDied } from './errors.js';
import { ordered } from './ordered.js';
import type { Plan, Run } from './plan.js';
import { limitPlan, streamPlan } from './plans.js';
import type { MapBatchesOptions } from './types.js';
import { BATCH_WORKER } from './worker-url.js';

/** How often a batch is given to a worker whose process dies. */
const MAX_TRIES = 3;

/** A user's function as a stage of a plan. */
export interface Stage {
  readonly mode: Mode;
  /** The call in messages, e.g. `mapBatches(normalise)`. */
  readonly what: string;
  readonly fn: UserFunction;
  /** Set if workers run it. */
  readonly workers: { readonly code: ShippedCode; readonly count: number; readonly options: MapBatchesOptions } | null;
}

/**
 * Checks a function and its options. To be called at the moment when the user passes it.
 * @throws NBS_DATA_ARGUMENT
 */
export function stageOf(mode: Mode, method: string, fn: unknown, options: MapBatchesOptions): Stage {
  if (typeof fn !== 'function')
    throw InvalidCall({
      what: method,
      expected: mode === 'batches' ? 'it takes a function or a class' : 'it takes a function',
      got: shownType(fn),
    });
  const { concurrency, resources, fnConstructorArgs = [] } = options;
  if (concurrency !== undefined && !(Number.isSafeInteger(concurrency) && concurrency > 0))
    throw InvalidCall({ what: method, expected: 'concurrency is a number of workers of at least 1', got: String(concurrency) });
  const what = `${method}(${fn.name || (isClass(fn) ? 'class' : 'function')})`;
  const byWorkers = isClass(fn) || concurrency !== undefined || resources !== undefined;
  if (!byWorkers && fnConstructorArgs.length > 0)
    throw InvalidCall({ what: method, expected: 'fnConstructorArgs are for a class', got: 'a function' });
  const workers = byWorkers ? { code: shipped(method, fn as WorkerTarget), count: concurrency ?? 1, options } : null;
  return { mode, what, fn: fn as UserFunction, workers };
}

/** How many rows a function of rows gets together at first, if nobody has asked for blocks. */
const FIRST_ROWS = 16;

/**
 * The plan of a stage.
 * @param blocks the blocks of the input
 * @param areCut whether the user has asked for these blocks, so that they stay as they are
 */
export function stagePlan(stage: Stage, input: Plan, blocks: (run: Run) => AsyncIterable<Block>, areCut: boolean): Plan {
  const first = areCut ? Number.POSITIVE_INFINITY : FIRST_ROWS;
  const plan = streamPlan(stage.what, [input], (run) =>
    runStage(run, stage, stage.mode === 'batches' ? blocks(run) : growing(blocks(run), first), first),
  );
  if (stage.mode !== 'map') return plan;
  // Each row becomes one, so the first ones need no others.
  return { ...plan, limited: (rows) => stagePlan(stage, input, (run) => run.blocks(limitPlan(input, rows)), areCut) };
}

/**
 * The blocks that the function makes of the blocks, in their order. A column that it has made is in all later blocks.
 * @param first how many rows of `flatMap` are given together at first
 */
export const runStage = (run: Run, stage: Stage, blocks: AsyncIterable<Block>, first?: number): AsyncGenerator<Block> =>
  withEarlierColumns(madeBlocks(run, stage, blocks, first));

async function* madeBlocks(run: Run, stage: Stage, blocks: AsyncIterable<Block>, first?: number): AsyncGenerator<Block> {
  const { mode, what, fn, workers } = stage;
  if (workers === null) {
    const sizes = { next: first ?? Number.POSITIVE_INFINITY };
    for await (const block of blocks) yield* applyTo(mode, what, fn, block, sizes);
    return;
  }
  const { code, count, options } = workers;
  const args = [mode, what, ...(options.fnConstructorArgs ?? [])];
  const needs = { workers: count, resources: options.resources ?? {} };
  const pool = await startPool(code, {
    kind: 'data',
    beside: [...run.pools],
    args: Array.from({ length: count }, () => args),
    wrapper: BATCH_WORKER,
    ...(options.resources === undefined ? {} : { resources: options.resources }),
  });
  run.pools.push(needs);
  try {
    for await (const made of ordered(blocks, count * 2, (block) => runOn(pool, what, block))) yield* made;
  } finally {
    run.pools.splice(run.pools.indexOf(needs), 1);
    await pool.close();
  }
}

/** A batch is repeated if its worker dies, because a function of batches may run twice without harm. */
async function runOn(pool: ActorPool, what: string, block: Block): Promise<readonly Block[]> {
  const batch = sent(block);
  for (let tries = 1; ; tries++) {
    try {
      return ((await pool.run('applyToBlock', [batch])) as readonly SentBlock[]).map(received);
    } catch (error) {
      if (!hasDied(error)) throw error;
      if (tries === MAX_TRIES) throw WorkersDied({ what, times: tries, reason: (error as Error).message }, error);
    }
  }
}
