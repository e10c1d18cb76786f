import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hasCode } from '../../../core/index.js';
import { CanaryState, type Route, RouteTaken, type TrafficSpec } from '../../protocol/index.js';
import { splitRoutes } from '../routes/split-routes.js';
import { app, deployment } from '../sample-apps.test-support.js';
import { AmbiguousVersion, InvalidTraffic, UnknownVersion } from './errors.js';
import { accept, emptyTarget, promote, remove, type TargetState } from './target.js';
import { baseOf } from './traffic-names.js';
import { clearTraffic, moveCanary, setCanary, setTrafficRule } from './traffic-rule.js';

const running = (target: TargetState, name: string, version: string | null, routePrefix: string | null): TargetState => {
  const spec = app(name, [{ ...deployment('D', name), version }], routePrefix);
  const accepted = accept(target, spec, 1);
  return promote(accepted, name, accepted.generation, {});
};

const three = [
  ['a', 'v1', '/c'],
  ['b', 'v2', null],
  ['c', 'v3', null],
].reduce((target, [name, version, prefix]) => running(target, name as string, version as string, prefix ?? null), emptyTarget);

const spec = (weights: Record<string, number>, changes: Partial<TrafficSpec> = {}): TrafficSpec => ({
  weights,
  stickyBy: null,
  mirror: null,
  ...changes,
});
const armsOf = (target: TargetState, prefix = '/c') =>
  Object.fromEntries((target.traffic.get(prefix)?.arms ?? []).map(({ app, weight }) => [app, weight]));
const own: Route[] = [{ prefix: '/c', app: 'a', deployment: 'D' }];
const refuses = (action: () => unknown, error: Parameters<typeof hasCode>[1], text: RegExp): void => {
  assert.throws(action, (thrown: Error) => hasCode(thrown, error) && text.test(thrown.message));
};

describe('setTrafficRule', () => {
  it('takes names and versions, and normalises the weights', () => {
    const target = setTrafficRule(three, '/c', spec({ a: 3, v2: 1, v3: 0 }, { mirror: { app: 'v3', share: 0.5 } }));
    assert.deepEqual(armsOf(target), { a: 0.75, b: 0.25, c: 0 });
    assert.deepEqual(target.traffic.get('/c')?.mirror, { app: 'c', share: 0.5 });
    assert.notEqual(setTrafficRule(target, '/c', spec({ a: 1 })).traffic.get('/c')?.id, target.traffic.get('/c')?.id);
  });

  it('takes a prefix that is nobody’s', () => {
    assert.deepEqual(armsOf(setTrafficRule(three, '/new', spec({ b: 1, c: 1 })), '/new'), { b: 0.5, c: 0.5 });
  });

  it('refuses what cannot be, and says what could', () => {
    refuses(() => setTrafficRule(three, '/c', spec({ b: 1, c: 1 })), RouteTaken, /in use by application a/);
    refuses(
      () => setTrafficRule(three, '/c', spec({ a: 1, v9: 1 })),
      UnknownVersion,
      /v9 is neither.*valid: a \(version v1\), b \(version v2\)/,
    );
    refuses(
      () => setTrafficRule(running(three, 'd', 'v1', null), '/c', spec({ v1: 1 })),
      AmbiguousVersion,
      /of several applications: a, d/,
    );
    refuses(() => setTrafficRule(three, '/c', spec({ a: 1, v1: 1 })), InvalidTraffic, /application a is named twice/);
    refuses(() => setTrafficRule(three, '/c', spec({ a: 0, b: 0 })), InvalidTraffic, /one weight at least must be above 0/);
    refuses(
      () => setTrafficRule(three, '/c', spec({ a: -1 })),
      InvalidTraffic,
      /weight of a must be a number of at least 0, got -1/,
    );
    refuses(() => setTrafficRule(three, '/c', spec({ a: Number.NaN })), InvalidTraffic, /got NaN/);
    refuses(() => setTrafficRule(three, '/c', spec({})), InvalidTraffic, /names no version/);
    refuses(
      () => setTrafficRule(three, '/c', spec({ a: 1 }, { mirror: { app: 'x', share: 1 } })),
      UnknownVersion,
      /x is neither/,
    );
  });

  it('keeps the prefix from strangers, and not from its own versions', () => {
    const target = setTrafficRule(three, '/c', spec({ a: 1, b: 1 }));
    refuses(() => accept(target, app('d', [deployment('D', 'd')], '/c'), 1), RouteTaken, /in use by application a/);
    const without = remove(target, 'a', 1);
    refuses(() => accept(without, app('d', [deployment('D', 'd')], '/c'), 1), RouteTaken, /in use by application b/);
    accept(without, app('b', [deployment('D', 'b2')], '/c'), 1);
    accept(target, app('a', [deployment('D', 'a2')], '/c'), 1);
    accept(clearTraffic(without, '/c'), app('d', [deployment('D', 'd')], '/c'), 1);
  });
});

