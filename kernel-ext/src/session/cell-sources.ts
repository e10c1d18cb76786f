import { mayShip } from 'nbserve/analysis';
import type { SourceRegistry } from 'nbserve/host';
import { host } from './host.js';
import { type Edit, edited, type MappedText } from './mapped-text.js';
import type { NotebookNames } from './notebook-names.js';
import type { TypeQuestions } from './type-questions.js';

type Event =
  | { readonly kind: 'cell'; readonly id: string; readonly source: string }
  | { readonly kind: 'bind'; readonly id: string; readonly name: string; readonly value: Held };

/** A value. Objects are held weakly, because an array that the notebook has redefined must be freed. */
type Held = { readonly value: unknown } | WeakRef<object>;

function held(value: unknown): Held {
  const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function';
  return isObject ? new WeakRef(value) : { value };
}

export interface CellSourcesOptions {
  readonly folder: string;
  readonly names: Pick<NotebookNames, 'get' | 'has'>;
  /** Called before nbserve reads: bind what cells that still run have defined by now. */
  readonly settle: () => void;
  readonly types: TypeQuestions;
}

/** Names that every cell has, and the modules that replicas get them from. */
const GLOBALS = { serve: 'nbserve', onnx: 'nbserve/onnx' };

/** Tells nbserve from which source each class and function came. It parses nothing, and does not load nbserve, until a cell mentions a call that sends a class or function. */
export class CellSources {
  readonly #options: CellSourcesOptions;
  #events: Event[] = [];
  #registry: SourceRegistry | undefined;

  constructor(options: CellSourcesOptions) {
    this.#options = options;
  }

  /** The cell as it is to be compiled: classes and functions to send are marked with their source. */
  async marked(id: string, source: MappedText): Promise<MappedText> {
    if (!mayShip(source.text)) return source;
    const registry = await this.#load();
    return edited(source, insertions(source.text, registry.instrument(id, source.text)));
  }

  /** A cell that was accepted and will run next. */
  add(id: string, source: string): void {
    this.#take({ kind: 'cell', id, source });
  }

  bind(id: string, name: string, value: unknown): void {
    this.#take({ kind: 'bind', id, name, value: held(value) });
  }

  /** What `__nbs_source` does. */
  tag<T>(sourceId: string, value: T): T {
    return this.#registry === undefined ? value : this.#registry.tag(sourceId, value);
  }

  #take(event: Event): void {
    if (this.#registry === undefined) this.#events.push(event);
    else apply(this.#registry, event);
  }

  async #load(): Promise<SourceRegistry> {
    if (this.#registry !== undefined) return this.#registry;
    const { SourceRegistry: Registry, setSourceRegistry, setTypeSource } = await host();
    const { folder, names, settle, types } = this.#options;
    class NotebookSources extends Registry {
      override sourceOf(value: never): ReturnType<SourceRegistry['sourceOf']> {
        settle();
        return super.sourceOf(value);
      }
      override pack(value: never): ReturnType<SourceRegistry['pack']> {
        settle();
        return super.pack(value);
      }
    }
    const registry = new NotebookSources({
      folder,
      lookup: (name) => names.get(name),
      has: (name) => names.has(name),
      globals: GLOBALS,
      compilerOptions: () => types.compilerOptions(),
      fileOf: (from, specifier) => types.fileOf(from, specifier),
    });
    for (const event of this.#events) apply(registry, event);
    this.#events = [];
    this.#registry = registry;
    setSourceRegistry(registry);
    setTypeSource((sourceId, ask) => types.ask((converter) => converter.askTypes?.(cellOf(sourceId), ask)));
    return registry;
  }
}

/** `cell[3].ts`, of `cell[3].ts#0`, `cell[3].ts:Name` or `cell[3].ts=Name`. */
const cellOf = (sourceId: string): string => sourceId.replace(/[#:=][^#:=]*$/, '');

function apply(registry: SourceRegistry, event: Event): void {
  if (event.kind === 'cell') registry.addCell({ id: event.id, source: event.source });
  else registry.bind(event.id, event.name, event.value instanceof WeakRef ? event.value.deref() : event.value.value);
}

/** The edits that made `after` of `before`, which only put text in: `__nbs_source("…", ` and `)`. */
function insertions(before: string, after: string): Edit[] {
  const edits: Edit[] = [];
  let at = 0;
  for (let i = 0; i < after.length; ) {
    const mark = /^__nbs_source\("[^"]*", ?/.exec(after.slice(i, i + 200));
    if (mark !== null && !before.startsWith(mark[0], at)) {
      edits.push({ start: at, end: at, text: mark[0] });
      i += mark[0].length;
    } else if (after[i] === before[at]) {
      i++;
      at++;
    } else {
      edits.push({ start: at, end: at, text: after[i] ?? '' });
      i++;
    }
  }
  return edits;
}
