import type { Socket } from 'node:net';
import { watchHalfClosed } from './client-connection.js';
import { answerMalformed } from './malformed.js';
import { readPlainHead } from './plain-head.js';
import { PlainRequest } from './plain-request.js';
import { type PlainAnswering, PlainResponse } from './plain-response.js';

/** What plain connections need from their server. */
export interface PlainHost {
  /** Header line, with its line end, that tells clients how long an idle connection stays open. */
  readonly keepAliveHeader: string;
  /** True if connections end after their current answer. */
  readonly draining: boolean;
  handle(request: PlainRequest, response: PlainResponse): void;
  /** Gives a connection to Node's server, permanently. @param bytes what was read and not used */
  handOver(socket: Socket, bytes: Buffer | null): void;
  closed(connection: PlainConnection): void;
}

/** After this time, a request that is not complete is given to Node, which has deadlines of its own. */
const PARTIAL_WAIT_MS = 1000;
/** Largest number of pieces, because each new piece is parsed again together with all earlier ones. */
const MAX_PIECES = 16;

/** A socket closes after an error. */
const ignore = (): void => {};

/**
 * A client's connection while all its requests are plain ones, one after another. At the first request that is not, it is handed over to Node's
 * server.
 * Node's server takes twice the time for the same requests, mostly for streams and events, which a request that is complete from the beginning does
 * not need.
 */
export class PlainConnection implements PlainAnswering {
  readonly #socket: Socket;
  readonly #host: PlainHost;
  /** Bytes that have arrived and are not used yet. */
  #bytes: Buffer | null = null;
  #pieces = 0;
  #timer: NodeJS.Timeout | null = null;
  #isReading = false;
  #isAnswering = false;
  /** The answer to the current request. */
  #response: PlainResponse | null = null;
  /** True if the client has closed its sending side. */
  #hasEnded = false;
  /** True if the connection was handed over or closed. */
  #isOver = false;
  #idleSweeps = 0;

  constructor(socket: Socket, host: PlainHost) {
    this.#socket = socket;
    this.#host = host;
    socket.on('data', this.#onData);
    socket.on('end', this.#onEnd);
    // It stays for good: if the client leaves, writing may fail at any later moment, and an error without a listener would end the proxy.
    socket.on('error', ignore);
    socket.on('close', this.#onClose);
  }

  // PlainAnswering

  answered(close: boolean): void {
    this.#isAnswering = false;
    this.#idleSweeps = 0;
    if (this.#isOver) return;
    this.#response = null;
    if (close || this.#host.draining) {
      this.#leave();
      this.#socket.destroySoon();
    } else if (this.#bytes !== null || this.#hasEnded || this.#socket.isPaused()) this.#read();
  }

  /** Closes the connection if it is not in use. */
  closeIfIdle(): void {
    if (this.#isAnswering || this.#bytes !== null) return;
    this.#leave();
    this.#socket.destroySoon();
  }

  /** Called at intervals. Closes the connection if none of the last `sweeps` calls found it in use. */
  sweep(sweeps: number): void {
    this.#idleSweeps += 1;
    if (this.#idleSweeps > sweeps) this.closeIfIdle();
  }

  #onData = (chunk: Buffer): void => {
    this.#idleSweeps = 0;
    const isAhead = this.#isAnswering && this.#bytes !== null;
    this.#bytes = this.#bytes === null ? chunk : Buffer.concat([this.#bytes, chunk]);
    if (!this.#isAnswering) this.#read();
    // What a client sends ahead waits in the operating system, except for one piece: that the client leaves is seen only while the socket is read.
    else if (isAhead) this.#socket.pause();
  };

  #read = (): void => {
    // Answers that are complete at once call this again; without the loop, the stack would grow.
    if (this.#isReading) return;
    this.#isReading = true;
    while (this.#mayRead && this.#readOne(this.#bytes as Buffer));
    this.#isReading = false;
    if (this.#isOver) return;
    if (this.#isAnswering) {
      if (this.#bytes === null && this.#socket.isPaused()) this.#socket.resume();
      return;
    }
    if (this.#socket.writableNeedDrain) {
      // The client does not read its answers, so no new request is taken.
      this.#socket.pause();
      this.#socket.once('drain', this.#read);
    } else if (this.#hasEnded) this.#end();
    else this.#socket.resume();
  };

  get #mayRead(): boolean {
    return !this.#isOver && !this.#isAnswering && this.#bytes !== null && !this.#socket.writableNeedDrain;
  }

  /** Returns false if nothing more can be read now. */
  #readOne(bytes: Buffer): boolean {
    const head = readPlainHead(bytes);
    if (head === null) {
      this.#handOver();
      return false;
    }
    if (head === 'partial' || bytes.length < head.headBytes + head.bodyBytes) {
      this.#wait();
      return false;
    }
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#pieces = 0;
    const end = head.headBytes + head.bodyBytes;
    this.#bytes = bytes.length === end ? null : bytes.subarray(end);
    this.#isAnswering = true;
    const request = new PlainRequest(head, head.bodyBytes === 0 ? null : bytes.subarray(head.headBytes, end), this.#socket);
    const response = new PlainResponse(this.#socket, this, this.#host.keepAliveHeader);
    this.#response = response;
    this.#host.handle(request, response);
    return true;
  }

  #wait(): void {
    if (this.#hasEnded) return;
    this.#pieces += 1;
    if (this.#pieces > MAX_PIECES) this.#handOver();
    else this.#timer ??= setTimeout(() => this.#handOver(), PARTIAL_WAIT_MS);
  }

  #handOver(): void {
    const socket = this.#socket;
    const bytes = this.#bytes;
    this.#leave();
    this.#host.handOver(socket, bytes);
  }

  #leave(): void {
    this.#isOver = true;
    this.#bytes = null;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const socket = this.#socket;
    socket.off('data', this.#onData);
    socket.off('end', this.#onEnd);
    socket.off('drain', this.#read);
    socket.off('close', this.#onClose);
    this.#host.closed(this);
  }

  #onEnd = (): void => {
    this.#hasEnded = true;
    if (this.#isAnswering) watchHalfClosed(this.#socket, () => this.#response?.probe() ?? true);
    else this.#read();
  };

  /** To be called when the client has its answers and sends no more. */
  #end(): void {
    const isCut = this.#bytes !== null;
    this.#leave();
    if (!isCut) this.#socket.end();
    else {
      const error = Object.assign(new Error('Parse Error: Invalid EOF state'), { code: 'HPE_INVALID_EOF_STATE' });
      answerMalformed(error, this.#socket);
    }
  }

  #onClose = (): void => {
    if (!this.#isOver) this.#leave();
  };
}
