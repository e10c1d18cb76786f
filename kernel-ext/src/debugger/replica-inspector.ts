import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import type { Inspector } from './inspector-client.js';

interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

interface Notification {
  readonly id?: undefined;
  readonly method: string;
  readonly params: unknown;
}

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** Why nothing is answered any more. */
const GONE = 'the replica has ended, or its debugger';

/** The inspector of a replica's main thread, over a Unix socket. Each line is a message, as JSON. */
export class ReplicaInspector implements Inspector {
  readonly #socket: Socket;
  readonly #listeners = new Map<string, ((params: unknown) => void)[]>();
  readonly #waiting = new Map<number, Waiting>();
  #count = 0;
  #rest = '';
  /** Resolves when the replica has ended, or this side has closed it. */
  readonly closed: Promise<void>;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.closed = new Promise((resolve) => socket.on('close', () => resolve()));
    void this.closed.then(() => {
      for (const { reject } of this.#waiting.values()) reject(new Error(GONE));
      this.#waiting.clear();
    });
    socket.setEncoding('utf8');
    socket.on('error', () => {});
    socket.on('data', (text: string) => this.#take(text));
  }

  /** @throws if nobody listens there */
  static async connect({
    socket: path,
    secret,
  }: {
    readonly socket: string;
    readonly secret: string;
  }): Promise<ReplicaInspector> {
    const socket = createConnection(path);
    await once(socket, 'connect');
    socket.write(`${secret}\n`);
    return new ReplicaInspector(socket);
  }

  on<T>(event: string, listener: (params: T) => void): void {
    const known = this.#listeners.get(event) ?? [];
    this.#listeners.set(event, [...known, listener as (params: unknown) => void]);
  }

  send<T>(method: string, params: object = {}): Promise<T> {
    if (this.#socket.destroyed) return Promise.reject(new Error(GONE));
    return new Promise((resolve, reject) => {
      const id = ++this.#count;
      this.#waiting.set(id, { resolve: resolve as (result: unknown) => void, reject });
      this.#socket.write(`${JSON.stringify({ id, method, params })}\n`);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(text: string): void {
    const lines = `${this.#rest}${text}`.split('\n');
    this.#rest = lines.pop() ?? '';
    try {
      for (const line of lines) this.#onMessage(JSON.parse(line) as Answer | Notification);
    } catch {
      // User code of the replica has written to the socket.
      this.close();
    }
  }

  #onMessage(message: Answer | Notification): void {
    if (message.id === undefined) for (const listener of this.#listeners.get(message.method) ?? []) listener(message.params);
    else this.#settle(message);
  }

  #settle({ id, result, error }: Answer): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve(result);
    else waiting?.reject(new Error(error));
  }
}
