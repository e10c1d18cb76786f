/** The headers of the running cells, as JSON: one of the notebook, and one of each subshell at most. */
export class RunningCells {
  readonly #headers = new Set<string>();

  get all(): readonly string[] {
    return [...this.#headers];
  }

  /** The one that began last. */
  get last(): string | undefined {
    return this.all.at(-1);
  }

  begin(header: string): void {
    this.#headers.add(header);
  }

  /** Does nothing for the header of another request. */
  end(header: string): void {
    this.#headers.delete(header);
  }
}
