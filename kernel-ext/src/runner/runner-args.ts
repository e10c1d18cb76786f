/** What is to be executed, and how. */
export interface RunnerArgs {
  /** Absolute path of the notebook. */
  readonly input: string;
  /** Absolute path to write to; `null` writes nothing. */
  readonly output: string | null;
  /** Absolute path of the folder that the cells run in; `null` is the notebook's. */
  readonly folder: string | null;
  readonly parameters: readonly (readonly [name: string, value: unknown])[];
  /** For each cell; `null` is none. */
  readonly timeoutMs: number | null;
  readonly allowErrors: boolean;
  /** Print what the cells print. */
  readonly echo: boolean;
  /** Show on stderr which cell runs. */
  readonly progress: boolean;
}
