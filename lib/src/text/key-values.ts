import { type Feeds, lend, type Tensor, type TensorInfo } from '../onnx/index.js';

/** The keys and values of the tokens so far, by input name: each is [rows, heads, tokens, width]. A row that has fewer tokens is padded on the left. */
export type KeyValues = Feeds;

/** One row of such tensors, of which the last `length` tokens count. */
export interface KeyValuesRow {
  readonly from: KeyValues;
  readonly row: number;
  readonly length: number;
}

const PAST = /^past_key_values\./;
export const isPast = ({ name }: TensorInfo): boolean => PAST.test(name);

type Floats = Float32Array | Uint16Array;
const newFloats = (type: Tensor['type'], length: number): Floats =>
  type === 'float16' ? new Uint16Array(length) : new Float32Array(length);

/** The keys and values before the first token. */
export function noKeyValues(inputs: readonly TensorInfo[]): KeyValues {
  return Object.fromEntries(
    inputs.filter(isPast).map(({ name, type, shape }) => {
      const [, heads, , width] = shape as [unknown, number, unknown, number];
      return [name, { type, dims: [1, heads, 0, width], data: newFloats(type as Tensor['type'], 0) } as Tensor];
    }),
  );
}

/** What a run returned, as the inputs of the next run. Nobody changes them. */
export function nextKeyValues(inputs: readonly TensorInfo[], results: Readonly<Record<string, Tensor>>): KeyValues {
  return Object.fromEntries(
    inputs.filter(isPast).map(({ name }) => [name, lend(results[name.replace(PAST, 'present.')] as Tensor)]),
  );
}

/** Puts rows of several runs into one batch, and leaves out tokens that are padding in every row. */
export function joinRows(rows: readonly KeyValuesRow[]): KeyValues {
  const tokens = Math.max(0, ...rows.map(({ length }) => length));
  return Object.fromEntries(
    Object.entries(rows[0]?.from ?? {}).map(([name, { type, dims }]) => {
      const [, heads, , width] = dims as [number, number, number, number];
      const data = newFloats(type, rows.length * heads * tokens * width);
      for (const [i, { from, row, length }] of rows.entries()) {
        const source = from[name] as Tensor<'float32'>;
        const all = source.dims[2] as number;
        for (let head = 0; head < heads; head += 1) {
          const end = ((row * heads + head) * all + all) * width;
          const part = source.data.subarray(end - length * width, end);
          data.set(part, ((i * heads + head) * tokens + tokens - length) * width);
        }
      }
      return [name, lend({ type, dims: [rows.length, heads, tokens, width], data } as Tensor)];
    }),
  );
}
