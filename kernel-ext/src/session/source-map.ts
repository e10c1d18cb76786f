const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const DIGITS = new Map([...BASE64].map((character, value) => [character, value]));

interface Segment {
  readonly column: number;
  readonly line: number;
  readonly sourceColumn: number;
}

/** The `mappings` of a source map with one source: generated position → source position. Decoded at the first question. */
export class SourceMap {
  readonly #mappings: string;
  #lines: Segment[][] | undefined;

  constructor(mappings: string) {
    this.#mappings = mappings;
  }

  /** Lines and columns from 0. Undefined if the generated text has no counterpart. */
  source(line: number, column: number): { line: number; column: number } | undefined {
    this.#lines ??= decode(this.#mappings);
    const segments = this.#lines[line];
    if (segments === undefined) return undefined;
    let found: Segment | undefined;
    for (const segment of segments) {
      if (segment.column > column) break;
      found = segment;
    }
    return found && { line: found.line, column: found.sourceColumn };
  }
}

/** Base64 VLQ as in the source map format, version 3. */
function decode(mappings: string): Segment[][] {
  const lines: Segment[][] = [];
  let sourceLine = 0;
  let sourceColumn = 0;
  for (const text of mappings.split(';')) {
    const segments: Segment[] = [];
    let column = 0;
    for (const group of text === '' ? [] : text.split(',')) {
      const fields = vlq(group);
      column += fields[0] ?? 0;
      if (fields.length < 4) continue;
      sourceLine += fields[2] ?? 0;
      sourceColumn += fields[3] ?? 0;
      segments.push({ column, line: sourceLine, sourceColumn });
    }
    lines.push(segments);
  }
  return lines;
}

function vlq(group: string): number[] {
  const fields: number[] = [];
  let value = 0;
  let shift = 0;
  for (const character of group) {
    const digit = DIGITS.get(character) ?? 0;
    value |= (digit & 31) << shift;
    if (digit & 32) {
      shift += 5;
      continue;
    }
    fields.push(value & 1 ? -(value >>> 1) : value >>> 1);
    value = 0;
    shift = 0;
  }
  return fields;
}
