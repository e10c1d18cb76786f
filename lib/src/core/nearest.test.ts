import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearest } from './nearest.js';

test('the nearest name is found whatever its case, and none if all are far', () => {
  const names = ['numReplicas', 'maxOngoingRequests', 'userConfig', 'env'];
  assert.equal(nearest('num_replica', names), 'numReplicas');
  assert.equal(nearest('MAXONGOINGREQUEST', names), 'maxOngoingRequests');
  assert.equal(nearest('usrconfg', names), 'userConfig');
  assert.equal(nearest('envs', names), 'env');
  assert.equal(nearest('banana', names), undefined);
  assert.equal(nearest('', names), undefined);
  assert.equal(nearest('x'.repeat(100_000), names), undefined);
});
