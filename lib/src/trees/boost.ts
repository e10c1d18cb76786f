import { setImmediate } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { mixBits } from '../core/index.js';
import { type Bins, binRows, makeBins } from './bins.js';
import { Failed, NoFeatures, OneLabel, OtherTraining } from './errors.js';
import { describeFeatures, encode, type Feature, readLabels } from './features.js';
import type { Grown } from './files.js';
import { growTree } from './grow.js';
import { auc, DEFAULT_METRIC, isHigherBetter, type MetricName } from './metrics.js';
import { TreesModel } from './model.js';
import { withExactSums } from './model-data.js';
import { OBJECTIVES } from './objective.js';
import type { ParsedParams } from './options.js';
import { ScoredSet } from './scored.js';
import { metricOf, type ShardInit, type ShardState, type TreesWorker } from './shard.js';
import { isDeath } from './start-workers.js';
import type { Columns } from './table.js';
import { leafOf, type Tree } from './tree.js';

/** Metrics after one tree: `train-logloss`, `valid-auc`. */
export type TreeMetrics = Readonly<Record<string, number>>;

/** What {@link boost} needs. */
export interface Boost {
  /** What errors say before the colon. */
  readonly where: string;
  readonly params: ParsedParams;
  readonly labelColumn: string;
  /** The first one is trained on; after each tree, all are scored. Early stopping looks at the last one. */
  readonly sets: readonly (readonly [name: string, columns: Columns])[];
  readonly numBoostRound: number;
  readonly earlyStoppingRounds?: number | undefined;
  readonly numWorkers: number;
  readonly startWorkers: (shards: readonly ShardInit[]) => Promise<readonly TreesWorker[]>;
  /** How often workers are started again, after one of them died. @default 0 */
  readonly maxFailures?: number;
  /** What an earlier training has grown. @throws NBS_TREES_OTHER_TRAINING if it had another objective, other columns, or more trees */
  readonly start?: { readonly grown: Grown; readonly path: string } | undefined;
  /** Called after so many trees with what there is, not after the last one. @default never */
  readonly checkpointEvery?: number | undefined;
  readonly onCheckpoint?: (model: TreesModel, grown: Grown) => Promise<unknown>;
  /** Called after each tree. If it resolves to false, the training ends. */
  readonly onTree: (metrics: TreeMetrics) => Promise<boolean>;
}

