import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isRecord } from '../core/index.js';
import { Exists, NothingToRestore, NotSaved } from './errors.js';
import { configOf, dimensionsOf, type ParamSpace, placesOf, valuesOf } from './space.js';
import { type TrialState, trialName } from './trial.js';

const FILE = 'tuner.json';

const VERSION = 2;

/**
 * A trial as it is on the disk: with the places of its values in their domains, because the values themselves can be anything, such as dates, maps and
 * infinity. The space has them.
 */
interface SavedTrial extends Omit<TrialState, 'values' | 'config'> {
  readonly places: readonly number[];
}

interface Saved {
  readonly version: typeof VERSION;
  /** The space and the search as text: a search goes on only with the same. */
  readonly search: string;
  readonly trials: readonly SavedTrial[];
}

/** The state of a search on disk: it is written whole, after each change. */
export class StateFile {
  readonly folder: string;
  readonly #search: string;
  readonly #space: ParamSpace;
  #writing: Promise<void> = Promise.resolve();
  #next: string | null = null;

  constructor(folder: string, search: string, space: ParamSpace) {
    this.folder = folder;
    this.#search = search;
    this.#space = space;
  }

  /** Begins a new search. @throws NBS_TUNE_EXISTS */
  async create(): Promise<void> {
    const path = this.folder;
    if ((await readFile(join(path, FILE)).catch(() => null)) !== null) throw Exists({ path });
    await mkdir(path, { recursive: true }).catch((error: Error) => {
      throw NotSaved({ path, reason: error.message }, error);
    });
    await this.save([]);
  }

  /** The trials of a search that ended before its time. @throws NBS_TUNE_NOTHING_TO_RESTORE */
  async restore(): Promise<TrialState[]> {
    const path = this.folder;
    let saved: unknown;
    try {
      saved = JSON.parse(await readFile(join(path, FILE), 'utf8'));
    } catch (error) {
      throw NothingToRestore({ path, reason: (error as Error).message }, error);
    }
    if (!isRecord(saved) || saved.version !== VERSION)
      throw NothingToRestore({ path, reason: `its ${FILE} is of another version` });
    const { search, trials } = saved as unknown as Saved;
    if (search !== this.#search)
      throw NothingToRestore({ path, reason: `it searched with ${search}, and this is ${this.#search}` });
    const space = this.#space;
    const dimensions = dimensionsOf(space);
    return trials.map(({ places, ...trial }) => {
      const values = valuesOf(dimensions, places);
      return { ...trial, values, config: configOf(space, values), history: trial.history.map(numbers) };
    });
  }

  folderOf(trial: number): string {
    return join(this.folder, trialName(trial));
  }

  /** Resolves when this state, or a later one, is on the disk. After a failure, the next call tries again. @throws NBS_TUNE_NOT_SAVED */
  save(trials: readonly TrialState[]): Promise<void> {
    const isWaiting = this.#next !== null;
    const dimensions = dimensionsOf(this.#space);
    const saved: Saved = {
      version: VERSION,
      search: this.#search,
      trials: trials.map(({ values, config: _, ...trial }) => ({ ...trial, places: placesOf(dimensions, values) })),
    };
    this.#next = JSON.stringify(saved, (_, value: unknown) =>
      typeof value === 'number' && !Number.isFinite(value) ? String(value) : value,
    );
    // Who waited for the write before has its error.
    if (!isWaiting) this.#writing = this.#writing.catch(() => {}).then(() => this.#write());
    return this.#writing;
  }

  async #write(): Promise<void> {
    const text = this.#next as string;
    this.#next = null;
    const path = join(this.folder, FILE);
    try {
      await writeFile(`${path}.new`, text);
      await rename(`${path}.new`, path);
    } catch (error) {
      await rm(`${path}.new`, { force: true }).catch(() => {});
      throw NotSaved({ path, reason: (error as Error).message }, error);
    }
  }
}

/** JSON has no NaN and no infinity, so they were written as texts. */
const numbers = (metrics: Readonly<Record<string, unknown>>): Record<string, number> =>
  Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, Number(value)]));
