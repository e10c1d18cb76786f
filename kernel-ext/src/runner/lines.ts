const NEWLINE = 0x0a;

/** Splits a byte stream into lines and parses each as JSON. A line may have the length of the longest string. */
export class JsonLines<T> {
  readonly #onValue: (value: T) => void;
  #pending: Buffer[] = [];

  constructor(onValue: (value: T) => void) {
    this.#onValue = onValue;
  }

  push(chunk: Buffer): void {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, from)) {
      this.#pending.push(chunk.subarray(from, end));
      const line = Buffer.concat(this.#pending).toString();
      this.#pending = [];
      from = end + 1;
      this.#onValue(JSON.parse(line) as T);
    }
    if (from < chunk.length) this.#pending.push(chunk.subarray(from));
  }
}
