import { hasCode, isNbserveError } from '../../core/index.js';
import type { OutgoingCall, ResponseSink } from '../../ipc/index.js';
import { type AnswerHead, deploymentKey, NoSuchDeployment, type Route } from '../protocol/index.js';
import type { Dispatch } from '../router/index.js';
import { CLIENT_REASONS } from './exchange.js';
import type { MeteredRule } from './traffic-meter.js';

/** Version that a request goes to, and the rule that says so; `rule` is `null` where its prefix is split no longer. */
export interface Choice {
  readonly to: Pick<Route, 'app' | 'deployment'>;
  readonly rule: MeteredRule | null;
}

export interface SplitHost {
  choose(request: Dispatch): Choice;
  dispatch(request: Dispatch): OutgoingCall;
  /** The request has gone to its version. */
  sent(request: Dispatch, choice: Choice): void;
  over(choice: Choice, failed: boolean, ms: number): void;
}

/** So often at most a request is chosen a version for: each time the one before was taken down. */
const MAX_CHOICES = 3;

/**
 * A request of a split route on its way: chooses its version, hears what comes of it, and chooses again where the version was taken down before a
 * replica began. Client errors are no failures of a version; a request that its client gave up counts with the time that it took so far.
 */
export class SplitCall implements OutgoingCall, ResponseSink {
  readonly #host: SplitHost;
  readonly #request: Dispatch;
  readonly #since = performance.now();
  #choice: Choice;
  #call: OutgoingCall;
  #choices = 1;
  #started = false;
  #failed = false;
  #told = false;

  constructor(host: SplitHost, request: Dispatch) {
    this.#host = host;
    this.#request = request;
    this.#choice = host.choose(request);
    this.#call = this.#send();
    host.sent(request, this.#choice);
  }

  get done(): boolean {
    return this.#call.done;
  }

  write(chunk: Uint8Array): boolean {
    return this.#call.write(chunk);
  }

  end(chunk?: Uint8Array): void {
    this.#call.end(chunk);
  }

  cancel(reason?: string): void {
    if (reason === undefined || !CLIENT_REASONS.includes(reason)) this.#failed = true;
    this.#call.cancel(reason);
    this.#over();
  }

  consumed(bytes: number): void {
    this.#call.consumed(bytes);
  }

  onStarted(): void {
    this.#started = true;
    this.#request.sink.onStarted?.();
  }

  onHead(head: AnswerHead): void {
    if (head.kind === 'http' && head.status >= 500) this.#failed = true;
    this.#request.sink.onHead(head);
  }

  onData(chunk: Uint8Array): void {
    this.#request.sink.onData(chunk);
  }

  onEnd(): void {
    // Whoever passes it on may find the answer too short.
    this.#request.sink.onEnd();
    this.#over();
  }

  onError(error: Error): void {
    if (this.#mayChooseAgain(error)) {
      this.#choices += 1;
      this.#choice = this.#host.choose(this.#request);
      this.#call = this.#send();
      return;
    }
    // Errors without a status of their own are answered with 500.
    if (!isNbserveError(error) || error.status >= 500) this.#failed = true;
    this.#request.sink.onError(error);
    this.#over();
  }

  onDrain(): void {
    this.#request.sink.onDrain?.();
  }

  #send(): OutgoingCall {
    const { app, deployment } = this.#choice.to;
    return this.#host.dispatch({ ...this.#request, key: deploymentKey(app, deployment), sink: this });
  }

  #mayChooseAgain(error: Error): boolean {
    return (
      !this.#started &&
      !this.#told &&
      this.#request.body !== 'stream' &&
      this.#choices < MAX_CHOICES &&
      hasCode(error, NoSuchDeployment)
    );
  }

  #over(): void {
    if (this.#told) return;
    this.#told = true;
    this.#host.over(this.#choice, this.#failed, performance.now() - this.#since);
  }
}
