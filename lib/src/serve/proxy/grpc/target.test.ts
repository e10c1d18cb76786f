import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Rpc } from '../../../grpc/index.js';
import { deploymentKey, type RouteSnapshot } from '../../protocol/index.js';
import { applicationFor, findTarget } from './target.js';

/** A snapshot with the methods of the ingress of each application. */
function snapshotOf(apps: Readonly<Record<string, readonly string[] | null | 'function'>>, root?: string): RouteSnapshot {
  const names = Object.keys(apps);
  return {
    version: 1,
    routes: root === undefined ? [] : [{ prefix: '/', app: root, deployment: 'Main' }],
    ingresses: Object.fromEntries(names.map((name) => [name, 'Main'])),
    deployments: Object.fromEntries(names.map((name) => [deploymentKey(name, 'Main'), offerOf(apps[name])])),
  } as unknown as RouteSnapshot;
}

/** `null` if no replica has run yet. */
const offerOf = (methods: readonly string[] | null | 'function' | undefined) =>
  methods === 'function' ? { methods: ['call'], isFunction: true, idempotent: [] } : { methods, idempotent: [] };

const rpcOf = (name: string, own?: true): Rpc => ({
  path: `/test.Digits/${name}`,
  service: 'test.Digits',
  name,
  requestType: 'Ask',
  responseType: 'Answer',
  requestStream: false,
  responseStream: false,
  ...(own === undefined ? {} : { own }),
});
const target = (snapshot: RouteSnapshot | null, name: string, app?: string) => {
  const rpc = rpcOf(name);
  const { app: found, method, candidates } = findTarget(snapshot, app ?? applicationFor(snapshot, rpc), rpc, null);
  return [found, method, ...(candidates === undefined ? [] : [candidates])];
};

test('a call that names no application reaches the only one that has a method for it', () => {
  const apps = snapshotOf({ digits: ['classify'], words: ['Count', 'fetch'], more: ['other'] });
  assert.deepEqual(target(apps, 'Classify'), ['digits', 'classify']);
  assert.deepEqual(target(apps, 'Count'), ['words', 'Count']);
  // The second call gets what the first one found.
  assert.deepEqual(target(apps, 'Classify'), ['digits', 'classify']);
});

test('if no application or several have a method for a call, it must name one', () => {
  const apps = snapshotOf({ digits: ['classify'], letters: ['classify'], words: ['count'] });
  assert.throws(() => target(apps, 'Classify'), { code: 'NBS_APPLICATION_UNNAMED' });
  assert.throws(() => target(apps, 'Draw'), { code: 'NBS_APPLICATION_UNNAMED' });
  assert.throws(() => target(null, 'Draw'), { code: 'NBS_APPLICATION_UNNAMED' });
  assert.throws(() => target(snapshotOf({}), 'Draw'), { code: 'NBS_APPLICATION_UNNAMED' });
  assert.deepEqual(target(apps, 'Classify', 'letters'), ['letters', 'classify']);
  assert.throws(() => target(apps, 'Classify', 'nobody'), { code: 'NBS_NO_APPLICATION' });
  // What one snapshot said does not hold for the next.
  assert.deepEqual(target(snapshotOf({ digits: ['classify'], words: ['count'] }), 'Classify'), ['digits', 'classify']);
});

test('an application that is being started is unavailable, and not unknown', () => {
  const rising = [{ prefix: '/letters', app: 'letters' }];
  const apps: RouteSnapshot = { ...snapshotOf({ digits: ['classify'], words: ['count'] }), rising };
  assert.throws(() => target(apps, 'Classify', 'letters'), { code: 'NBS_APP_STARTING', status: 503 });
  assert.throws(() => target(apps, 'Classify', 'nobody'), { code: 'NBS_NO_APPLICATION' });
  assert.throws(() => target({ ...snapshotOf({}), rising }, 'Classify'), { code: 'NBS_APP_STARTING' });
  // It need not wait for one that another application answers.
  assert.deepEqual(target(apps, 'Classify'), ['digits', 'classify']);
});

test('an application at the route / comes before others with a method, if it has one itself', () => {
  const both = { digits: ['classify'], words: ['classify', 'count'] };
  assert.deepEqual(target(snapshotOf(both, 'words'), 'Classify'), ['words', 'classify']);
  assert.deepEqual(target(snapshotOf({ ...both, words: 'function' }, 'words'), 'Classify'), ['words', 'call']);
  assert.deepEqual(target(snapshotOf({ ...both, words: ['count'] }, 'words'), 'Classify'), ['digits', 'classify']);
  const three = snapshotOf({ ...both, more: ['other'] }, 'more');
  assert.throws(() => target(three, 'Classify'), { code: 'NBS_APPLICATION_UNNAMED' });
  assert.throws(() => target(three, 'Draw'), { code: 'NBS_NO_RPC_METHOD' });
  const rising = [{ prefix: '/letters', app: 'letters' }];
  assert.throws(() => target({ ...three, rising }, 'Draw'), { code: 'NBS_APP_STARTING' });
});

