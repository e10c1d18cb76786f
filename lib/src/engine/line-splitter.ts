const NEWLINE = 0x0a;
const RETURN = 0x0d;

/**
 * Splits a byte stream into lines of UTF-8 text, without line ends. A character may be split over chunks. A line of more than `maxBytes` is emitted in
 * several pieces, cut between characters, so that no output is lost and none fills the memory.
 */
export class LineSplitter {
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  readonly #onLine: (line: string, isWhole: boolean) => void;
  readonly #maxBytes: number;

  /** @param onLine its second argument is false if more of the same line follows */
  constructor(onLine: (line: string, isWhole: boolean) => void, maxBytes = 64 * 1024) {
    this.#onLine = onLine;
    this.#maxBytes = maxBytes;
  }

  push(chunk: Buffer): void {
    let from = 0;
    for (;;) {
      const end = chunk.indexOf(NEWLINE, from);
      if (end === -1) break;
      this.#keep(chunk.subarray(from, end));
      this.#emit(this.#take());
      from = end + 1;
    }
    if (from < chunk.length) this.#keep(chunk.subarray(from));
  }

  /** Call this when the stream has ended. The rest without a line end is emitted as a line. */
  flush(): void {
    if (this.#pendingBytes > 0) this.#emit(this.#take());
  }

  #keep(piece: Buffer): void {
    this.#pending.push(piece);
    this.#pendingBytes += piece.length;
    if (this.#pendingBytes <= this.#maxBytes) return;
    let rest = this.#take();
    while (rest.length > this.#maxBytes) {
      const cut = characterStart(rest, this.#maxBytes);
      this.#emit(rest.subarray(0, cut), false);
      rest = rest.subarray(cut);
    }
    this.#pending.push(rest);
    this.#pendingBytes = rest.length;
  }

  #take(): Buffer {
    const line = this.#pending.length === 1 ? (this.#pending[0] as Buffer) : Buffer.concat(this.#pending, this.#pendingBytes);
    this.#pending = [];
    this.#pendingBytes = 0;
    return line;
  }

  #emit(line: Buffer, isWhole = true): void {
    const end = line.length > 0 && line[line.length - 1] === RETURN ? line.length - 1 : line.length;
    this.#onLine(line.toString('utf8', 0, end), isWhole);
  }
}

/** The latest start of a character at or before `at`; UTF-8 continuation bytes are 10xxxxxx. */
function characterStart(bytes: Buffer, at: number): number {
  for (let start = at; start > at - 4 && start > 0; start -= 1) {
    if (((bytes[start] as number) & 0xc0) !== 0x80) return start;
  }
  return at;
}
