import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
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

/** The reports of a trial as JSON texts, so that each is made once. */
interface HistoryText {
  readonly count: number;
  readonly last: unknown;
  readonly text: string;
}

/** The state of a search on disk: it is written whole. */
export class StateFile {
  readonly folder: string;
  readonly #search: string;
  readonly #space: ParamSpace;
  #writing: Promise<void> = Promise.resolve();
  #next: readonly TrialState[] | null = null;
  readonly #histories = new Map<number, HistoryText>();

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
      const checkpoint = trial.checkpoint && { path: resolve(path, trial.checkpoint.path) };
      return { ...trial, checkpoint, values, config: configOf(space, values), history: trial.history.map(numbers) };
    });
  }

  folderOf(trial: number): string {
    return join(this.folder, trialName(trial));
  }

  /**
   * Resolves when the trials are on the disk as they are now, or later. After a failure, the next call tries again.
   * @throws NBS_TUNE_NOT_SAVED
   */
  save(trials: readonly TrialState[]): Promise<void> {
    const isWaiting = this.#next !== null;
    this.#next = trials;
    // Who waited for the write before has its error.
    if (!isWaiting) this.#writing = this.#writing.catch(() => {}).then(() => this.#write());
    return this.#writing;
  }

  #text(trials: readonly TrialState[]): string {
    const dimensions = dimensionsOf(this.#space);
    const texts = trials.map(({ values, config: _, history, checkpoint, ...trial }) => {
      const saved = {
        ...trial,
        checkpoint: checkpoint && { path: this.#inside(checkpoint.path) },
        places: placesOf(dimensions, values),
      };
      return `${jsonOf(saved).slice(0, -1)},"history":[${this.#historyText(trial.number, history)}]}`;
    });
    return `{"version":${VERSION},"search":${JSON.stringify(this.#search)},"trials":[${texts.join()}]}`;
  }

  /** A path in the folder of the search begins there, so that the folder can be moved. */
  #inside(path: string): string {
    const inside = relative(this.folder, path);
    return inside.startsWith('..') ? path : inside;
  }

  /** Reports are added at the end, and taken away from there if a trial begins again. */
  #historyText(trial: number, history: TrialState['history']): string {
    const known = this.#histories.get(trial);
    const isBegin = known !== undefined && known.count <= history.length && history[known.count - 1] === known.last;
    const added = history.slice(isBegin ? known.count : 0).map(jsonOf);
    const text = [...(isBegin && known.count > 0 ? [known.text] : []), ...added].join();
    this.#histories.set(trial, { count: history.length, last: history.at(-1), text });
    return text;
  }

  async #write(): Promise<void> {
    const trials = this.#next as readonly TrialState[];
    this.#next = null;
    const text = this.#text(trials);
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

/** JSON has no NaN and no infinity, so they are written as texts. */
const jsonOf = (value: unknown): string =>
  JSON.stringify(value, (_, each: unknown) => (typeof each === 'number' && !Number.isFinite(each) ? String(each) : each));

const numbers = (metrics: Readonly<Record<string, unknown>>): Record<string, number> =>
  Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, Number(value)]));
