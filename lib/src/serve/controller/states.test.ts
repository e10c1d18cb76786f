import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AppState, CanaryState, DeploymentState, ReplicaState } from '../protocol/index.js';
import { APP_TRANSITIONS, AppEvent, nextAppState } from './health/app-state.js';
import { DEPLOYMENT_TRANSITIONS } from './health/deployment-state.js';
import { pauseMs } from './replicas/back-off.js';
import { nextReplicaState, REPLICA_TRANSITIONS, ReplicaEvent } from './replicas/replica-state.js';
import { CANARY_TRANSITIONS } from './target/canary-state.js';

describe('state tables', () => {
  it('have a row for every state', () => {
    assert.deepEqual(Object.keys(REPLICA_TRANSITIONS), Object.keys(ReplicaState));
    assert.deepEqual(Object.keys(DEPLOYMENT_TRANSITIONS), Object.keys(DeploymentState));
    assert.deepEqual(Object.keys(APP_TRANSITIONS), Object.keys(AppState));
    assert.deepEqual(Object.keys(CANARY_TRANSITIONS), Object.keys(CanaryState));
  });

  it('never go back: a replica that drains or ends takes no requests again', () => {
    for (const event of Object.values(ReplicaEvent)) {
      for (const state of [ReplicaState.DRAINING, ReplicaState.STOPPING, ReplicaState.STOPPED]) {
        const next = nextReplicaState(state, event);
        assert.ok(next === null || next === ReplicaState.STOPPING || next === ReplicaState.STOPPED);
      }
    }
  });

  it('let an application be deployed or deleted in every state', () => {
    for (const state of Object.values(AppState)) {
      assert.equal(nextAppState(state, AppEvent.DEPLOY), AppState.DEPLOYING);
      assert.equal(nextAppState(state, AppEvent.DELETE), AppState.DELETING);
    }
  });
});

describe('pauses between replacements', () => {
  it('grow from none to half a minute', () => {
    assert.deepEqual([1, 2, 3, 4, 8, 9, 100].map(pauseMs), [0, 500, 1000, 2000, 30_000, 30_000, 30_000]);
  });
});
