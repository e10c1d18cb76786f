import { CannotBatch, InvalidTensor } from './errors.js';
import { checkFeeds, describeTensor } from './feeds.js';
import { concat, split } from './stack.js';
import { isTensor } from './tensor.js';
import type { Feeds, OutputTypes, Results, Tensor, TensorInfo } from './types.js';

/** The members of a model that batching needs. */
export interface Runnable<O extends OutputTypes = OutputTypes> {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  run(feeds: Feeds): Promise<Results<O>>;
}

/** Runs many feeds in few runs of at most `maxBatchSize` rows. The rows of one feed stay in one run. Results are in the order of the feeds. */
export async function runInBatches<O extends OutputTypes>(
  model: Runnable<O>,
  feeds: readonly Feeds[],
  maxBatchSize: number,
): Promise<Results<O>[]> {
  for (const input of [...model.inputs, ...model.outputs]) {
    if (typeof input.shape[0] !== 'string')
      throw CannotBatch({ reason: `the first dimension of ${input.name}: ${describeTensor(input)} is not free` });
  }
  for (const each of feeds) checkFeeds(model.inputs, each);
  const results: Results<O>[] = [];
  let group: Feeds[] = [];
  let rows = 0;
  for (const each of feeds) {
    const more = rowsOf(model.inputs, each);
    if (group.length > 0 && rows + more > maxBatchSize) {
      results.push(...(await runGroup(model, group)));
      group = [];
      rows = 0;
    }
    group.push(each);
    rows += more;
  }
  if (group.length > 0) results.push(...(await runGroup(model, group)));
  return results;
}

async function runGroup<O extends OutputTypes>(model: Runnable<O>, group: readonly Feeds[]): Promise<Results<O>[]> {
  const [only] = group;
  if (group.length === 1 && only !== undefined) return [await model.run(only)];
  const joined = Object.fromEntries(model.inputs.map(({ name }) => [name, concat(group.map((feeds) => feeds[name] as Tensor))]));
  const counts = group.map((feeds) => rowsOf(model.inputs, feeds));
  const results = await model.run(joined);
  const parts = Object.entries(results).map(([name, value]) => [name, split(value as Tensor, counts)] as const);
  return group.map((_, i) => Object.fromEntries(parts.map(([name, values]) => [name, values[i]])) as unknown as Results<O>);
}

function rowsOf(inputs: readonly TensorInfo[], feeds: Feeds): number {
  const rows = new Set(inputs.map(({ name }) => feeds[name]).map((value) => (isTensor(value) ? value.dims[0] : undefined)));
  const [count] = rows;
  if (rows.size !== 1 || count === undefined)
    throw InvalidTensor({ reason: `the inputs of one feed have different numbers of rows: ${[...rows].join(', ')}` });
  return count;
}
