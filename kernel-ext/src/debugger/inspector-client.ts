import inspector from 'node:inspector';

/** The inspector of the main thread, for the control thread. No port is opened. It answers also while the main thread is paused. */
export class InspectorClient {
  readonly #session = new inspector.Session();

  constructor() {
    this.#session.connectToMainThread();
  }

  on<T>(event: string, listener: (params: T) => void): void {
    this.#session.on(event, ({ params }: { params: T }) => listener(params));
  }

  /** Never settles if the session is closed before the answer. */
  send<T>(method: string, params: object = {}): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#session.post(method, params, (error, result) => {
        if (error) reject(new Error(`${method}: ${error.message}`));
        else resolve(result as T);
      });
    });
  }

  /** Code that is paused continues. */
  close(): void {
    this.#session.disconnect();
  }
}
