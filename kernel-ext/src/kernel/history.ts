import type { HistoryRequest } from '../wire/index.js';

/** The only session with a history: this run of the kernel. */
const SESSION = 1;

interface Entry {
  readonly line: number;
  readonly source: string;
  output: string | null;
}

/** A row of a `history_reply`: session, line, and the source, with the output if it was requested. */
export type HistoryRow = [session: number, line: number, source: string | [string, string | null]];

/** Makes a pattern with `*` and `?` as in file names. Other characters match themselves. */
function matcher(pattern: string): RegExp {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '[^]*')
    .replaceAll('?', '[^]');
  return new RegExp(`^${source}$`, 'u');
}

/** The inputs of this run, in memory. */
export class History {
  readonly #entries: Entry[] = [];

  add(line: number, source: string): void {
    this.#entries.push({ line, source, output: null });
  }

  /** Notes the text of the last cell's result. */
  setOutput(line: number, output: string): void {
    const entry = this.#entries.at(-1);
    if (entry?.line === line) entry.output = output;
  }

  query(request: HistoryRequest): HistoryRow[] {
    return this.#select(request).map(({ line, source, output }) => [SESSION, line, request.output ? [source, output] : source]);
  }

  #select(request: HistoryRequest): Entry[] {
    switch (request.access) {
      case 'range': {
        // Session 0 is the current one. Negative numbers mean earlier ones, which are not kept.
        if (request.session !== 0 && request.session !== SESSION) return [];
        const stop = request.stop ?? Number.POSITIVE_INFINITY;
        return this.#entries.filter(({ line }) => line >= request.start && line < stop);
      }
      case 'search': {
        const matches = matcher(request.pattern);
        let found = this.#entries.filter(({ source }) => matches.test(source));
        if (request.unique) found = [...new Map(found.map((entry) => [entry.source, entry])).values()];
        return request.n === undefined ? found : lastOf(found, request.n);
      }
      case 'tail':
        return lastOf(this.#entries, request.n ?? 10);
    }
  }
}

const lastOf = <T>(items: readonly T[], n: number): T[] => (n <= 0 ? [] : items.slice(-n));
