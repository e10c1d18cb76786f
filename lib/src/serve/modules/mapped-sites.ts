import type { SourceMapPayload } from 'node:module';

const MAP = '//# sourceMappingURL=data:application/json;base64,';
const SITE = /^(.*):(\d+):(\d+)$/;
const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

interface Position {
  readonly line: number;
  readonly column: number;
}

/**
 * The same calls at the positions that a replica, which runs the bundle, sees for them. The engine places `(0, make)('a')` at its second parenthesis,
 * but a source map contains only words. So each position in the user's file is replaced by the last position before it that the map contains.
 * @param bundle with its source map inside
 */
export function mappedSites(sites: readonly string[], bundle: string): readonly string[] {
  const known = positionsOf(bundle);
  return sites.map((site) => {
    const [, file = '', line, column] = SITE.exec(site) ?? [];
    const at = before(known.get(file) ?? [], { line: Number(line), column: Number(column) });
    return at === undefined ? site : `${file}:${at.line}:${at.column}`;
  });
}

/** The last position that is not after `at`. */
function before(positions: readonly Position[], at: Position): Position | undefined {
  let low = 0;
  let high = positions.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compare(positions[middle] as Position, at) <= 0) low = middle + 1;
    else high = middle;
  }
  return positions[low - 1];
}

const compare = (a: Position, b: Position): number => a.line - b.line || a.column - b.column;

/** The positions of each source, in order. Lines and columns count from 1. */
function positionsOf(bundle: string): ReadonlyMap<string, readonly Position[]> {
  const found = new Map<string, Position[]>();
  const start = bundle.lastIndexOf(MAP);
  if (start < 0) return found;
  const { sources, mappings } = JSON.parse(
    Buffer.from(bundle.slice(start + MAP.length).trim(), 'base64').toString(),
  ) as SourceMapPayload;
  let [source, line, column] = [0, 0, 0];
  for (const segment of mappings.split(/[;,]/)) {
    const [, toSource, toLine, toColumn] = numbersOf(segment);
    if (toSource === undefined) continue;
    source += toSource;
    line += toLine as number;
    column += toColumn as number;
    const positions = found.get(sources[source] as string) ?? [];
    found.set(sources[source] as string, positions);
    positions.push({ line: line + 1, column: column + 1 });
  }
  for (const positions of found.values()) positions.sort(compare);
  return found;
}

/** Decodes Base64 VLQ: five bits for each digit, the lowest first. The lowest bit of all is the sign. */
function numbersOf(segment: string): readonly number[] {
  const numbers: number[] = [];
  let value = 0;
  let shift = 0;
  for (const char of segment) {
    const digit = DIGITS.indexOf(char);
    value += (digit & 31) << shift;
    shift += 5;
    if (digit & 32) continue;
    numbers.push(value & 1 ? -(value >>> 1) : value >>> 1);
    value = 0;
    shift = 0;
  }
  return numbers;
}
