/** What ends a cell, or a question of the front end, that was interrupted. */
export class KeyboardInterrupt extends Error {
  /** @param what has been interrupted */
  constructor(what = 'the cell') {
    super(`${what} was interrupted`);
    this.name = 'KeyboardInterrupt';
    this.stack = `KeyboardInterrupt: ${this.message}`;
  }
}
