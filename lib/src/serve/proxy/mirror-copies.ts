import { hasCode } from '../../core/index.js';
import type { OutgoingCall, ResponseSink } from '../../ipc/index.js';
import { type AnswerHead, deploymentKey, NoReplica, NoSuchDeployment, QueueFull, type RouteMirror } from '../protocol/index.js';
import type { Dispatch, RouterLike } from '../router/index.js';
import type { MeteredRule, TrafficMeter } from './traffic-meter.js';

/** Copies of one proxy that are on their way; bodies of up to 1 MiB each are held until then. */
const MAX_COPIES = 64;
/** A copy that nobody waits for must come to an end, also where its deployment has no deadline. */
const COPY_TIMEOUT_MS = 60_000;
/** Says in the copy that it is one. */
const MIRRORED_HEADER = ['nbserve-mirrored', '1'] as const;

/** Sends copies of requests whose answers nobody sees. They wait for nothing: where there is no room for one it is dropped, and counted. */
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
      // What it calls itself comes after what others call.
      head: { ...head, headers: [...head.headers, ...MIRRORED_HEADER], priority: 'batch' },
      sink: copy,
      timeoutMs: this.#router.snapshot?.deployments[key]?.requestTimeoutMs ?? COPY_TIMEOUT_MS,
      mayWait: false,
    });
  }
}

/** Takes an answer and throws it away. */
class Copy implements ResponseSink {
  call: OutgoingCall | null = null;
  readonly #over: (failed: boolean | null, ms: number) => void;
  readonly #since = performance.now();
  #started = false;
  #failed = false;

  /** @param over told once; `failed` is `null` where no replica took it */
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
