import { bundleOf } from '../display/index.js';
import {
  type Magic,
  type MagicContext,
  type NotebookAccess,
  runMagic,
  type SplitCell,
  shellLines,
  timeit,
} from '../magics/index.js';
import { versionText } from '../versions/index.js';
import { loadedHost } from './host.js';
import type { RunningCell } from './running-cell.js';
import { atLine } from './traceback.js';

/** What magics use of the notebook that only its session knows. */
export interface MagicNotebook extends Pick<NotebookAccess, 'names' | 'reset' | 'history' | 'help'> {
  readonly folder: string;
  readonly ownsProcess: boolean;
  readonly leadsGroup: boolean;
}

/** What magics change, and what they see of the notebook. */
export class CellMagics {
  /** Where commands run; `%cd` changes it. */
  folder: string;
  /** Where they ran before. */
  #lastFolder: string;
  /** `%types off` */
  isUnchecked = false;
  readonly #notebook: MagicNotebook;

  constructor(notebook: MagicNotebook) {
    this.#notebook = notebook;
    this.folder = notebook.folder;
    this.#lastFolder = notebook.folder;
  }

  /** `%cd` may change them between two magics of a cell. */
  get folders(): Pick<MagicContext, 'folder' | 'lastFolder'> {
    return { folder: this.folder, lastFolder: this.#lastFolder };
  }

  /** What the magics of a cell get; undefined if it has none. */
  async contextFor(cell: RunningCell, split: SplitCell): Promise<MagicContext | undefined> {
    if (split.cellMagic === undefined && split.leading.length === 0 && split.inner.length === 0) return undefined;
    const host = await loadedHost();
    const cluster = host === undefined ? null : await host.runningCluster();
    const env: Record<string, string> = cluster === null ? {} : { NBSERVE_CLUSTER: cluster.cluster.dir };
    const { leadsGroup } = this.#notebook;
    const { output, interrupted: signal } = cell;
    const checkTypes = (isOn: boolean): void => {
      this.isUnchecked = !isOn;
    };
    const notebook = this.#access(cell);
    return { ...this.folders, output, signal, versions: versionText, checkTypes, env, leadsGroup, notebook };
  }

  /** The magics that the cell's code calls. */
  inner({ inner }: SplitCell, { output, interrupted: signal }: RunningCell, context: MagicContext | undefined) {
    const called = <T>(run: (magic: Magic, context: MagicContext, values?: readonly unknown[]) => Promise<T>) => {
      return (index: number, values?: readonly unknown[]): Promise<T> => {
        const magic = inner[index] as Magic;
        return atLine(magic.line, () => run(magic, { ...(context as MagicContext), ...this.folders }, values));
      };
    };
    return {
      magic: called(runMagic),
      lines: called(shellLines),
      timeit: (work: () => unknown, options: string): Promise<void> => timeit(work, options, { output, signal }),
    };
  }

  #access(cell: RunningCell): NotebookAccess {
    const { names, reset, history, help, ownsProcess } = this.#notebook;
    return {
      names,
      reset,
      history,
      help,
      changeFolder: (folder) => {
        this.#lastFolder = this.folder;
        this.folder = folder;
        if (ownsProcess) process.chdir(folder);
      },
      nextInput: (text) => {
        cell.output.nextInput?.(text);
        return cell.output.nextInput !== undefined;
      },
      show: async (value) => cell.output.display(await bundleOf(value)),
    };
  }
}
