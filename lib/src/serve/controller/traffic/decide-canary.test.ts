import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type CanaryRules, CanaryState, latencyBucket, type Tally } from '../../protocol/index.js';
import { type CanaryTrial, canaryWeight, endCanary } from '../target/canary.js';
import { CanaryEvent } from '../target/canary-state.js';
import { type CanaryWindow, decideCanary } from './decide-canary.js';

const rules: CanaryRules = {
  steps: [0.05, 0.5, 1],
  intervalMs: 1000,
  minRequests: 100,
  maxErrorRate: 0.01,
  maxErrorRateAboveBase: null,
  maxLatencyRatio: 1.5,
  latencySlackMs: 5,
};

const canary = (changes: Partial<CanaryTrial> = {}): CanaryTrial => ({
  rules,
  to: 'v2',
  from: 'v1',
  state: CanaryState.RUNNING,
  step: 0,
  baseP95Ms: null,
  message: '',
  startedAt: 0,
  changedAt: 0,
  ...changes,
});

const tally = (requests: number, failures = 0, ms = 20): Tally => ({
  requests,
  failures,
  latencies: requests === 0 ? {} : { [latencyBucket(ms)]: requests },
});
const window = (own: Tally, base: Tally = tally(1000), since = 0): CanaryWindow => ({ since, canary: own, base });
const withRules = (changes: Partial<CanaryRules>): Partial<CanaryTrial> => ({ rules: { ...rules, ...changes } });

interface Case {
  readonly name: string;
  readonly canary?: Partial<CanaryTrial>;
  readonly own: Tally;
  readonly base?: Tally;
  readonly now: number;
  readonly state: CanaryState;
  readonly step: number;
  readonly weight: number;
  readonly says: RegExp;
  readonly wakeAt: number | null;
}

const { RUNNING, PROMOTED, ROLLED_BACK } = CanaryState;
const held = { state: RUNNING, step: 0, weight: 0.05 };
const back = { state: ROLLED_BACK, step: 0, weight: 0, wakeAt: null };

const cases: Case[] = [
  {
    name: 'waits for the end of the step',
    own: tally(500),
    now: 999,
    ...held,
    says: /step 1 of 3, 5 % of the requests: 1 ms to go$/,
    wakeAt: 1000,
  },
  {
    name: 'takes the next step',
    own: tally(100),
    now: 1000,
    state: RUNNING,
    step: 1,
    weight: 0.5,
    says: /step 1 passed: 100 requests, error rate 0 %/,
    wakeAt: 2000,
  },
  {
    name: 'waits for requests, however long',
    own: tally(99),
    now: 1e9,
    ...held,
    says: /waits for requests: 99 of 100 measured$/,
    wakeAt: null,
  },
  {
    name: 'says all that it waits for',
    own: tally(3),
    now: 0,
    ...held,
    says: /1 s to go; waits for requests: 3 of 100 measured$/,
    wakeAt: 1000,
  },
  {
    name: 'waits for requests of the base',
    own: tally(100),
    base: tally(20),
    now: 1000,
    ...held,
    says: /waits for requests of the base: 20 of 100/,
    wakeAt: null,
  },
  {
    name: 'does not wait for the base where nothing is compared with it',
    canary: withRules({ maxLatencyRatio: null }),
    own: tally(100),
    base: tally(0),
    now: 1000,
    state: RUNNING,
    step: 1,
    weight: 0.5,
    says: /passed/,
    wakeAt: 2000,
  },
  {
    name: 'takes what is known of a base that gets fewer requests now',
    canary: { step: 1, baseP95Ms: 20 },
    own: tally(100),
    base: tally(3),
    now: 1000,
    state: RUNNING,
    step: 2,
    weight: 1,
    says: /passed/,
    wakeAt: 2000,
  },
  {
    name: 'is promoted after the last step',
    canary: { step: 2, baseP95Ms: 20 },
    own: tally(100, 1),
    base: tally(0),
    now: 1000,
    state: PROMOTED,
    step: 2,
    weight: 1,
    says: /passed all 3 steps; in the last one: 100 requests, error rate 1 %/,
    wakeAt: null,
  },
  {
    name: 'is promoted where there never was a base',
    canary: { ...withRules({ steps: [1] }) },
    own: tally(100),
    base: tally(0),
    now: 1000,
    state: PROMOTED,
    step: 0,
    weight: 1,
    says: /passed all 1 steps/,
    wakeAt: null,
  },
  { name: 'may fail as often as is allowed', own: tally(200, 2), now: 10, ...held, says: /to go/, wakeAt: 1000 },
  {
    name: 'is rolled back once it fails more often',
    own: tally(140, 10),
    now: 10,
    ...back,
    says: /^error rate 7.1 % \(10 of 140 requests\), allowed 1 %, at 5 %$/,
  },
  {
    name: 'is rolled back as soon as it cannot come down to that within minRequests',
    own: tally(12, 2),
    now: 10,
    ...back,
    says: /^error rate 16.7 % \(2 of 12 requests\), allowed 1 %/,
  },
  { name: 'is not judged by the first failure', own: tally(1, 1), now: 10, ...held, says: /to go; waits/, wakeAt: 1000 },
  {
    name: 'with maxErrorRate 0, is rolled back at the first failure',
    canary: withRules({ maxErrorRate: 0 }),
    own: tally(1, 1),
    now: 10,
    ...back,
    says: /error rate 100 % \(1 of 1 requests\), allowed 0 %/,
  },
  {
    name: 'is rolled back where it fails more often than the base',
    canary: withRules({ maxErrorRate: 0.2, maxErrorRateAboveBase: 0.02 }),
    own: tally(100, 10),
    base: tally(1000, 50),
    now: 10,
    ...back,
    says: /error rate 10 % \(10 of 100 requests\), allowed 7 %: that of the base, 5 %, and 2 %/,
  },
  {
    name: 'may fail as often as the base',
    canary: withRules({ maxErrorRate: 0.2, maxErrorRateAboveBase: 0.02 }),
    own: tally(100, 7),
    base: tally(1000, 50),
    now: 1000,
    state: RUNNING,
    step: 1,
    weight: 0.5,
    says: /passed/,
    wakeAt: 2000,
  },
  {
    name: 'is rolled back where it is too slow',
    own: tally(100, 0, 40),
    now: 10,
    ...back,
    says: /^p95 latency [\d.]+ ms \(of 100 requests\) is 2.0 times that of the base, [\d.]+ ms; allowed [\d.]+ ms, at 5 %$/,
  },
  { name: 'is not judged by the latency of few requests', own: tally(99, 0, 40), now: 10, ...held, says: /to go/, wakeAt: 1000 },
  {
    name: 'may be slower by the slack',
    own: tally(100, 0, 4),
    base: tally(1000, 0, 1),
    now: 10,
    ...held,
    says: /to go/,
    wakeAt: 1000,
  },
  {
    name: 'is compared with what the base had where that gets nothing now',
    canary: { step: 2, baseP95Ms: 20 },
    own: tally(100, 0, 40),
    base: tally(0),
    now: 10,
    ...back,
    step: 2,
    says: /p95 latency/,
  },
  {
    name: 'stays where it ended',
    canary: { state: ROLLED_BACK, message: 'before' },
    own: tally(100),
    now: 5000,
    ...back,
    says: /^before$/,
  },
];

