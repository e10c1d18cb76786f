import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkRoutePath } from './route-path.js';

test("the cluster's own paths are no routes", () => {
  for (const path of ['/-', '/-/healthz', '/-/:id'])
    assert.throws(() => checkRoutePath(path), { code: 'NBS_INVALID_ROUTE_PATH', message: /below '\/-\/'/ }, path);
  for (const path of ['/-a', '/a/-', '/:id/-']) assert.equal(checkRoutePath(path), path);
});
