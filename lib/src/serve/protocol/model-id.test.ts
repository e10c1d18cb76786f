import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modelIdOf } from './index.js';

test('the id of the model is found whatever the case of its header', () => {
  assert.equal(modelIdOf(['Host', 'x', 'Serve_Multiplexed_Model_Id', 'a']), 'a');
  assert.equal(modelIdOf(['serve-multiplexed-model-id', 'b']), 'b');
  assert.equal(modelIdOf(['x-serve-multiplexed-model-i', 'b', 'accept', 'serve_multiplexed_model_id']), '');
});
