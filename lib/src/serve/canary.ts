import { hasCode } from '../core/index.js';
import { PeerGone } from '../ipc/index.js';
import { requiredPrefix } from './application.js';
import type { Client } from './client.js';
import type { CanaryStatus } from './protocol/index.js';
import { canarySpec } from './traffic.js';
import type { Canary, CanaryOptions } from './types.js';

/** A canary, as the process that began it sees it. The controller continues it, even if this process ends. */
class RunningCanary implements Canary {
  readonly prefix: string;
  readonly #client: Client;
  readonly #rule: number;
  #done: Promise<CanaryStatus> | null = null;

  constructor(client: Client, prefix: string, rule: number) {
    this.#client = client;
    this.prefix = prefix;
    this.#rule = rule;
  }

  /** The request for the result is made when this is first read, because it keeps this process alive. */
  get done(): Promise<CanaryStatus> {
    this.#done ??= this.#untilEnded();
    return this.#done;
  }

  status(): Promise<CanaryStatus> {
    return this.#client.call('canaryStatus', { prefix: this.prefix, rule: this.#rule, ended: false });
  }

  abort(reason = 'it was asked to'): Promise<CanaryStatus> {
    return this.#client.call('abortCanary', { prefix: this.prefix, rule: this.#rule, reason });
  }

  async #untilEnded(): Promise<CanaryStatus> {
    for (;;) {
      try {
        return await this.#client.call('canaryStatus', { prefix: this.prefix, rule: this.#rule, ended: true });
      } catch (error) {
        // If the controller dies, it is started again and continues the canary.
        if (!hasCode(error, PeerGone) || this.#client.isClosed) throw error;
      }
    }
  }

  toString(): string {
    return `Canary(prefix=${this.prefix})`;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

/** Begins to try a version. @throws as `Serve.canary` */
export async function beginCanary(client: Client, prefix: string, options: CanaryOptions): Promise<Canary> {
  const at = requiredPrefix(prefix);
  const { rule } = await client.call('canary', { prefix: at, spec: canarySpec(options) });
  return new RunningCanary(client, at, rule);
}
