/** One replacement of `[start, end)` by `text`. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** A text made from another by edits, which knows where each of its characters came from. */
export interface MappedText {
  readonly text: string;
  /** Offset in the first text of the chain. A character that was put in maps to the place where it was put. */
  toOriginal(offset: number): number;
}

/** A text without edits. */
export function unmapped(text: string): MappedText {
  return { text, toOriginal: (offset) => offset };
}

/** Applies edits that do not overlap; those at one place keep their order, but what is put in comes in front of what is replaced. */
export function edited(source: MappedText, edits: readonly Edit[]): MappedText {
  if (edits.length === 0) return source;
  const sorted = edits
    .map((edit, order) => ({ edit, order, replaces: edit.end > edit.start ? 1 : 0 }))
    .sort((a, b) => a.edit.start - b.edit.start || a.replaces - b.replaces || a.order - b.order);
  const kept: { readonly at: number; readonly from: number; readonly length: number }[] = [];
  let text = '';
  let position = 0;
  for (const { edit } of sorted) {
    if (edit.start < position) throw new RangeError(`edit at ${edit.start} overlaps the one before it`);
    kept.push({ at: text.length, from: position, length: edit.start - position });
    text += source.text.slice(position, edit.start) + edit.text;
    position = edit.end;
  }
  kept.push({ at: text.length, from: position, length: source.text.length - position });
  text += source.text.slice(position);
  return {
    text,
    toOriginal: (offset) => {
      let low = 0;
      let high = kept.length - 1;
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        if ((kept[middle]?.at ?? 0) <= offset) low = middle;
        else high = middle - 1;
      }
      const run = kept[low];
      if (run === undefined) return source.toOriginal(offset);
      return source.toOriginal(run.from + Math.min(offset - run.at, run.length));
    },
  };
}

/** What ends a line for V8 and for esbuild's source maps: https://tc39.es/ecma262/#sec-line-terminators */
export const CODE_LINE_ENDS = /\r\n|[\n\r\u2028\u2029]/g;

/** Offsets to lines and columns, both from 0, and back. */
export class LineIndex {
  readonly #starts: number[] = [0];
  readonly #length: number;

  /** @param ends what ends a line; people and front ends count only `\n` */
  constructor(text: string, ends?: RegExp) {
    this.#length = text.length;
    if (ends !== undefined) for (const found of text.matchAll(ends)) this.#starts.push(found.index + found[0].length);
    else for (let i = text.indexOf('\n'); i >= 0; i = text.indexOf('\n', i + 1)) this.#starts.push(i + 1);
  }

  position(offset: number): { line: number; column: number } {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low, column: offset - (this.#starts[low] ?? 0) };
  }

  offset(line: number, column: number): number {
    const start = this.#starts[line];
    return start === undefined ? this.#length : Math.min(start + column, this.#length);
  }
}