test('of the versions behind the route /, one with a method is enough', () => {
  const apps = snapshotOf({ old: ['count'], new: ['count', 'classify'], digits: ['classify'] }, 'old');
  const splitBy = (...weights: number[]): RouteSnapshot => {
    const arms = ['old', 'new'].map((app, i) => ({ app, deployment: 'Main', weight: weights[i] as number }));
    return { ...apps, routes: apps.routes.map((route) => ({ ...route, split: { rule: 1, arms, reportMs: 1 } })) };
  };
  assert.equal(applicationFor(splitBy(0.5, 0.5), rpcOf('Classify')), 'old');
  assert.throws(() => applicationFor(splitBy(1, 0), rpcOf('Classify')), { code: 'NBS_APPLICATION_UNNAMED' });
});

test('if no replica has run yet, the first one chooses the method', () => {
  const either = ['Classify', 'classify'];
  assert.deepEqual(target(snapshotOf({ digits: null }), 'Classify'), ['digits', 'Classify', either]);
  assert.deepEqual(target(snapshotOf({ digits: null, words: ['count'] }), 'Classify'), ['digits', 'Classify', either]);
  assert.deepEqual(target(snapshotOf({ digits: null, words: ['classify'] }), 'Classify'), ['words', 'classify']);
  assert.throws(() => target(snapshotOf({ digits: null, words: null }), 'Classify'), { code: 'NBS_APPLICATION_UNNAMED' });
});

test('an application at the route / of which no replica has run yet takes only calls that no other one certainly answers', () => {
  const either = ['Classify', 'classify'];
  assert.deepEqual(target(snapshotOf({ digits: null, words: ['classify'] }, 'digits'), 'Classify'), ['words', 'classify']);
  const ofRoot = ['digits', 'Classify', either];
  assert.deepEqual(target(snapshotOf({ digits: null, words: ['count'] }, 'digits'), 'Classify'), ofRoot);
  assert.deepEqual(target(snapshotOf({ digits: null, words: null }, 'digits'), 'Classify'), ofRoot);
  const both = { words: ['classify'], letters: ['classify'] };
  assert.deepEqual(target(snapshotOf({ digits: null, ...both }, 'digits'), 'Classify'), ofRoot);
  // The application at the route / is known not to answer it.
  assert.deepEqual(target(snapshotOf({ digits: ['count'], words: null }, 'digits'), 'Classify'), ['words', 'Classify', either]);
});

test('of the versions behind the route /, one that certainly has a method comes before another application, one that may have it after', () => {
  const splitOf = (fresh: readonly string[] | null): RouteSnapshot => {
    const apps = snapshotOf({ old: ['count'], new: fresh, digits: ['classify'] }, 'old');
    const arms = ['old', 'new'].map((app) => ({ app, deployment: 'Main', weight: 0.5 }));
    return { ...apps, routes: apps.routes.map((route) => ({ ...route, split: { rule: 1, arms, reportMs: 1 } })) };
  };
  assert.equal(applicationFor(splitOf(['classify']), rpcOf('Classify')), 'old');
  assert.equal(applicationFor(splitOf(null), rpcOf('Classify')), 'digits');
  assert.equal(applicationFor(splitOf(null), rpcOf('Draw')), 'old');
});

test('a class with the method `call` does not answer every RPC, as a function does', () => {
  assert.deepEqual(target(snapshotOf({ digits: 'function' }), 'Classify'), ['digits', 'call']);
  assert.throws(() => target(snapshotOf({ digits: ['call'] }), 'Classify'), { code: 'NBS_NO_RPC_METHOD' });
});

test('the only application is not asked for its methods', () => {
  assert.throws(() => target(snapshotOf({ words: ['count'] }), 'Classify'), { code: 'NBS_NO_RPC_METHOD' });
});

test("the services of nbserve's own do not choose an application by its methods", () => {
  const apps = snapshotOf({ digits: ['call'], words: ['count'] });
  assert.throws(() => applicationFor(apps, rpcOf('Call', true)), { code: 'NBS_APPLICATION_UNNAMED' });
});

test('a call that several applications answer must name one, also while another is being started', () => {
  const rising = [{ prefix: '/letters', app: 'letters' }];
  const apps: RouteSnapshot = { ...snapshotOf({ digits: ['classify'], words: ['classify'] }), rising };
  assert.throws(() => target(apps, 'Classify'), { code: 'NBS_APPLICATION_UNNAMED' });
  assert.throws(() => applicationFor(apps, rpcOf('Call', true)), { code: 'NBS_APPLICATION_UNNAMED' });
  // The one that is being started may answer it.
  assert.throws(() => target(apps, 'Draw'), { code: 'NBS_APP_STARTING' });
});
