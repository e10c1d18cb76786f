import { PeerGone, ReplicaBusy, ReplicaDraining } from './library.mjs';

/** The other end of a router's connection: a replica that takes some time for each request. */
export class SimulatedReplica {
  isClosed = false;
  ongoing = 0;
  draining = false;
  #calls = new Set();
  #idle = () => {};
  #closed;
  closed = new Promise((resolve) => {
    this.#closed = resolve;
  });

  /** @param {{ id: string, clock, limit: number, serviceMs: () => number, onBegun: (requestId: string) => void }} options */
  constructor(options) {
    this.options = options;
  }

  request(head, _body, sink) {
    const { clock, id, limit, serviceMs, onBegun } = this.options;
    const call = { sink, done: false, write: () => true, end() {}, consumed() {}, cancel() {} };
    if (this.draining || this.ongoing >= limit) {
      const refusal = this.draining ? ReplicaDraining({ replica: id }) : ReplicaBusy({ replica: id, ongoing: this.ongoing });
      clock.after(0, () => sink.onError(refusal));
      return call;
    }
    this.ongoing += 1;
    this.#calls.add(call);
    onBegun(head.requestId);
    clock.after(serviceMs(), () => this.#answer(call));
    return call;
  }

  #answer(call) {
    if (call.done) return;
    call.done = true;
    this.#calls.delete(call);
    const queue = this.ongoing;
    this.ongoing -= 1;
    call.sink.onStarted?.();
    call.sink.onHead({ kind: 'value', queue });
    call.sink.onEnd();
    if (this.ongoing === 0) this.#idle();
  }

  /** Resolves when all requests that it has begun are answered. */
  drain() {
    this.draining = true;
    if (this.ongoing === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#idle = () => {
        this.options.clock.isDirty = true;
        resolve(undefined);
      };
    });
  }

  close() {}

  end() {
    if (this.isClosed) return;
    this.isClosed = true;
    for (const call of this.#calls) {
      call.done = true;
      call.sink.onStarted?.();
      call.sink.onError(PeerGone({ peer: this.options.id }));
    }
    this.#closed();
  }
}
