/** Where a magic's output goes. */
export interface MagicOutput {
  stream(name: 'stdout' | 'stderr', text: string): void;
  display(bundle: { data: Record<string, unknown>; metadata: Record<string, unknown> }): void;
}

/** What a magic runs with. */
export interface MagicContext {
  /** The notebook's folder. */
  readonly folder: string;
  readonly output: MagicOutput;
  /** Aborted when the cell is interrupted. */
  readonly signal: AbortSignal;
  /** What `%version` prints. */
  readonly versions: () => string;
  /** Whether cells are checked from now on. */
  readonly checkTypes: (isOn: boolean) => void;
  /** More for the environment of commands. */
  readonly env: Readonly<Record<string, string>>;
  /** The process group of this process is signalled as a whole; commands stay in it. */
  readonly leadsGroup: boolean;
}
