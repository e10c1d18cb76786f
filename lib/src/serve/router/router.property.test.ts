import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ReplicaBusy, ReplicaDraining } from '../protocol/index.js';
import { type FakeCall, type HarnessReplica, RouterHarness, type Sent, settled } from './router-harness.test-support.js';

const MAX_ONGOING = 2;
const MAX_QUEUED = 3;
const IDS = ['w', 'x', 'y', 'z'];

interface Request {
  readonly id: string;
  readonly isBatch: boolean;
  readonly sent: Sent;
  cancelled: boolean;
}

const requestIdOf = ({ head }: FakeCall): string => (head.kind === 'method' ? head.requestId : '');
const ENDS = /^(end|NBS_)/;

/** Sends, answers, refuses, kills and drains at random. After each step, it checks that the promises of the router hold. */
class Scenario {
  readonly cluster: RouterHarness;
  readonly requests: Request[] = [];
  #routed: readonly string[] = [];
  readonly #gone = new Set<string>();
  readonly #draining = new Set<string>();
  readonly #begun = new Set<FakeCall>();
  /** Ids in the order in which the requests were sent for the first time. */
  readonly #firstSends: string[] = [];
  #seen = 0;

  constructor(random: () => number) {
    this.cluster = new RouterHarness(random);
  }

