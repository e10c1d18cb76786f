import type { IngressApp, RunningExchange } from '../../ingress/app/index.js';
import type { IncomingCall } from '../../ipc/index.js';
import { type HttpCallHead, modelIdOf } from '../protocol/index.js';
import { type TaskHost, UserTask } from './user-task.js';

/** A request over HTTP, answered by the routes of an ingress. */
export class IngressTask extends UserTask {
  readonly #head: HttpCallHead;
  #exchange: RunningExchange | null = null;

  constructor(host: TaskHost, call: IncomingCall, head: HttpCallHead) {
    super(host, call, head);
    this.#head = head;
  }

  run(app: IngressApp): void {
    if (!this.begin()) return;
    const { host, call } = this;
    const owner = {
      label: host.label,
      get ongoing() {
        return host.ongoing;
      },
      onOver: () => this.end(),
    };
    this.enter(modelIdOf(this.#head.headers), this.#head, () => {
      this.#exchange = app.serve(call, this.#head, owner);
    });
  }

  protected override workName(): string {
    return `${this.#head.method} ${this.#head.url}`;
  }

  protected override onCancelled(reason: string): void {
    this.#exchange?.abort(reason);
  }
}
