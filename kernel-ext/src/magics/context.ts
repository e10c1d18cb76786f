/** The output of a magic. */
export interface MagicOutput {
  stream(name: 'stdout' | 'stderr', text: string): void;
  display(bundle: { data: Record<string, unknown>; metadata: Record<string, unknown> }): void;
}

/** What a magic may use while it runs. */
export interface MagicContext {
  /** The folder of commands. */
  readonly folder: string;
  /** The one before it. */
  readonly lastFolder: string;
  readonly output: MagicOutput;
  /** Aborted when the cell is interrupted. */
  readonly signal: AbortSignal;
  /** The text that `%version` prints. */
  readonly versions: () => string;
  /** Whether cells are checked from now on. */
  readonly checkTypes: (isOn: boolean) => void;
  /** More variables for the environment of commands. */
  readonly env: Readonly<Record<string, string>>;
  /** True if signals go to this process's whole group. Then commands stay in the group. */
  readonly leadsGroup: boolean;
  readonly notebook: NotebookAccess;
}

/** What magics see of the notebook, and change of it. */
export interface NotebookAccess {
  /** The values of the notebook's names. A name whose declaration was not reached yet is absent. */
  names(): ReadonlyMap<string, unknown>;
  /** Forgets all names. @returns false if a cell's TypeScript runs, which has names of its own */
  reset(): boolean;
  /** The cells that ran in this session, with their numbers. */
  history(): readonly { readonly number: number; readonly source: string }[];
  changeFolder(folder: string): void;
  /** Puts a text into the next cell, or in the place of this one. @returns false if no front end can do so */
  nextInput(text: string): boolean;
  /** The documentation of a name. */
  help(name: string): { data: Record<string, unknown>; metadata: Record<string, unknown> } | undefined;
  /** Displays a value below the cell. */
  show(value: unknown): void | Promise<void>;
}
