import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { AutoscalingConfig } from '../../protocol/index.js';
import { sampleAutoscaling as config } from '../sample-apps.test-support.js';
import { autoscale, initialScaling, type ScalingState } from './autoscaler.js';
import { DemandWindow } from './demand-window.js';

/** One decision every 100 ms, one for each load, starting with `current` replicas. */
function run(settings: AutoscalingConfig, loads: readonly number[], current: number): number[] {
  let state: ScalingState = initialScaling;
  let desired = current;
  return loads.map((load, i) => {
    const decision = autoscale({ config: settings, average: load, present: load, current: desired, now: i * 100, state });
    state = decision.state;
    desired = decision.desired;
    return desired;
  });
}

const anyConfig = fc
  .record({
    minReplicas: fc.nat(5),
    span: fc.nat(20),
    targetOngoingRequests: fc.double({ min: 0.1, max: 50, noNaN: true }),
    upscaleDelayMs: fc.nat(3000),
    downscaleDelayMs: fc.nat(3000),
    upscalingFactor: fc.double({ min: 0.1, max: 3, noNaN: true }),
    downscalingFactor: fc.double({ min: 0.1, max: 1, noNaN: true }),
  })
  .map(({ span, ...rest }) => config({ ...rest, maxReplicas: Math.max(1, rest.minReplicas + span) }));
const anyLoads = fc.array(fc.oneof(fc.constant(0), fc.double({ min: 0, max: 500, noNaN: true })), {
  minLength: 1,
  maxLength: 200,
});

describe('autoscale', () => {
  it('never goes below min or above max, whatever the load and wherever it starts', () => {
    fc.assert(
      fc.property(anyConfig, anyLoads, fc.nat(40), (settings, loads, start) => {
        for (const desired of run(settings, loads, start)) {
          assert.ok(desired >= settings.minReplicas && desired <= settings.maxReplicas);
        }
      }),
    );
  });

  it('changes nothing more often than its delays allow', () => {
    fc.assert(
      fc.property(anyConfig, anyLoads, (settings, loads) => {
        const decisions = run(settings, loads, Math.max(1, settings.minReplicas));
        let changedAt = 0;
        for (let i = 1; i < decisions.length; i += 1) {
          const [before, after] = [decisions[i - 1] as number, decisions[i] as number];
          if (after === before) continue;
          const delay = after > before ? settings.upscaleDelayMs : settings.downscaleDelayMs;
          if (before > 0) assert.ok((i - changedAt) * 100 >= delay, `${before} -> ${after} after ${(i - changedAt) * 100} ms`);
          changedAt = i;
        }
      }),
    );
  });

  it('comes to what the load asks for, and stays there', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 40, noNaN: true }), fc.integer({ min: 1, max: 10 }), (load, start) => {
        const decisions = run(config(), new Array<number>(200).fill(load), start);
        const wanted = Math.min(10, Math.max(1, Math.ceil(load / 2 - 1e-9)));
        assert.deepEqual(decisions.slice(-100), new Array<number>(100).fill(wanted));
      }),
    );
  });

  it('goes to zero only if it may, and back at the first request', () => {
    const idle = new Array<number>(60).fill(0);
    assert.equal(run(config(), idle, 4).at(-1), 1);
    const asleep = config({ minReplicas: 0 });
    assert.deepEqual([...new Set(run(asleep, [...idle, 1], 4))], [4, 0, 1]);
    const awake = autoscale({
      config: asleep,
      average: 0,
      present: 1,
      current: 1,
      now: 1e6,
      state: { upSince: null, downSince: 0 },
    });
    assert.equal(awake.desired, 1, 'a replica that serves somebody stays');
  });

  it('lets a step be larger or smaller, and gets down with any factor', () => {
    const once = (changes: Partial<AutoscalingConfig>, average: number, current: number) =>
      autoscale({
        config: config({ upscaleDelayMs: 0, downscaleDelayMs: 0, ...changes }),
        average,
        present: average,
        current,
        now: 0,
        state: initialScaling,
      }).desired;
    assert.equal(once({}, 8, 2), 4);
    assert.equal(once({ upscalingFactor: 2 }, 8, 2), 6);
    assert.equal(once({ downscalingFactor: 0.5 }, 8, 8), 6);
    assert.equal(once({ downscalingFactor: 0.1 }, 0, 2), 1);
  });
});

describe('the load of all routers', () => {
  it('is the sum of their means, and time without reports is idle', () => {
    const window = new DemandWindow(0);
    window.add('proxy', { average: 4, periodMs: 1000, now: 0 }, 1000);
    window.add('driver', { average: 2, periodMs: 500, now: 0 }, 1000);
    assert.equal(window.average(1000, 100, 1000), 5);
    assert.equal(window.average(2000, 100, 2000), 2.5);
    assert.equal(window.average(1000, 100, 3000), 0);
    assert.ok(window.isIdle);
  });

  it('goes on between two reports, but not for a router that fell silent or is gone', () => {
    const window = new DemandWindow(0);
    window.add('proxy', { average: 4, periodMs: 1000, now: 4 }, 1000);
    assert.equal(window.average(1000, 500, 1400), 4);
    assert.ok(window.average(1000, 500, 3000) < 4);
    window.remove((source) => source === 'proxy');
    assert.equal(window.present, 0);
  });
});
