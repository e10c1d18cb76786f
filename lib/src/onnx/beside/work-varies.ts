import { type Bytes, eachField, readParts, textOfPart } from '../model-parts.js';

/** Operators that repeat others, or choose between others, by a value. */
const REPEATING = new Set('Loop Scan If SequenceMap BeamSearch WhisperBeamSearch GreedySearch Sampling'.split(' '));

/** Operators whose output has a size that values decide, or that work as long as values say, and the places of the inputs with those values. */
const SIZED_BY: ReadonlyMap<string, readonly number[]> = new Map([
  ['Range', [0, 1, 2]],
  ['Expand', [1]],
  ['Reshape', [1]],
  ['RoiAlign', [1]],
  ['MaxRoiPool', [1]],
  ['ImageDecoder', [0]],
  ['ConstantOfShape', [0]],
  ['Tile', [1, 2]],
  ['Resize', [1, 2, 3]],
  ['Upsample', [1]],
  ['OneHot', [1]],
  ['Pad', [1]],
  ['CenterCropPad', [1]],
  ['AffineGrid', [1]],
  ['Col2Im', [1, 2]],
  ['MaxUnpool', [2]],
  ['HannWindow', [0]],
  ['HammingWindow', [0]],
  ['BlackmanWindow', [0]],
  ['MelWeightMatrix', [0, 1, 2, 3, 4]],
  ['DFT', [1]],
  ['STFT', [1, 3]],
  ['Slice', [1, 2, 3, 4]],
  ['Split', [1]],
  ['SplitToSequence', [1]],
  ['TopK', [1]],
  ['NonZero', [0]],
  ['Compress', [0, 1]],
  ['Unique', [0]],
  ['NonMaxSuppression', [0, 1, 2, 3, 4]],
  ['StringSplit', [0]],
  ['CropAndResize', [3]],
  ['RNN', [4]],
  ['GRU', [4]],
  ['LSTM', [4]],
]);

/** Operators that read only the dimensions of their input, which the sizes of a model's inputs decide. */
const OF_SHAPES = new Set(['Shape', 'Size']);

interface Node {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/**
 * Tells whether the length of a run may depend on the values of a model's inputs, so that their sizes do not tell it. It follows those values through the
 * graph; a model that cannot be read counts as one of which the length depends on values.
 * @param inputs names of the model's inputs
 */
export function workVaries(source: string | Uint8Array, inputs: readonly string[]): boolean {
  try {
    return readParts(source, (bytes) => readModel(bytes, new Set(inputs)));
  } catch {
    return true;
  }
}

/** @param values names of what depends on the values of inputs. In a graph, each node comes after those whose outputs it takes */
function readModel(bytes: Bytes, values: Set<string>): boolean {
  let varies = false;
  let hasGraph = false;
  eachField(bytes, bytes.length, ({ number, end }) => {
    // Functions of the model's own could contain anything.
    if (number === 25) varies = true;
    if (number !== 7) return;
    hasGraph = true;
    eachField(bytes, end, (part) => {
      if (part.number === 1 && !varies) varies = follow(readNode(bytes, part.end), values);
    });
  });
  return varies || !hasGraph;
}

/** Notes what a node passes on. @returns whether its work depends on values */
function follow({ op, inputs, outputs }: Node, values: Set<string>): boolean {
  if (REPEATING.has(op)) return true;
  if (SIZED_BY.get(op)?.some((place) => values.has(inputs[place] ?? ''))) return true;
  if (!OF_SHAPES.has(op) && inputs.some((name) => values.has(name))) for (const name of outputs) values.add(name);
  return false;
}

function readNode(bytes: Bytes, end: number): Node {
  const inputs: string[] = [];
  const outputs: string[] = [];
  let op = '';
  eachField(bytes, end, (field) => {
    if (field.number === 1) inputs.push(textOfPart(bytes, field));
    else if (field.number === 2) outputs.push(textOfPart(bytes, field));
    else if (field.number === 4) op = textOfPart(bytes, field);
  });
  return { op, inputs, outputs };
}
