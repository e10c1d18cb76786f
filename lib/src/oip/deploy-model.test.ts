import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServeStatus } from '../serve/index.js';
import { isRepositoryThere } from './deploy-model.js';

const OURS = { ingress: 'Repository', routePrefix: '/v2' };
const STATES = ['DEPLOYING', 'RUNNING', 'UNHEALTHY', 'DEPLOY_FAILED', 'DELETING'];
const THEIRS = { ingress: 'Hello', routePrefix: '/models' };

const isThere = (models: object | undefined): boolean =>
  isRepositoryThere((models === undefined ? {} : { models }) as ServeStatus['applications']);

test('a repository that has failed or is being deleted is run again, and one that runs or starts is not', () => {
  assert.equal(isThere(undefined), false);
  const there = STATES.filter((status) => isThere({ ...OURS, status }));
  assert.deepEqual(there, ['DEPLOYING', 'RUNNING', 'UNHEALTHY']);
});

test("an application of the user's is in the way unless it is being deleted", () => {
  for (const status of STATES) {
    const ask = (): boolean => isThere({ ...THEIRS, status });
    if (status === 'DELETING') assert.equal(ask(), false);
    else assert.throws(ask, { code: 'NBS_OIP_SERVER_NAME_TAKEN' });
  }
});