/** Trains trees one after the other, each on what those before it leave over. @throws NBS_TREES_NO_COLUMN and others about the data */
export async function boost(
  job: Boost,
): Promise<{ readonly model: TreesModel; readonly grown: Grown; readonly history: readonly TreeMetrics[] }> {
  const { params, numBoostRound, earlyStoppingRounds = Number.POSITIVE_INFINITY, checkpointEvery, onTree } = job;
  const { objective, maxDepth, eta, seed, colsampleBytree } = params;
  const data = prepare(job);
  const growth = { bins: data.bins, maxDepth, eta, rules: params };
  const grown: Grown & { readonly trees: Tree[]; readonly history: TreeMetrics[] } = {
    objective,
    label: job.labelColumn,
    features: data.features,
    base: data.base,
    trees: [...goingOn(job, data)],
    history: [...(job.start?.grown.history ?? [])],
  };
  const { trees, history } = grown;
  for (const tree of trees) for (const [, set] of data.scored) set.add(tree);
  // None before the first tree, and after a death.
  let started: Started | null = null;
  let restarts = 0;
  const modelOf = (count: number) =>
    new TreesModel(
      withExactSums({
        format: 'nbserve-trees',
        version: 1,
        objective,
        label: job.labelColumn,
        features: data.features,
        base: data.base,
        trees: trees.slice(0, count),
      }),
    );
  let best = { round: 0, value: Number.POSITIVE_INFINITY };
  const note = (round: number, metrics: TreeMetrics): void => {
    const watched = Object.entries(metrics).at(-1) as [string, number];
    const value = isHigherBetter(data.metrics.at(-1) as MetricName) ? -watched[1] : watched[1];
    if (value < best.value) best = { round, value };
  };
  history.forEach((metrics, round) => {
    note(round, metrics);
  });
  // True at the start too, if the training that this one continues had ended early.
  const isOver = (): boolean => trees.length - 1 - best.round >= earlyStoppingRounds;
  for (let round = trees.length; round < numBoostRound && !isOver(); round += 1) {
    // Lets an interrupt and messages in.
    await setImmediate();
    const features = sample(data.features.length, colsampleBytree, mixBits(Math.imul(mixBits(seed + 1), 0x9e3779b1) + round));
    let metrics: TreeMetrics;
    try {
      const now: Started = started ?? (await begin(job, data, trees));
      const { workers } = now;
      const largest = Math.max(...now.states.map(({ largestGradient }) => largestGradient));
      const next = await growTree(workers, growth, round, largest, features);
      metrics = await measure(job, data, next.tree, workers, next.states, round + 1);
      started = { workers, states: next.states };
      trees.push(next.tree);
    } catch (error) {
      if (!isDeath(error)) throw error;
      if (restarts >= (job.maxFailures ?? 0)) throw Failed({ restarts, reason: (error as Error).message }, error);
      restarts += 1;
      console.warn(`${job.where}: a worker died; going on after tree ${trees.length}`);
      started = null;
      round -= 1;
      continue;
    }
    history.push(metrics);
    note(round, metrics);
    if (!(await onTree(metrics))) break;
    if (isOver()) break;
    if (checkpointEvery !== undefined && trees.length % checkpointEvery === 0 && trees.length < numBoostRound)
      await job.onCheckpoint?.(modelOf(trees.length), grown);
  }
  const count = earlyStoppingRounds === Number.POSITIVE_INFINITY ? trees.length : best.round + 1;
  return { model: modelOf(count), grown, history };
}

/** The trees that an earlier training has grown. @throws NBS_TREES_OTHER_TRAINING */
function goingOn({ start, params, labelColumn, numBoostRound }: Boost, { features, base }: Prepared): readonly Tree[] {
  if (start === undefined) return [];
  const { grown, path } = start;
  const wrong = (what: string) => OtherTraining({ path, reason: `its ${what} differ from those of this training` });
  if (grown.objective !== params.objective || grown.label !== labelColumn) throw wrong('objective and label');
  if (!isDeepStrictEqual(JSON.parse(JSON.stringify(features)), grown.features)) throw wrong('columns');
  if (base !== grown.base) throw wrong('labels');
  const count = grown.trees.length;
  if (count > numBoostRound)
    throw OtherTraining({
      path,
      reason: `it has ${count} trees, and numBoostRound is ${numBoostRound}; set it to ${count} or more`,
    });
  return grown.trees;
}

/** The workers that run, and what each of them knows after the last tree. */
interface Started {
  readonly workers: readonly TreesWorker[];
  readonly states: readonly ShardState[];
}

/** Starts the workers with the margins of the trees that there are. */
async function begin(job: Boost, { shards, features, labels, base }: Prepared, trees: readonly Tree[]): Promise<Started> {
  let margins: Float64Array | undefined;
  if (trees.length > 0) {
    // The workers need the bins alone, so the values are not kept for a start that may never come.
    const [[name, train]] = job.sets as [readonly [string, Columns]];
    const matrix = encode(`${job.where}: the data set ${name}`, train, features);
    const isCategory = features.map(({ categories }) => categories !== undefined);
    margins = new Float64Array(labels.length).fill(base);
    for (const tree of trees)
      for (let row = 0; row < margins.length; row += 1)
        margins[row] = (margins[row] as number) + leafOf(tree, isCategory, matrix, row * features.length);
  }
  const own = shards.map((shard) => ({
    ...shard,
    trees: trees.length,
    margins: margins?.subarray(shard.firstRow, shard.firstRow + shard.labels.length),
  }));
  const workers = await job.startWorkers(own);
  const states = await Promise.all(workers.map((worker) => worker.state()));
  return { workers, states };
}

