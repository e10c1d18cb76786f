import { hasCode } from '../../core/index.js';
import type { OutgoingCall, ResponseSink } from '../../ipc/index.js';
import { type AnswerHead, deploymentKey, NoReplica, NoSuchDeployment, QueueFull, type RouteMirror } from '../protocol/index.js';
import type { Dispatch, RouterLike } from '../router/index.js';
import type { MeteredRule, TrafficMeter } from './traffic-meter.js';

/** Largest number of copies of one proxy that are on their way. Each keeps a body of up to 1 MiB until it ends. */
const MAX_COPIES = 64;
/** No client waits for a copy, so it must end even if its deployment has no deadline. */
const COPY_TIMEOUT_MS = 60_000;
/** Header that marks a request as a copy. */
const MIRRORED_HEADER = ['nbserve-mirrored', '1'] as const;

/** Sends copies of requests; nobody sees their answers. Copies do not wait: if there is no room for one, it is dropped and counted. */
export class MirrorCopies {
  readonly #router: RouterLike;
  readonly #meter: TrafficMeter;
  #underWay = 0;

  constructor(router: RouterLike, meter: TrafficMeter) {
    this.#router = router;
    this.#meter = meter;
  }

  send(request: Dispatch, { app, deployment }: RouteMirror, rule: MeteredRule): void {
    const { head } = request;
    if (head.kind !== 'http') return;
    if (request.body === 'stream') {
      this.#meter.recordUncopied(rule, 'streamed');
      return;
    }
    if (this.#underWay >= MAX_COPIES) {
      this.#meter.recordUncopied(rule, 'dropped');
      return;
    }
    this.#underWay += 1;
    const key = deploymentKey(app, deployment);
    const copy = new Copy((failed, ms) => {
      this.#underWay -= 1;
      if (failed === null) this.#meter.recordUncopied(rule, 'dropped');
      else this.#meter.recordCopy(rule, failed, ms);
    });
    copy.call = this.#router.dispatch({
      ...request,
      key,
      // Because of this priority, the calls that the copy makes in turn come after those of other requests.
      head: { ...head, headers: [...head.headers, ...MIRRORED_HEADER], priority: 'batch' },
      sink: copy,
      timeoutMs: this.#router.snapshot?.deployments[key]?.requestTimeoutMs ?? COPY_TIMEOUT_MS,
      mayWait: false,
    });
  }
}

/** Receives an answer and ignores it. */
class Copy implements ResponseSink {
  call: OutgoingCall | null = null;
  readonly #over: (failed: boolean | null, ms: number) => void;
  readonly #since = performance.now();
  #started = false;
  #failed = false;

  /** @param over called once; `failed` is `null` if no replica took the copy */
  constructor(over: (failed: boolean | null, ms: number) => void) {
    this.#over = over;
  }

  onStarted(): void {
    this.#started = true;
  }

  onHead(head: AnswerHead): void {
    this.#failed = head.kind === 'http' && head.status >= 500;
  }

  onData(chunk: Uint8Array): void {
    this.call?.consumed(chunk.length);
  }

  onEnd(): void {
    this.#over(this.#failed, performance.now() - this.#since);
  }

  onError(error: Error): void {
    const unsent = !this.#started && [QueueFull, NoReplica, NoSuchDeployment].some((one) => hasCode(error, one));
    this.#over(unsent ? null : true, performance.now() - this.#since);
  }
}