describe('an application that is taken down', () => {
  it('leaves its share to the others, and the last one takes the rule along', () => {
    const target = setTrafficRule(three, '/c', spec({ a: 2, b: 1, c: 1 }, { mirror: { app: 'b', share: 1 } }));
    const two = remove(target, 'b', 1);
    assert.deepEqual(armsOf(two), { a: 2 / 3, c: 1 / 3 });
    assert.equal(two.traffic.get('/c')?.mirror, null);
    assert.deepEqual(armsOf(remove(two, 'a', 1)), { c: 1 });
    assert.equal(remove(remove(two, 'a', 1), 'c', 1).traffic.size, 0);
    assert.equal(remove(target, 'x', 1).traffic, target.traffic);
  });

  it('leaves it in equal parts if the others had none', () => {
    assert.deepEqual(armsOf(remove(setTrafficRule(three, '/c', spec({ a: 1, b: 0, c: 0 })), 'a', 1)), { b: 0.5, c: 0.5 });
  });
});

const rules = {
  steps: [0.1, 1],
  intervalMs: 1,
  minRequests: 1,
  maxErrorRate: 0,
  maxErrorRateAboveBase: null,
  maxLatencyRatio: null,
  latencySlackMs: 0,
};
const canary = {
  rules,
  to: 'b',
  from: 'a',
  state: CanaryState.RUNNING,
  step: 0,
  baseP95Ms: null,
  message: '',
  startedAt: 0,
  changedAt: 0,
};

describe('a canary', () => {
  it('gets its part, goes on, and ends with one of its two versions', () => {
    const before = setTrafficRule(
      three,
      '/c',
      spec({ a: 1, c: 1 }, { stickyBy: { header: 'x' }, mirror: { app: 'b', share: 1 } }),
    );
    const target = setCanary(before, '/c', canary, undefined);
    assert.deepEqual(armsOf(target), { a: 0.9, b: 0.1, c: 0 });
    assert.deepEqual(target.traffic.get('/c')?.stickyBy, { header: 'x' });
    assert.equal(target.traffic.get('/c')?.mirror, null);
    const promoted = { ...canary, state: CanaryState.PROMOTED };
    const moved = moveCanary(target, '/c', canary, promoted);
    assert.deepEqual(armsOf(moved), { a: 0, b: 1, c: 0 });
    assert.equal(moved.traffic.get('/c')?.id, target.traffic.get('/c')?.id);
    assert.equal(moveCanary(moved, '/c', canary, promoted), moved);
    assert.deepEqual(armsOf(moveCanary(target, '/c', canary, { ...canary, state: CanaryState.ROLLED_BACK })), {
      a: 1,
      b: 0,
      c: 0,
    });
  });

  it('ends when one of its versions is taken down', () => {
    const target = setCanary(three, '/c', canary, undefined);
    for (const [gone, left] of [
      ['a', 'b'],
      ['b', 'a'],
    ] as const) {
      const after = remove(target, gone, 7);
      assert.deepEqual(armsOf(after), { [left]: 1 });
      const { state, message, changedAt } = after.traffic.get('/c')?.canary ?? assert.fail();
      assert.deepEqual([state, message, changedAt], ['ABORTED', `application ${gone} was deleted`, 7]);
    }
  });

  it('is compared with whoever has the requests, if that is one', () => {
    assert.equal(baseOf(three, '/c', 'b'), 'a');
    assert.equal(baseOf(setTrafficRule(three, '/c', spec({ a: 0, c: 1, b: 1 })), '/c', 'b'), 'c');
    refuses(
      () => baseOf(setTrafficRule(three, '/c', spec({ a: 1, c: 1 })), '/c', 'b'),
      InvalidTraffic,
      /answered by a, c now; name it/,
    );
    refuses(() => baseOf(three, '/new', 'b'), InvalidTraffic, /nobody answers it now/);
    refuses(() => baseOf(three, '/c', 'a'), InvalidTraffic, /answered by a now/);
  });
});

describe('splitRoutes', () => {
  it('splits in place of the owner’s route, names the owner, and tells proxies all they need', () => {
    const target = setTrafficRule(
      three,
      '/c',
      spec({ b: 9, a: 1 }, { stickyBy: { cookie: 's' }, mirror: { app: 'c', share: 0.5 } }),
    );
    const routes = splitRoutes([{ prefix: '/x', app: 'x', deployment: 'D' }, ...own], target);
    assert.deepEqual(routes, [
      { prefix: '/x', app: 'x', deployment: 'D' },
      {
        prefix: '/c',
        app: 'a',
        deployment: 'D',
        split: {
          rule: 4,
          arms: [
            { app: 'b', deployment: 'D', weight: 0.9 },
            { app: 'a', deployment: 'D', weight: 0.1 },
          ],
          stickyBy: { cookie: 's' },
          mirror: { app: 'c', deployment: 'D', share: 0.5 },
          owner: 'a',
          reportMs: 1000,
        },
      },
    ]);
    const quick = setCanary(three, '/c', { ...canary, rules: { ...rules, intervalMs: 400 } }, undefined);
    assert.equal(splitRoutes(own, quick)[0]?.split?.reportMs, 100);
  });

  it('names the heaviest if the prefix has no owner, and changes nothing without rules', () => {
    assert.equal(splitRoutes(own, setTrafficRule(three, '/new', spec({ b: 1, c: 2 })))[1]?.app, 'c');
    assert.deepEqual(splitRoutes(own, three), own);
  });
});