interface Prepared {
  readonly features: readonly Feature[];
  readonly bins: Bins;
  readonly base: number;
  readonly metrics: readonly MetricName[];
  readonly labels: Float64Array;
  readonly shards: readonly ShardInit[];
  readonly scored: readonly (readonly [name: string, set: ScoredSet])[];
}

/** @throws NBS_TREES_NO_FEATURES; NBS_TREES_ONE_LABEL if early stopping would compare values of auc that are not numbers */
function prepare({ where, params, labelColumn, sets, numWorkers, earlyStoppingRounds }: Boost): Prepared {
  const { objective, subsample, seed, maxBin } = params;
  const isBinary = objective === 'binary:logistic';
  const metrics = params.evalMetric ?? [DEFAULT_METRIC[objective]];
  const [[trainName, train], ...others] = sets as [readonly [string, Columns], ...(readonly [string, Columns])[]];
  const inSet = (name: string) => `${where}: the data set ${name}`;
  const labels = readLabels(inSet(trainName), train, labelColumn, isBinary);
  const names = Object.keys(train).filter((name) => name !== labelColumn);
  if (names.length === 0) throw NoFeatures({ where: inSet(trainName), label: labelColumn });
  const features = describeFeatures(inSet(trainName), train, names);
  const matrix = encode(inSet(trainName), train, features);
  const bins = makeBins(matrix, features, maxBin);
  const binned = binRows(matrix, bins);
  const base = OBJECTIVES[objective].baseOf(labels.reduce((sum, label) => sum + label, 0) / labels.length);
  const count = Math.min(numWorkers, labels.length);
  const shards = Array.from({ length: count }, (_, i): ShardInit => {
    const [from, to] = [i, i + 1].map((part) => Math.floor((part * labels.length) / count)) as [number, number];
    return {
      bins: binned.subarray(from * features.length, to * features.length),
      counts: bins.counts,
      labels: labels.subarray(from, to),
      firstRow: from,
      base,
      objective,
      metrics,
      subsample,
      seed,
    };
  });
  const isCategory = features.map(({ categories }) => categories !== undefined);
  let lastLabels = labels;
  const scored = others.map(([name, columns]) => {
    const own = readLabels(inSet(name), columns, labelColumn, isBinary);
    lastLabels = own;
    return [name, new ScoredSet(encode(inSet(name), columns, features), isCategory, own, objective, base)] as const;
  });
  if (earlyStoppingRounds !== undefined && metrics.at(-1) === 'auc') {
    const [name] = sets.at(-1) as readonly [string, Columns];
    const seen = new Set(lastLabels);
    if (seen.size < 2) throw OneLabel({ where: inSet(name), label: [...seen].join() });
  }
  return { features, bins, base, metrics, labels, shards, scored };
}

async function measure(
  job: Boost,
  { metrics, labels, scored }: Prepared,
  tree: Tree,
  workers: readonly TreesWorker[],
  states: readonly ShardState[],
  trees: number,
): Promise<TreeMetrics> {
  const found: Record<string, number> = {};
  const trainName = (job.sets[0] as readonly [string, Columns])[0];
  for (const [at, metric] of metrics.entries()) {
    found[`${trainName}-${metric}`] =
      metric === 'auc'
        ? auc(concat(await Promise.all(workers.map((worker) => worker.predictions(trees)))), labels)
        : metricOf(metric, states, at, labels.length);
  }
  for (const [name, set] of scored) {
    set.add(tree);
    for (const metric of metrics) found[`${name}-${metric}`] = set.metric(metric);
  }
  return found;
}

function concat(parts: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** A part of the numbers 0 to `count - 1`, in order: at least one. */
function sample(count: number, share: number, bits: number): number[] {
  const all = Array.from({ length: count }, (_, i) => i);
  if (share === 1) return all;
  const ranked = all.map((i) => ({ i, rank: mixBits(bits ^ mixBits(i + 1)) })).sort((a, b) => a.rank - b.rank);
  return ranked
    .slice(0, Math.max(1, Math.round(share * count)))
    .map(({ i }) => i)
    .sort((a, b) => a - b);
}
