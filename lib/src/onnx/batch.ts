import { CannotBatch, InvalidTensor } from './errors.js';
import { checkFeeds, describeTensor, describeTensors } from './feeds.js';
import { concat, split } from './stack.js';
import { isTensor } from './tensor.js';
import type { Feeds, OutputTypes, Results, Tensor, TensorInfo } from './types.js';

/** The members of a model that batching needs. */
export interface Runnable<O extends OutputTypes = OutputTypes> {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  run(feeds: Feeds): Promise<Results<O>>;
}

/** The dimension of the batch of inputs and outputs, by name, if it is not the first one. */
export type BatchAxes = Readonly<Record<string, number>>;

/** Runs many feeds in few runs of at most `maxBatchSize` rows. The rows of one feed stay in one run. Results are in the order of the feeds. */
export async function runInBatches<O extends OutputTypes>(
  model: Runnable<O>,
  feeds: readonly Feeds[],
  maxBatchSize: number,
  axes: BatchAxes = {},
): Promise<Results<O>[]> {
  const all = [...model.inputs, ...model.outputs];
  for (const name of Object.keys(axes)) {
    if (!all.some((each) => each.name === name))
      throw CannotBatch({ reason: `axes names ${name}, which is no input or output; there are ${describeTensors(all)}` });
  }
  for (const each of all) {
    const axis = axisOf(axes, each.name);
    if (typeof each.shape.at(axis) !== 'string') {
      const which = axis === 0 ? 'the first dimension' : `dimension ${axis}`;
      throw CannotBatch({ reason: `${which} of ${each.name}: ${describeTensor(each)} is not free` });
    }
  }
  for (const each of feeds) checkFeeds(model.inputs, each);
  const results: Results<O>[] = [];
  let group: Feeds[] = [];
  let rows = 0;
  for (const each of feeds) {
    const more = rowsOf(model.inputs, each, axes);
    if (group.length > 0 && rows + more > maxBatchSize) {
      results.push(...(await runGroup(model, group, axes)));
      group = [];
      rows = 0;
    }
    group.push(each);
    rows += more;
  }
  if (group.length > 0) results.push(...(await runGroup(model, group, axes)));
  return results;
}

async function runGroup<O extends OutputTypes>(
  model: Runnable<O>,
  group: readonly Feeds[],
  axes: BatchAxes,
): Promise<Results<O>[]> {
  const [only] = group;
  if (group.length === 1 && only !== undefined) return [await model.run(only)];
  const joined = Object.fromEntries(
    model.inputs.map(({ name }) => [
      name,
      concat(
        group.map((feeds) => feeds[name] as Tensor),
        { axis: axisOf(axes, name) },
      ),
    ]),
  );
  const counts = group.map((feeds) => rowsOf(model.inputs, feeds, axes));
  const results = await model.run(joined);
  const parts = Object.entries(results).map(
    ([name, value]) => [name, split(value as Tensor, counts, { axis: axisOf(axes, name) })] as const,
  );
  return group.map((_, i) => Object.fromEntries(parts.map(([name, values]) => [name, values[i]])) as unknown as Results<O>);
}

const axisOf = (axes: BatchAxes, name: string): number => (Object.hasOwn(axes, name) ? (axes[name] as number) : 0);

function rowsOf(inputs: readonly TensorInfo[], feeds: Feeds, axes: BatchAxes): number {
  const rows = new Set(
    inputs.map(({ name }) => {
      const value = feeds[name];
      return isTensor(value) ? value.dims.at(axisOf(axes, name)) : undefined;
    }),
  );
  const [count] = rows;
  if (rows.size !== 1 || count === undefined)
    throw InvalidTensor({ reason: `the inputs of one feed have different numbers of rows: ${[...rows].join(', ')}` });
  return count;
}
