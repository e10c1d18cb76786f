import type { IncomingMessage } from 'node:http';

/** Of a request's body, before others go. */
const PIECES_A_TURN = 1024;

export interface BodyTaker {
  /** False: it takes no more for now. */
  write(piece: Buffer): boolean;
  end(): void;
}

/** Hands on the body of a request as it comes, no faster than it is taken. */
export class BodyPump {
  readonly #request: IncomingMessage;
  #isFull = false;
  #pieces = 0;

  constructor(request: IncomingMessage, taker: BodyTaker) {
    this.#request = request;
    request.on('data', (piece: Buffer) => {
      this.#isFull = !taker.write(piece);
      this.#pieces += 1;
      if (this.#isFull) request.pause();
      else if (this.#pieces % PIECES_A_TURN === 0) this.#letOthersGo();
    });
    request.on('end', () => taker.end());
  }

  /** It takes more again. */
  onDrain(): void {
    this.#isFull = false;
    this.#request.resume();
  }

  /** Node reads on while there is something, and tells of each piece: chunks of a byte would hold up all other clients. */
  #letOthersGo(): void {
    this.#request.pause();
    setImmediate(() => {
      if (!this.#isFull) this.#request.resume();
    });
  }
}
