import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { type Deferred, deferred } from '../core/index.js';
import { OtherMachine, PeerLost } from './errors.js';

/**
 * Exchanges numbers between the processes of a training. Each process sends to the next one and receives from the one before, so every connection carries
 * the same amount, however many processes there are (ring all-reduce: Patarasuk and Yuan 2009).
 */
export class Ring {
  readonly #server: Server;
  readonly #folder: string;
  readonly #reader = new Reader();
  readonly #accepted = deferred<Socket>();
  #next: Socket | undefined;
  #previous: Socket | undefined;
  #isClosed = false;

  private constructor(
    readonly rank: number,
    readonly workers: number,
    folder: string,
  ) {
    this.#folder = folder;
    this.#server = createServer((socket) => {
      this.#previous = socket;
      this.#listenTo(socket);
      socket.on('data', (bytes) => this.#reader.push(bytes));
      this.#accepted.resolve(socket);
    });
  }

  /** Begins to listen. @throws NBS_TRAIN_OTHER_MACHINE if there is no such folder here @param folder a folder that only this user can enter, the same for all processes; its path is short, because that of a socket must be */
  static async listen(rank: number, workers: number, folder: string): Promise<Ring> {
    const ring = new Ring(rank, workers, folder);
    if (workers > 1) {
      if (!existsSync(folder)) throw OtherMachine({ rank, host: hostname(), path: folder });
      ring.#server.listen(join(folder, String(rank)));
      await once(ring.#server, 'listening');
    }
    return ring;
  }

  /** Connects to the next process. Every process must listen before one connects. */
  async connect(): Promise<void> {
    if (this.workers === 1) return;
    const next = createConnection(join(this.#folder, String((this.rank + 1) % this.workers)));
    await once(next, 'connect');
    this.#next = next;
    this.#listenTo(next);
    await this.#accepted.promise;
    this.#server.close();
  }

  /**
   * Replaces the numbers by their means over all processes. Each mean is computed in one process and sent to the others, so all have the same bits.
   * @throws NBS_TRAIN_PEER_LOST
   */
  async mean(values: Float32Array): Promise<void> {
    const { rank, workers } = this;
    if (workers === 1) return;
    if (workers === 2) return this.#meanOfTwo(values);
    const part = (index: number): Float32Array => {
      const i = ((index % workers) + workers) % workers;
      return values.subarray(Math.floor((i * values.length) / workers), Math.floor(((i + 1) * values.length) / workers));
    };
    for (let turn = 0; turn < workers - 1; turn += 1) {
      this.#send(part(rank - turn));
      const own = part(rank - turn - 1);
      const received = await this.#receive(own.length);
      for (let i = 0; i < own.length; i += 1) own[i] = (own[i] as number) + (received[i] as number);
    }
    const finished = part(rank + 1);
    for (let i = 0; i < finished.length; i += 1) finished[i] = (finished[i] as number) / workers;
    for (let turn = 0; turn < workers - 1; turn += 1) {
      this.#send(part(rank + 1 - turn));
      const other = part(rank - turn);
      other.set(await this.#receive(other.length));
    }
  }

  /**
   * Both processes send everything and add it up themselves: as many bytes as in the ring, and one wait instead of two. The order of two summands does not
   * change their sum, so both have the same bits.
   */
  async #meanOfTwo(values: Float32Array): Promise<void> {
    this.#send(values);
    const received = await this.#receive(values.length);
    for (let i = 0; i < values.length; i += 1) values[i] = Math.fround((values[i] as number) + (received[i] as number)) / 2;
  }

  /** Replaces the numbers by those of process 0. @throws NBS_TRAIN_PEER_LOST */
  async spread(values: Float32Array): Promise<void> {
    if (this.workers === 1) return;
    if (this.rank > 0) values.set(await this.#receive(values.length));
    if (this.rank < this.workers - 1) this.#send(values);
  }

  close(): void {
    this.#isClosed = true;
    this.#server.close();
    // What was sent still arrives: the next process may not have read it yet.
    this.#next?.end();
    this.#previous?.end();
    this.#reader.fail(PeerLost({ rank: this.rank }));
  }

  #listenTo(socket: Socket): void {
    socket.on('error', () => {});
    socket.on('close', () => {
      if (!this.#isClosed) this.#reader.fail(PeerLost({ rank: this.rank }));
    });
  }

  /** The numbers are copied, because the caller goes on to change them before the socket has written them. */
  #send(values: Float32Array): void {
    this.#next?.write(new Uint8Array(values.slice().buffer));
  }

  #receive(count: number): Promise<Float32Array> {
    return this.#reader.read(count);
  }
}

/** Numbers from the bytes of a socket, which come in pieces of any size. */
class Reader {
  readonly #pieces: Buffer[] = [];
  #length = 0;
  #wanted: { readonly bytes: number; readonly done: Deferred<Float32Array> } | undefined;
  #error: Error | undefined;

  push(bytes: Buffer): void {
    this.#pieces.push(bytes);
    this.#length += bytes.length;
    this.#serve();
  }

  read(count: number): Promise<Float32Array> {
    const done = deferred<Float32Array>();
    this.#wanted = { bytes: count * 4, done };
    this.#serve();
    return done.promise;
  }

  fail(error: Error): void {
    this.#error ??= error;
    this.#serve();
  }

  #serve(): void {
    const wanted = this.#wanted;
    if (wanted === undefined) return;
    if (this.#length >= wanted.bytes) {
      this.#wanted = undefined;
      wanted.done.resolve(this.#take(wanted.bytes));
    } else if (this.#error !== undefined) {
      this.#wanted = undefined;
      wanted.done.reject(this.#error);
    }
  }

  #take(bytes: number): Float32Array {
    const values = new Float32Array(bytes / 4);
    const target = new Uint8Array(values.buffer);
    for (let at = 0; at < bytes; ) {
      const piece = this.#pieces[0] as Buffer;
      const used = piece.subarray(0, bytes - at);
      target.set(used, at);
      at += used.length;
      if (used.length === piece.length) this.#pieces.shift();
      else this.#pieces[0] = piece.subarray(used.length);
    }
    this.#length -= bytes;
    return values;
  }
}
