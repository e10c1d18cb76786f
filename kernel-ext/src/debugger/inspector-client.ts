import inspector from 'node:inspector';

/** The inspector of a main thread. It answers also while that thread is paused. */
export interface Inspector {
  on<T>(event: string, listener: (params: T) => void): void;
  /** Rejects if the inspector is closed before the answer: a cell may wait for it. */
  send<T>(method: string, params?: object): Promise<T>;
  /** Code that is paused continues. */
  close(): void;
}

/** The inspector of the main thread of this process, for the control thread. No port is opened. */
export class InspectorClient implements Inspector {
  readonly #session = new inspector.Session();
  readonly #waiting = new Set<(error: Error) => void>();
  #isClosed = false;

  constructor() {
    this.#session.connectToMainThread();
  }

  on<T>(event: string, listener: (params: T) => void): void {
    this.#session.on(event, ({ params }: { params: T }) => listener(params));
  }

  send<T>(method: string, params: object = {}): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) return reject(closed(method));
      this.#waiting.add(reject);
      this.#session.post(method, params, (error, result) => {
        this.#waiting.delete(reject);
        if (error) reject(new Error(`${method}: ${error.message}`));
        else resolve(result as T);
      });
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#session.disconnect();
    for (const reject of this.#waiting) reject(closed('its answer'));
    this.#waiting.clear();
  }
}

const closed = (what: string): Error => new Error(`${what}: the debugger has gone`);