  async route(ids: readonly string[]): Promise<void> {
    // An id belongs to one process, which does not come back.
    for (const id of this.#routed) if (!ids.includes(id)) this.#gone.add(id);
    this.#routed = ids.filter((id) => !this.replica(id).isClosed && !this.#gone.has(id));
    await this.cluster.route(this.#routed, { maxOngoingRequests: MAX_ONGOING, maxQueuedRequests: MAX_QUEUED, idempotent: true });
    for (const id of this.#gone)
      if (this.replica(id).open.length === 0) assert.ok(this.replica(id).isClosed, `${id} was not let go of`);
  }

  replica(id: string): HarnessReplica {
    return this.cluster.replica(id);
  }

  send(isBatch: boolean): void {
    const id = String(this.requests.length);
    const priority = isBatch ? ({ priority: 'batch' } as const) : {};
    const sent = this.cluster.send({ head: { kind: 'method', method: 'm', requestId: id, ...priority } });
    this.requests.push({ id, isBatch, sent, cancelled: false });
  }

  begin(call: FakeCall): void {
    if (this.#begun.has(call)) return;
    this.#begun.add(call);
    call.sink.onStarted?.();
  }

  refuse(id: string): void {
    const call = this.replica(id).open.find((one) => !this.#begun.has(one));
    call?.fail(ReplicaBusy({ replica: id, ongoing: MAX_ONGOING }));
  }

  drain(id: string): void {
    const [call] = this.replica(id).open;
    // The caller has cancelled, so nothing may be called.
    if (call === undefined || this.replica(id).isClosed || this.#begun.has(call)) return;
    this.#draining.add(id);
    call.fail(ReplicaDraining({ replica: id }));
  }

  /** Runs one event and checks that it broke no rule. @param step runs the event */
  async check(step: () => void | Promise<void>): Promise<void> {
    const before = new Map(IDS.map((id) => [id, this.replica(id).calls.length]));
    const closed = new Map(IDS.map((id) => [id, this.replica(id).isClosed]));
    const told = new Set([...this.#draining, ...this.#gone]);
    const waiting = this.#unsent();
    await step();
    await settled();
    for (const id of IDS) {
      const { calls, open } = this.replica(id);
      assert.ok(open.length <= MAX_ONGOING, `${open.length} requests at ${id}`);
      const more = calls.slice(before.get(id));
      if (closed.get(id) || told.has(id)) assert.deepEqual(more, [], `something was sent to ${id}, which takes nothing`);
      for (const call of more) this.#firstSent(requestIdOf(call));
    }
    assert.ok(this.#unsent().length <= MAX_QUEUED, 'over the limit of the queue');
    this.#checkOrder(waiting);
  }

  finish(): void {
    this.cluster.router.close();
  }

  checkEnds(): void {
    for (const { id, sent, cancelled } of this.requests) {
      const ends = sent.log.filter((entry) => ENDS.test(entry));
      assert.equal(ends.length, cancelled ? 0 : 1, `request ${id}: ${sent.log.join(' ')}`);
    }
  }

  #firstSent(id: string): void {
    if (!this.#firstSends.includes(id)) this.#firstSends.push(id);
  }

  #unsent(): Request[] {
    return this.requests.filter(({ id, sent, cancelled }) => {
      return !cancelled && !this.#firstSends.includes(id) && !sent.log.some((entry) => ENDS.test(entry));
    });
  }

  /** Checks that no waiting request was sent before an earlier one of the same kind. */
  #checkOrder(waited: readonly Request[]): void {
    const still = new Set(this.#unsent());
    for (const isBatch of [false, true]) {
      let passedOver: Request | null = null;
      for (const request of waited.filter((one) => one.isBatch === isBatch)) {
        if (still.has(request)) passedOver = request;
        else if (passedOver !== null)
          assert.ok(!this.#firstSends.slice(this.#seen).includes(request.id), `${request.id} overtook`);
      }
    }
    this.#seen = this.#firstSends.length;
  }
}

type Step = (scenario: Scenario) => void | Promise<void>;

const anyReplica = fc.constantFrom(...IDS);
const nth = (calls: readonly FakeCall[], n: number): FakeCall | undefined => calls[n % Math.max(1, calls.length)];
const steps = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.boolean().map(
      (batch): Step =>
        (scenario) =>
          scenario.send(batch),
    ),
  },
  {
    weight: 5,
    arbitrary: fc.tuple(anyReplica, fc.nat(3)).map(
      ([id, n]): Step =>
        (scenario) => {
          nth(scenario.replica(id).open, n)?.answer(1);
        },
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(anyReplica, fc.nat(3)).map(
      ([id, n]): Step =>
        (scenario) => {
          const call = nth(scenario.replica(id).open, n);
          if (call !== undefined) scenario.begin(call);
        },
    ),
  },
  {
    weight: 1,
    arbitrary: anyReplica.map(
      (id): Step =>
        (scenario) =>
          scenario.refuse(id),
    ),
  },
  {
    weight: 1,
    arbitrary: anyReplica.map(
      (id): Step =>
        (scenario) =>
          scenario.drain(id),
    ),
  },
  {
    weight: 1,
    arbitrary: anyReplica.map(
      (id): Step =>
        (scenario) =>
          scenario.replica(id).die(),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.nat(30).map(
      (n): Step =>
        (scenario) => {
          const request = scenario.requests[n];
          if (request === undefined || request.sent.call.done) return;
          request.cancelled = true;
          request.sent.call.cancel();
        },
    ),
  },
  {
    weight: 2,
    arbitrary: fc.subarray(IDS, { minLength: 1 }).map(
      (ids): Step =>
        (scenario) =>
          scenario.route(ids),
    ),
  },
);

test('whatever happens: no replica over its limit, none that is gone is asked, order and queue hold, each request ends once', async () => {
  const randoms = fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { minLength: 7, maxLength: 7 });
  await fc.assert(
    fc.asyncProperty(fc.array(steps, { minLength: 10, maxLength: 60 }), randoms, async (all, numbers) => {
      let drawn = 0;
      const scenario = new Scenario(() => {
        const number = numbers[drawn % numbers.length] as number;
        drawn += 1;
        return number;
      });
      try {
        await scenario.route(IDS);
        for (const step of all) await scenario.check(() => step(scenario));
      } finally {
        scenario.finish();
      }
      for (const id of IDS) for (const call of scenario.replica(id).open) call.answer();
      await settled();
      scenario.checkEnds();
    }),
    { numRuns: 150 },
  );
});
