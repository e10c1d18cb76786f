import {
  concat,
  type Feeds,
  findDifference,
  type OutputTypes,
  type Results,
  split,
  type Tensor,
  type TensorInfo,
  tensor,
} from '../onnx/index.js';

/**
 * How far a row may be from what it is alone, as a part of the largest number of the output. Models that quantize while they run choose one scale for a whole
 * batch, so their rows differ a little, which is no reason to run them apart. Models that mix rows differ by the size of their numbers.
 * A column of small numbers beside one of large numbers has no scale of its own here, because the errors of such models would be too large for it.
 */
const TOLERANCE = 0.05;
const differs = (found: Results, expected: Results): boolean =>
  findDifference(found, expected, TOLERANCE, Number.POSITIVE_INFINITY) !== undefined;

/** The members of a model that the check needs. */
interface Runnable {
  readonly inputs: readonly TensorInfo[];
  run(feeds: Feeds): Promise<Results<OutputTypes>>;
}

/**
 * Runs two made-up rows alone and together, to find out whether the rows of a batch influence each other.
 * @returns the reason why requests cannot be joined, in words; `null` if none was found, or if the model cannot compute made-up rows
 */
export async function mixingOf(model: Runnable): Promise<string | null> {
  const rows = [madeUp(model.inputs, 1), madeUp(model.inputs, 2)] as const;
  const together = Object.fromEntries(model.inputs.map(({ name }) => [name, concat(rows.map((feeds) => feeds[name] as Tensor))]));
  let alone: readonly Results[];
  let again: Results;
  try {
    alone = [await model.run(rows[0]), await model.run(rows[1])];
    again = await model.run(rows[0]);
  } catch {
    return null;
  }
  // A model with random numbers says nothing by its answers.
  if (differs(again, alone[0] as Results)) return null;
  let joined: Results;
  try {
    joined = await model.run(together);
  } catch {
    return 'it computes single rows, and fails with two rows in a batch';
  }
  for (const [name, value] of Object.entries(joined)) {
    if (value.dims[0] !== 2) return `the output ${name} has the shape [${value.dims.join(', ')}] for a batch of 2 rows`;
    const parts = split(value, [1, 1]);
    const isMixed = parts.some((part, row) => differs({ y: part }, { y: alone[row]?.[name] as Tensor }));
    if (isMixed) return `the rows of a batch influence each other in the output ${name}`;
  }
  return null;
}

/** One row of made-up values, the same for the same seed. Whole numbers are 0 and 1, which are valid indexes in most models. */
function madeUp(inputs: readonly TensorInfo[], seed: number): Feeds {
  let state = seed * 0x9e37_79b1;
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return (state >>> 0) / 2 ** 32;
  };
  return Object.fromEntries(
    inputs.map(({ name, type = 'float32', shape }) => {
      const dims = shape.map((dim) => (typeof dim === 'number' && dim >= 0 ? dim : 1));
      const count = dims.reduce((product, dim) => product * dim, 1);
      const value = (): unknown => {
        const number = next();
        if (type === 'string') return String(Math.round(number));
        if (type === 'int64' || type === 'uint64') return BigInt(Math.round(number));
        if (type === 'bool') return number < 0.5;
        return type.startsWith('float') ? 2 * number - 1 : Math.round(number);
      };
      return [name, tensor(type, Array.from({ length: count }, value) as number[], dims)];
    }),
  );
}
