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
    let end = Math.min(at + limit, text.length);
    const last = text.charCodeAt(end - 1);
    if (end < text.length && last >= 0xd800 && last <= 0xdbff && end - at > 1) end -= 1;
    pieces.push(text.slice(at, end));
    at = end;
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
    if (this.#units >= CHUNK_UNITS) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), WAIT_MS);
  }

  /** Sends the text. Call it before any other message is sent, to keep the order. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#units === 0) return;
    const text = this.#parts.join('');
    this.#parts = [];
    this.#units = 0;
    for (const piece of chunks(text)) this.#send({ name: this.#name, text: piece, parent: this.#parent });
  }
}
