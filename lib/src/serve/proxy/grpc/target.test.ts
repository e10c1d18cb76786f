import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Rpc } from '../../../grpc/index.js';
import { deploymentKey, type RouteSnapshot } from '../../protocol/index.js';
import { findTarget } from './target.js';

/** A snapshot with the methods of the ingress of each application. */
function snapshotOf(apps: Readonly<Record<string, readonly string[]>>, root?: string): RouteSnapshot {
  const names = Object.keys(apps);
  return {
    version: 1,
    routes: root === undefined ? [] : [{ prefix: '/', app: root, deployment: 'Main' }],
    ingresses: Object.fromEntries(names.map((name) => [name, 'Main'])),
    deployments: Object.fromEntries(names.map((name) => [deploymentKey(name, 'Main'), { methods: apps[name] }])),
  } as unknown as RouteSnapshot;
}

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
  const { app: found, method } = findTarget(snapshot, app, rpcOf(name), null);
  return [found, method];
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

test('an application at the route /, or the only one, comes before one with a method', () => {
  assert.throws(() => target(snapshotOf({ digits: ['classify'], words: ['count'] }, 'words'), 'Classify'), {
    code: 'NBS_NO_RPC_METHOD',
  });
  assert.throws(() => target(snapshotOf({ words: ['count'] }), 'Classify'), { code: 'NBS_NO_RPC_METHOD' });
});

test("the services of nbserve's own do not choose an application by its methods", () => {
  const apps = snapshotOf({ digits: ['call'], words: ['count'] });
  assert.throws(() => findTarget(apps, undefined, rpcOf('Call', true), null), { code: 'NBS_APPLICATION_UNNAMED' });
});

test('a call that several applications answer must name one, also while another is being started', () => {
  const rising = [{ prefix: '/letters', app: 'letters' }];
  const apps: RouteSnapshot = { ...snapshotOf({ digits: ['classify'], words: ['classify'] }), rising };
  assert.throws(() => target(apps, 'Classify'), { code: 'NBS_APPLICATION_UNNAMED' });
  assert.throws(() => findTarget(apps, undefined, rpcOf('Call', true), null), { code: 'NBS_APPLICATION_UNNAMED' });
  // The one that is being started may answer it.
  assert.throws(() => target(apps, 'Draw'), { code: 'NBS_APP_STARTING' });
});
