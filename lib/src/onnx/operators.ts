import { type Bytes, eachField, readParts, textOfPart } from './model-parts.js';

/** The kinds of messages of onnx.proto in which a node can be, and their fields that are such messages. */
const INSIDE = {
  model: { 7: 'graph', 25: 'function' },
  graph: { 1: 'node' },
  function: { 7: 'node' },
  node: { 5: 'attribute' },
  attribute: { 6: 'graph', 11: 'graph' },
} as const satisfies Readonly<Record<string, Readonly<Record<number, string>>>>;
type Kind = keyof typeof INSIDE;

/** The names of a model's operators, also of those in its functions and inner graphs. A model that cannot be read has none. */
export function operatorsOf(path: string): ReadonlySet<string> {
  const names = new Set<string>();
  try {
    readParts(path, (bytes) => collect(bytes, bytes.length, 'model', names));
  } catch {
    return new Set();
  }
  return names;
}

function collect(bytes: Bytes, end: number, kind: Kind, names: Set<string>): void {
  const inside: Readonly<Record<number, Kind>> = INSIDE[kind];
  eachField(bytes, end, (part) => {
    const inner = inside[part.number];
    if (inner !== undefined) collect(bytes, part.end, inner, names);
    else if (kind === 'node' && part.number === 4) names.add(textOfPart(bytes, part));
  });
}