describe('decideCanary', () => {
  for (const { name, own, base, now, ...expected } of cases) {
    it(name, () => {
      const before = canary(expected.canary);
      const { canary: after, message, wakeAt } = decideCanary(before, window(own, base), now);
      assert.match(message, expected.says);
      assert.deepEqual(
        [after.state, after.step, canaryWeight(after), wakeAt],
        [expected.state, expected.step, expected.weight, expected.wakeAt],
      );
      const changed = after.state !== before.state || after.step !== before.step;
      assert.equal(changed, after !== before);
      if (changed) assert.equal(after.changedAt, now);
      if (after.state !== RUNNING) assert.equal(after.message, message);
    });
  }

  it('remembers how fast the base was', () => {
    const { canary: after } = decideCanary(canary(), window(tally(100), tally(100, 0, 20)), 1000);
    assert.ok(Math.abs((after.baseP95Ms ?? 0) - 20) < 2);
    const later = decideCanary({ ...after, step: 1 }, window(tally(100), tally(3, 0, 500), 1000), 2000);
    assert.equal(later.canary.baseP95Ms, after.baseP95Ms);
  });

  it('ends whatever comes: only forward, and never on fewer requests than it has to see', () => {
    const tallies = fc.record({
      requests: fc.nat(300),
      part: fc.double({ min: 0, max: 1, noNaN: true }),
      ms: fc.double({ min: 0.1, max: 100, noNaN: true }),
    });
    const moments = fc.array(fc.tuple(fc.nat(3000), tallies, tallies), { maxLength: 40 });
    fc.assert(
      fc.property(moments, (list) => {
        let now = 0;
        let current = canary();
        for (const [ms, own, base] of list) {
          now += ms;
          const [o, b] = [own, base].map(({ requests, part, ms: latency }) =>
            tally(requests, Math.floor(requests * part ** 8), latency),
          );
          const since = current.changedAt;
          const { canary: next, wakeAt } = decideCanary(current, { since, canary: o as Tally, base: b as Tally }, now);
          assert.ok(next.step === current.step || next.step === current.step + 1);
          if (next.step > current.step || next.state === PROMOTED) {
            if (current.state === RUNNING) assert.ok((o?.requests ?? 0) >= rules.minRequests && now - since >= rules.intervalMs);
          }
          if (current.state !== RUNNING) assert.equal(next, current);
          assert.ok(wakeAt === null || wakeAt > now || next !== current);
          current = next;
        }
      }),
    );
  });
});

describe('endCanary', () => {
  it('stops a canary that runs, and no other', () => {
    const stopped = endCanary(canary(), CanaryEvent.STOP, 'asked to', 5);
    assert.deepEqual([stopped.state, stopped.message, stopped.changedAt, canaryWeight(stopped)], ['ABORTED', 'asked to', 5, 0]);
    const promoted = canary({ state: PROMOTED });
    assert.equal(endCanary(promoted, CanaryEvent.STOP, 'asked to', 5), promoted);
  });
});
