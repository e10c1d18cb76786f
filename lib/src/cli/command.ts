/** One command of the command line. */
export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** Shown by `nbserve <name> --help`; the first line is the usage. */
  readonly help: string;
  /** Runs it with the arguments behind its name; returns the exit code. Errors that it throws are shown as `code: message`, exit code 1. */
  run(args: readonly string[]): Promise<number>;
}
