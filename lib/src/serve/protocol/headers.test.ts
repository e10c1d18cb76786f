import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { headerText, modelIdOf } from './headers.js';

test('the bytes of a header are UTF-8, or Latin-1 if they cannot be that', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.equal(headerText(Buffer.from(text).toString('latin1')), Buffer.from(text).toString());
    }),
  );
  assert.equal(headerText('mod\xe8le'), 'modèle');
  assert.equal(headerText('plain'), 'plain');
});

test('the model of a request is named in UTF-8', () => {
  assert.equal(modelIdOf(['serve-multiplexed-model-id', Buffer.from('模型').toString('latin1')]), '模型');
});

test('the id of the model is found whatever the case of its header', () => {
  assert.equal(modelIdOf(['Host', 'x', 'Serve_Multiplexed_Model_Id', 'a']), 'a');
  assert.equal(modelIdOf(['serve-multiplexed-model-id', 'b']), 'b');
  assert.equal(modelIdOf(['x-serve-multiplexed-model-i', 'b', 'accept', 'serve_multiplexed_model_id']), '');
});
