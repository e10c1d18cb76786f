import { hasCode, isNbserveError } from '../../core/index.js';
import type { OutgoingCall, ResponseSink } from '../../ipc/index.js';
import { type AnswerHead, deploymentKey, NoSuchDeployment, type Route } from '../protocol/index.js';
import type { Dispatch } from '../router/index.js';
import { CLIENT_REASONS } from './exchange.js';
import type { MeteredRule } from './traffic-meter.js';

/** The version that a request goes to, and the rule that chose it. `rule` is `null` if its prefix is no longer split. */
export interface Choice {
  readonly to: Pick<Route, 'app' | 'deployment'>;
  readonly rule: MeteredRule | null;
}

export interface SplitHost {
  choose(request: Dispatch): Choice;
  dispatch(request: Dispatch): OutgoingCall;
  /** Called when the request was sent to its version. */
  sent(request: Dispatch, choice: Choice): void;
  over(choice: Choice, failed: boolean, ms: number): void;
}

/** Largest number of times that a version is chosen for a request. It is chosen again each time the version was deleted. */
const MAX_CHOICES = 3;

/**
 * A request of a split route on its way. It chooses a version, counts the result, and chooses again if the version was deleted before a replica began
 * the request.
 * Client errors do not count as failures of a version. If the client leaves, the request counts with the time that it took until then.
 */
export class SplitCall implements OutgoingCall, ResponseSink {
  readonly #host: SplitHost;
  readonly #request: Dispatch;
  readonly #since = performance.now();
  #choice: Choice;
  #call: OutgoingCall;
  #choices = 1;
  #started = false;
  /** True if a piece of a streamed body was sent. No version but the one that got it can have it. */
  #hasWritten = false;
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
    this.#hasWritten = true;
    return this.#call.write(chunk);
  }

  end(chunk?: Uint8Array): void {
    this.#hasWritten = true;
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
    // The receiver may find that the answer is too short.
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
    // An error without a status of its own is answered with 500.
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
    return !this.#started && !this.#told && !this.#hasWritten && this.#choices < MAX_CHOICES && hasCode(error, NoSuchDeployment);
  }

  #over(): void {
    if (this.#told) return;
    this.#told = true;
    this.#host.over(this.#choice, this.#failed, performance.now() - this.#since);
  }
}
