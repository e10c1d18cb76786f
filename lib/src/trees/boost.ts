import { setImmediate } from 'node:timers/promises';
import { mixBits } from '../core/index.js';
import { type Bins, binRows, makeBins } from './bins.js';
import { describeFeatures, encode, type Feature, readLabels } from './features.js';
import { growTree } from './grow.js';
import { auc, DEFAULT_METRIC, isHigherBetter, type MetricName } from './metrics.js';
import { TreesModel } from './model.js';
import { withExactSums } from './model-data.js';
import { OBJECTIVES } from './objective.js';
import type { ParsedParams } from './options.js';
import { ScoredSet } from './scored.js';
import { metricOf, type ShardInit, type ShardState, type TreesWorker } from './shard.js';
import type { Columns } from './table.js';
import type { Tree } from './tree.js';

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
  /** Called after each tree. If it resolves to false, the training ends. */
  readonly onTree: (metrics: TreeMetrics) => Promise<boolean>;
}

/** Trains trees one after the other, each on what those before it leave over. @throws NBS_TREES_NO_COLUMN and others about the data */
export async function boost(job: Boost): Promise<{ readonly model: TreesModel; readonly history: readonly TreeMetrics[] }> {
  const { params, numBoostRound, earlyStoppingRounds = Number.POSITIVE_INFINITY, onTree } = job;
  const { objective, maxDepth, eta, seed, colsampleBytree } = params;
  const data = prepare(job);
  const workers = await job.startWorkers(data.shards);
  const growth = { bins: data.bins, maxDepth, eta, rules: params };
  const trees: Tree[] = [];
  const history: TreeMetrics[] = [];
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
  let states: readonly ShardState[] = await Promise.all(workers.map((worker) => worker.state()));
  let best = { round: 0, value: Number.POSITIVE_INFINITY };
  for (let round = 0; round < numBoostRound; round += 1) {
    // Lets an interrupt and messages in.
    await setImmediate();
    const largest = Math.max(...states.map(({ largestGradient }) => largestGradient));
    const features = sample(data.features.length, colsampleBytree, mixBits(Math.imul(mixBits(seed + 1), 0x9e3779b1) + round));
    const grown = await growTree(workers, growth, round, largest, features);
    states = grown.states;
    trees.push(grown.tree);
    const metrics = await measure(job, data, grown.tree, workers, states);
    history.push(metrics);
    const watched = Object.entries(metrics).at(-1) as [string, number];
    const value = isHigherBetter(data.metrics.at(-1) as MetricName) ? -watched[1] : watched[1];
    if (value < best.value) best = { round, value };
    if (!(await onTree(metrics))) break;
    if (round - best.round >= earlyStoppingRounds) break;
  }
  return { model: modelOf(earlyStoppingRounds === Number.POSITIVE_INFINITY ? trees.length : best.round + 1), history };
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

function prepare({ where, params, labelColumn, sets, numWorkers }: Boost): Prepared {
  const { objective, subsample, seed, maxBin } = params;
  const isBinary = objective === 'binary:logistic';
  const metrics = params.evalMetric ?? [DEFAULT_METRIC[objective]];
  const [[trainName, train], ...others] = sets as [readonly [string, Columns], ...(readonly [string, Columns])[]];
  const inSet = (name: string) => `${where}: the data set ${name}`;
  const labels = readLabels(inSet(trainName), train, labelColumn, isBinary);
  const names = Object.keys(train).filter((name) => name !== labelColumn);
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
  const scored = others.map(([name, columns]) => {
    const own = readLabels(inSet(name), columns, labelColumn, isBinary);
    return [name, new ScoredSet(encode(inSet(name), columns, features), isCategory, own, objective, base)] as const;
  });
  return { features, bins, base, metrics, labels, shards, scored };
}

async function measure(
  job: Boost,
  { metrics, labels, scored }: Prepared,
  tree: Tree,
  workers: readonly TreesWorker[],
  states: readonly ShardState[],
): Promise<TreeMetrics> {
  const found: Record<string, number> = {};
  const trainName = (job.sets[0] as readonly [string, Columns])[0];
  for (const [at, metric] of metrics.entries()) {
    found[`${trainName}-${metric}`] =
      metric === 'auc'
        ? auc(concat(await Promise.all(workers.map((worker) => worker.predictions()))), labels)
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
