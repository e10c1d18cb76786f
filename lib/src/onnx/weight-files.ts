import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Bytes, eachField, readParts, textOfPart } from './model-parts.js';

/** The kinds of messages of onnx.proto in which a tensor can be, and their fields that are such messages. */
const INSIDE = {
  model: { 7: 'graph', 25: 'function' },
  graph: { 1: 'node', 5: 'tensor', 15: 'sparse' },
  function: { 7: 'node', 11: 'attribute' },
  node: { 5: 'attribute' },
  attribute: { 5: 'tensor', 6: 'graph', 10: 'tensor', 11: 'graph', 22: 'sparse', 23: 'sparse' },
  sparse: { 1: 'tensor', 2: 'tensor' },
  tensor: { 13: 'entry' },
} as const satisfies Readonly<Record<string, Readonly<Record<number, string>>>>;
type Kind = keyof typeof INSIDE;

/**
 * The files in which a model says that its weights lie: the entry `location` of the external data of a tensor. Files that do not exist are left out, and a
 * model that cannot be read has none. Each file is named once.
 */
export function filesOfWeights(path: string): string[] {
  const places = new Set<string>();
  try {
    readParts(path, (bytes) => collect(bytes, bytes.length, 'model', places));
  } catch {
    return [];
  }
  // Beside a link to a model lie its weights, or links to them.
  const folders = [dirname(path), dirname(realpathSync(path))];
  const files = folders.flatMap((folder) => [...places].map((place) => join(folder, place))).filter((file) => existsSync(file));
  // Two paths can be one file: if the path is relative, or leads through a linked folder.
  const known = new Set<string>();
  return files.filter((file) => known.size < known.add(realpathSync(file)).size);
}

function collect(bytes: Bytes, end: number, kind: Kind, places: Set<string>): void {
  const inside: Readonly<Record<number, Kind | 'entry'>> = INSIDE[kind];
  eachField(bytes, end, (part) => {
    const inner = inside[part.number];
    if (inner === 'entry') {
      const place = locationIn(bytes, part.end);
      if (place !== undefined) places.add(place);
    } else if (inner !== undefined) collect(bytes, part.end, inner, places);
  });
}

/** The value of an entry with the key `location`. */
function locationIn(bytes: Bytes, end: number): string | undefined {
  const found: Record<number, string> = {};
  eachField(bytes, end, (part) => {
    found[part.number] = textOfPart(bytes, part);
  });
  return found[1] === 'location' ? found[2] : undefined;
}
