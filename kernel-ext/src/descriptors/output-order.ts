import { StringDecoder } from 'node:string_decoder';
import { MARKED_FDS, MarkReader, type PipeItem } from './marks.js';

export type StreamName = 'stdout' | 'stderr';

export interface Ordered<M> {
  /** Is called with a text that came through a descriptor. */
  text(name: StreamName, text: string): void;
  message(message: M): void;
  /** Whether a cell begins with this message. The bytes after it do not complete a character of those before. */
  beginsCell(message: M): boolean;
}

interface Numbered<M> {
  readonly number: number;
  readonly marked: readonly number[];
  readonly message: M;
}

interface Source {
  readonly name: StreamName;
  readonly fd: number;
  readonly reader: MarkReader;
  readonly decoder: StringDecoder;
  readonly items: PipeItem[];
  /** The number of the last mark that was passed. */
  passed: number;
}

/**
 * Brings messages and the bytes of the two descriptors into the order in which the process sent them. A message waits until its mark has come through both
 * pipes; the bytes after a mark wait for the message.
 */
export class OutputOrder<M> {
  readonly #deliver: Ordered<M>;
  readonly #messages: Numbered<M>[] = [];
  readonly #sources: readonly Source[];
  /** Number of the last message that was delivered. */
  #delivered = 0;

  constructor(secret: string, deliver: Ordered<M>) {
    this.#deliver = deliver;
    this.#sources = MARKED_FDS.map((fd) => ({
      name: fd === 1 ? 'stdout' : 'stderr',
      fd,
      reader: new MarkReader(secret),
      decoder: new StringDecoder('utf8'),
      items: [],
      passed: 0,
    }));
  }

  bytes(fd: number, chunk: Buffer): void {
    const source = this.#sources.find((one) => one.fd === fd) as Source;
    source.items.push(...source.reader.push(chunk));
    this.#advance();
  }

  /** @param number counts from 1 @param marked the descriptors to which its mark was written */
  message(number: number, marked: readonly number[], message: M): void {
    this.#messages.push({ number, marked, message });
    this.#advance();
  }

  /** Call this when the process has ended. Then nothing waits any more. */
  end(): void {
    for (const source of this.#sources) source.items.push(...source.reader.flush());
    for (const { number, message } of this.#messages.splice(0)) {
      for (const source of this.#sources) this.#release(source, number);
      this.#delivered = number;
      this.#pass(message);
    }
    for (const source of this.#sources) {
      this.#release(source, Number.POSITIVE_INFINITY);
    }
    this.#endText();
  }

  #pass(message: M): void {
    if (this.#deliver.beginsCell(message)) this.#endText();
    this.#deliver.message(message);
  }

  #endText(): void {
    for (const { name, decoder } of this.#sources) {
      const rest = decoder.end();
      if (rest !== '') this.#deliver.text(name, rest);
    }
  }

  #advance(): void {
    for (;;) {
      const next = this.#messages[0];
      // A number is left out if the thread was terminated before it had sent its message.
      for (const source of this.#sources) this.#release(source, next?.number ?? this.#delivered + 1);
      if (next === undefined) return;
      const reached = this.#sources.every(({ fd, passed }) => passed >= next.number || !next.marked.includes(fd));
      if (!reached) return;
      this.#messages.shift();
      this.#delivered = next.number;
      this.#pass(next.message);
    }
  }

  /** Delivers the bytes before the mark of `number`, and passes the mark. */
  #release(source: Source, number: number): void {
    while (source.passed < number) {
      const item = source.items.shift();
      if (item === undefined) return;
      if ('mark' in item) source.passed = item.mark;
      else {
        const text = source.decoder.write(item.bytes);
        if (text !== '') this.#deliver.text(source.name, text);
      }
    }
  }
}
