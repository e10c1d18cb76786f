import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CODE_ENDINGS } from '../core/index.js';
import { loadApplication } from './load-application.js';

test('a target without an ending is looked up with every ending of code', async () => {
  await assert.rejects(loadApplication('/nowhere/models.chat:app'), (error: Error & { code?: string }) => {
    assert.equal(error.code, 'NBS_NO_MODULE_FILE');
    for (const ending of [...CODE_ENDINGS, '/index.ts']) {
      assert.ok(error.message.includes(`/nowhere/models/chat${ending}`), ending);
    }
    return true;
  });
});
