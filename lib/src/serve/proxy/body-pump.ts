import type { IncomingMessage } from 'node:http';

/** Number of pieces of one body that are taken before other requests get a turn. */
const PIECES_A_TURN = 1024;

export interface BodyTaker {
  /** Returns false if the receiver takes no more for now. */
  write(piece: Buffer): boolean;
  end(): void;
}

/** Passes on the body of a request as it arrives, as fast as the receiver takes it. */
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

  /** To be called when the receiver takes more again. */
  onDrain(): void {
    this.#isFull = false;
    this.#request.resume();
  }

  /** While there are bytes, Node reads on and emits each piece. With chunks of one byte, this would delay all other clients. */
  #letOthersGo(): void {
    this.#request.pause();
    setImmediate(() => {
      if (!this.#isFull) this.#request.resume();
    });
  }
}
