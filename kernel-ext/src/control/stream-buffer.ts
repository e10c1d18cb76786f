import { endsWithHalf } from 'nbserve/basics';

/** The longest text of one message, in UTF-16 units. Servers and browsers are slow with huge messages. */
const CHUNK_UNITS = 256 * 1024;
/** How long text waits for more. */
const WAIT_MS = 10;

export interface StreamText {
  readonly name: 'stdout' | 'stderr';
  readonly text: string;
  readonly parent: string;
}

/** Cuts text into chunks, never inside a surrogate pair. */
export function chunks(text: string, limit = CHUNK_UNITS): string[] {
  if (text.length <= limit) return [text];
  const pieces: string[] = [];
  for (let at = 0; at < text.length; ) {
    let piece = text.slice(at, at + limit);
    if (at + limit < text.length && limit > 1 && endsWithHalf(piece)) piece = piece.slice(0, -1);
    pieces.push(piece);
    at += piece.length;
  }
  return pieces;
}

/** Joins prints of the same cell and stream that come within a short time, because clients are slow with thousands of small messages. */
export class StreamBuffer {
  readonly #send: (piece: StreamText) => void;
  #parts: string[] = [];
  #units = 0;
  #name: 'stdout' | 'stderr' = 'stdout';
  #parent = '';
  #timer: NodeJS.Timeout | undefined;

  constructor(send: (piece: StreamText) => void) {
    this.#send = send;
  }

  add(piece: StreamText): void {
    if (piece.name !== this.#name || piece.parent !== this.#parent) this.flush();
    this.#name = piece.name;
    this.#parent = piece.parent;
    this.#parts.push(piece.text);
    this.#units += piece.text.length;
    if (this.#units >= CHUNK_UNITS) this.#sendPairs();
    else this.#timer ??= setTimeout(() => this.#sendPairs(), WAIT_MS);
  }

  /** Sends the text. Call it before any other message is sent, to keep the order. */
  flush(): void {
    const text = this.#take();
    if (text !== '') this.#sendText(text);
  }

  /** Sends the text, but not half of a surrogate pair at its end: the next print may bring the other half. */
  #sendPairs(): void {
    const text = this.#take();
    const whole = endsWithHalf(text) ? text.slice(0, -1) : text;
    if (whole !== '') this.#sendText(whole);
    if (whole === text) return;
    this.#parts = [text.slice(-1)];
    this.#units = 1;
  }

  #take(): string {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const text = this.#parts.join('');
    this.#parts = [];
    this.#units = 0;
    return text;
  }

  #sendText(text: string): void {
    for (const piece of chunks(text)) this.#send({ name: this.#name, text: piece, parent: this.#parent });
  }
}
