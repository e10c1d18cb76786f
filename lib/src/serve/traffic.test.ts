import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isNbserveError } from '../core/index.js';
import { canarySpec, trafficSpec } from './traffic.js';
import type { CanaryOptions, TrafficOptions } from './types.js';

const hasCode = (code: string) => (error: unknown) => isNbserveError(error) && error.code === code;

test('defaults are filled in', () => {
  assert.deepEqual(trafficSpec({ v1: 1 }, {}), { weights: { v1: 1 }, stickyBy: null, mirror: null });
  assert.deepEqual(trafficSpec({ v1: 1 }, { mirror: 'v2' }).mirror, { app: 'v2', share: 1 });
  assert.deepEqual(trafficSpec({ v1: 1 }, { mirror: { app: 'v2', share: 0.5 }, stickyBy: { cookie: 's' } }), {
    weights: { v1: 1 },
    stickyBy: { cookie: 's' },
    mirror: { app: 'v2', share: 0.5 },
  });
  assert.deepEqual(canarySpec({ to: 'v2' }), {
    to: 'v2',
    from: null,
    steps: [0.05, 0.25, 0.5, 1],
    intervalMs: 30_000,
    minRequests: 100,
    maxErrorRate: 0.01,
    maxErrorRateAboveBase: null,
    maxLatencyRatio: 1.5,
    latencySlackMs: 5,
    stickyBy: undefined,
  });
});

test('what is not valid is refused, and so is what does not exist', () => {
  const traffic: unknown[] = [
    { stickyBy: { header: 'a', cookie: 'b' } },
    { stickyBy: { ip: 'a' } },
    { stickyBy: { header: '' } },
    { stickyBy: 'x-user' },
    { mirror: { app: 'v2', share: 0 } },
    { mirror: { app: 'v2', share: 1.1 } },
    { mirror: { app: 'v2', part: 1 } },
    { mirror: 1 },
  ];
  for (const options of traffic)
    assert.throws(
      () => trafficSpec({ v1: 1 }, options as TrafficOptions),
      hasCode('NBS_INVALID_OPTION'),
      JSON.stringify(options),
    );
  assert.throws(() => trafficSpec([1] as never, {}), hasCode('NBS_INVALID_OPTION'));
  assert.throws(() => trafficSpec({ v1: 1 }, { sticky: 1 } as never), hasCode('NBS_UNKNOWN_OPTION'));
  const canary: unknown[] = [
    {},
    { to: 'v2', steps: [] },
    { to: 'v2', steps: [0, 1] },
    { to: 'v2', steps: [0.5, 0.5] },
    { to: 'v2', steps: [0.5, 1.5] },
    { to: 'v2', minRequests: 0 },
    { to: 'v2', maxErrorRate: 2 },
    { to: 'v2', maxLatencyRatio: 0.5 },
    { to: 'v2', maxErrorRateAboveBase: -1 },
  ];
  for (const options of canary)
    assert.throws(() => canarySpec(options as CanaryOptions), hasCode('NBS_INVALID_OPTION'), JSON.stringify(options));
  assert.throws(() => canarySpec({ to: 'v2', interval: 'soon' as never }), hasCode('NBS_INVALID_DURATION'));
  assert.throws(() => canarySpec({ to: 'v2', step: 1 } as never), hasCode('NBS_UNKNOWN_OPTION'));
});
