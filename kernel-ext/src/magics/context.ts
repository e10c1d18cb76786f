/** The output of a magic. */
export interface MagicOutput {
  stream(name: 'stdout' | 'stderr', text: string): void;
  display(bundle: { data: Record<string, unknown>; metadata: Record<string, unknown> }): void;
}

/** What a magic may use while it runs. */
export interface MagicContext {
  /** The notebook's folder. */
  readonly folder: string;
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
}
