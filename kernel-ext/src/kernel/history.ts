import { KeptHistory } from '../history/index.js';
import type { HistoryRequest } from '../wire/index.js';

interface Entry {
  readonly session: number;
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

/** The inputs of this run, in memory, and those of earlier ones. Outputs are known of this run only. */
export class History {
  readonly #entries: Entry[] = [];
  readonly #kept: KeptHistory;

  constructor(kept = new KeptHistory('')) {
    this.#kept = kept;
  }

  /** To be called before the first cell, if there is time. */
  prepare(): void {
    this.#kept.prepare();
  }

  add(line: number, source: string): void {
    this.#entries.push({ session: this.#kept.add(line, source), line, source, output: null });
  }

  /** Notes the text of a cell's result. */
  setOutput(line: number, output: string): void {
    const entry = this.#entries.findLast((one) => one.line === line);
    if (entry !== undefined) entry.output = output;
  }

  query(request: HistoryRequest): HistoryRow[] {
    return this.#select(request).map(({ session, line, source, output }) => [
      session,
      line,
      request.output ? [source, output] : source,
    ]);
  }

  #select(request: HistoryRequest): Entry[] {
    switch (request.access) {
      case 'range': {
        const stop = request.stop ?? Number.POSITIVE_INFINITY;
        return this.#ofSession(request.session).filter(({ line }) => line >= request.start && line < stop);
      }
      case 'search': {
        const matches = matcher(request.pattern);
        const seen = new Set<string>();
        const found: Entry[] = [];
        for (const entry of this.#backwards()) {
          const { source } = entry;
          if (!matches.test(source) || (request.unique && seen.has(source))) continue;
          seen.add(source);
          found.push(entry);
        }
        found.reverse();
        return request.n === undefined ? found : lastOf(found, request.n);
      }
      case 'tail': {
        const found: Entry[] = [];
        for (const entry of this.#backwards()) {
          if (found.length >= (request.n ?? 10)) break;
          found.push(entry);
        }
        return found.reverse();
      }
    }
  }

  /** @param session 0 is this one, -1 the one before it, and so on; other numbers are those in the rows */
  #ofSession(session: number): Entry[] {
    if (session === 0 || session === this.#kept.session) return this.#entries;
    const wanted = session > 0 ? session : this.#kept.earlier().at(session);
    return wanted === undefined ? [] : this.#earlier(wanted);
  }

  /** The newest first. Files are read when they are needed. */
  *#backwards(): Generator<Entry> {
    yield* this.#entries.toReversed();
    for (const session of this.#kept.earlier().reverse()) yield* this.#earlier(session).reverse();
  }

  #earlier(session: number): Entry[] {
    return this.#kept.cells(session).map((cell) => ({ ...cell, output: null }));
  }
}

const lastOf = <T>(items: readonly T[], n: number): T[] => (n <= 0 ? [] : items.slice(-n));
