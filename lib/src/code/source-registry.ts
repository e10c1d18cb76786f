import { Catalog } from './catalog.js';
import { taggedIn } from './cell.js';
import { closureOf } from './closure.js';
import { NoSource } from './errors.js';
import { parseWithJsx } from './parse.js';
import { mayShip } from './shipped-calls.js';
import type { CodePackage, SourceId, SourceRegistryOptions } from './types.js';

/** The sources of one notebook session: it knows what each cell declares, and makes the closures that replicas need. */
export class SourceRegistry {
  readonly #catalog: Catalog;
  readonly #said = new Set<string>();

  readonly #options: SourceRegistryOptions;

  constructor(options: SourceRegistryOptions) {
    this.#options = options;
    this.#catalog = new Catalog(options.compilerOptions);
  }

  /** Adds a cell that is about to run. `id` is shown in stacks, e.g. `cell[3].ts`. Never throws. */
  addCell(cell: { readonly id: string; readonly source: string }): void {
    this.#catalog.addCell(cell.id, cell.source);
  }

  /**
   * The cell's source with each class or function that goes to `serve.deployment(`, `mapBatches(` and such calls wrapped in
   * `__nbs_source("<id>", …)`, which the host defines as {@link tag}. No line moves.
   */
  instrument(cellId: string, source: string): string {
    return instrument(cellId, source);
  }

  /** Remembers the source of a value; returns the value. */
  tag<T>(sourceId: SourceId, value: T): T {
    this.#catalog.tag(sourceId, value);
    return value;
  }

  /** Call this for each notebook global that a cell's code sets. */
  bind(cellId: string, name: string, value: unknown): void {
    this.#catalog.bind(cellId, name, value);
  }

  /** The source id of a class or function; undefined if its source is not known. */
  sourceOf(value: unknown): SourceId | undefined {
    return this.#catalog.sourceOf(value, this.#options.lookup)?.id;
  }

  /**
   * The transitive closure of a class or function, with the current values of its names.
   * @throws NBS_NO_SOURCE, NBS_CANNOT_SHIP
   */
  async pack(value: unknown): Promise<CodePackage> {
    const source = this.#catalog.sourceOf(value, this.#options.lookup);
    if (!source) throw NoSource({ name: nameOf(value) });
    const closure = closureOf(source, value, this.#catalog, this.#options);
    const notes = closure.notes.filter((note) => !this.#said.has(note.key));
    for (const note of notes) this.#said.add(note.key);
    // The assembler is loaded when something is shipped, because replicas use this room too.
    const { packageOf } = await import('./package.js');
    return packageOf(
      closure,
      this.#options,
      notes.map((note) => note.text),
    );
  }
}

function nameOf(value: unknown): string {
  if (typeof value !== 'function') return `this ${typeof value}`;
  return value.name === '' ? 'this function' : value.name;
}

/**
 * Wraps each class or function that a cell passes to a call which sends it to other processes in `__nbs_source("<cell>#<n>", …)`, so that its source can
 * be found by its value. No line moves.
 */
export function instrument(cellId: string, source: string): string {
  if (!mayShip(source)) return source;
  const insertions = taggedIn(parseWithJsx(source)).flatMap(({ argument }, n) => [
    { at: argument.start, text: `__nbs_source(${JSON.stringify(`${cellId}#${n}`)}, ` },
    { at: argument.end, text: ')' },
  ]);
  let text = source;
  for (const insertion of insertions.sort((a, b) => b.at - a.at))
    text = text.slice(0, insertion.at) + insertion.text + text.slice(insertion.at);
  return text;
}
