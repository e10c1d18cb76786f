import assert from 'node:assert/strict';
import { test } from 'node:test';
import { demandFault, readyFault, snapshotFault, trafficFault } from './faults.js';

const ODD = [null, undefined, 1, 'x', [], {}, [null], { deployments: null }, { deployments: { 'a/b': null } }];

test('reports and snapshots that are none are told apart from those that are', () => {
  for (const odd of ODD) {
    assert.ok(demandFault(odd), JSON.stringify(odd));
    assert.ok(readyFault(odd), JSON.stringify(odd));
    assert.ok(snapshotFault(odd), JSON.stringify(odd));
    if (!(Array.isArray(odd) && odd.length === 0)) assert.ok(trafficFault(odd), JSON.stringify(odd));
  }
  assert.equal(demandFault({ deployments: { 'a/b': { average: 1, periodMs: 10, now: 0 } } }), null);
  for (const average of [-1, null, '1', Number.POSITIVE_INFINITY])
    assert.ok(demandFault({ deployments: { 'a/b': { average, periodMs: 10, now: 0 } } }));
  const tally = { requests: 1, failures: 0, latencies: { 3: 1 } };
  const report = { prefix: '/', rule: 1, versions: { a: tally }, mirror: null };
  assert.equal(trafficFault([report]), null);
  for (const odd of [{ ...tally, requests: -1 }, { ...tally, latencies: { x: 1 } }, { ...tally, latencies: { 3: 0.5 } }, null])
    assert.ok(trafficFault([{ ...report, versions: { a: odd } }]), JSON.stringify(odd));
  const route = {
    app: 'a',
    name: 'b',
    replicas: [{ id: 'r', path: '/r' }],
    maxOngoingRequests: 1,
    maxQueuedRequests: -1,
    requestTimeoutMs: null,
    idempotent: [],
    methods: ['m'],
    http: true,
  };
  const snapshot = {
    version: 1,
    routes: [{ prefix: '/', app: 'a', deployment: 'b' }],
    ingresses: {},
    deployments: { 'a/b': route },
  };
  assert.equal(snapshotFault(snapshot), null);
  // No replica has run yet.
  assert.equal(snapshotFault({ ...snapshot, deployments: { 'a/b': { ...route, methods: null } } }), null);
  for (const odd of [
    { replicas: null },
    { replicas: [{}] },
    { methods: 1 },
    { requestTimeoutMs: '5' },
    { http: 'yes' },
    { idempotent: false },
  ])
    assert.ok(snapshotFault({ ...snapshot, deployments: { 'a/b': { ...route, ...odd } } }), JSON.stringify(odd));
  for (const odd of [{ prefix: 5 }, { prefix: 'x' }, { app: null }, { split: {} }, { split: { arms: [], reportMs: 1 } }])
    assert.ok(snapshotFault({ ...snapshot, routes: [{ ...snapshot.routes[0], ...odd }] }), JSON.stringify(odd));
});
