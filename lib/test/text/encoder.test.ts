import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { onnx } from 'nbserve/onnx';
import { loadEncoderModel } from 'nbserve/text';

const { wordPieces } = JSON.parse(readFileSync(new URL('../../test/fixtures/tokenizers.json', import.meta.url), 'utf8'));

const folder = mkdtempSync(join(tmpdir(), 'nbs-encoder-'));
after(() => rmSync(folder, { recursive: true }));
const write = (name: string, content: object) => writeFileSync(join(folder, name), JSON.stringify(content));

/** The vector of a token is its number beside 1. */
const bytes = onnx.encodeModel({
  name: 'numbers',
  inputs: [{ name: 'input_ids', type: 'int64', shape: ['rows', 'tokens'] }],
  outputs: [{ name: 'last_hidden_state', type: 'float32', shape: ['rows', 'tokens', 2] }],
  nodes: [
    { op: 'Cast', inputs: ['input_ids'], outputs: ['floats'], attributes: { to: 1 } },
    { op: 'Unsqueeze', inputs: ['floats', 'last'], outputs: ['x'] },
    { op: 'Mul', inputs: ['x', 'zero'], outputs: ['zeros'] },
    { op: 'Add', inputs: ['zeros', 'one'], outputs: ['ones'] },
    { op: 'Concat', inputs: ['x', 'ones'], outputs: ['last_hidden_state'], attributes: { axis: 2 } },
  ],
  weights: { last: onnx.tensor('int64', [2]), zero: onnx.tensor([0]), one: onnx.tensor([1]) },
});

test('embeddings read as many tokens as sentence-transformers would, in lower case if it would', async () => {
  mkdirSync(join(folder, 'onnx'));
  writeFileSync(join(folder, 'onnx/model.onnx'), bytes);
  const { tokenizer, config } = wordPieces;
  write('tokenizer.json', { ...tokenizer, normalizer: null });
  write('tokenizer_config.json', config);
  const embed = async (text: string, options: object = {}) => {
    const model = await loadEncoderModel(folder, { device: 'cpu', ...options });
    const { embeddings, tokens } = await model.embed([text]);
    await model.dispose();
    return { embedding: [...(embeddings[0] as Float32Array)], tokens };
  };
  const whole = await embed('a b c d e f');
  assert.equal(whole.tokens, 8);
  const short = await embed('a b');
  write('sentence_bert_config.json', { max_seq_length: 4, do_lower_case: true });
  assert.deepEqual(await embed('a b c d e f'), short);
  assert.deepEqual(await embed('A B C'), short);
  assert.deepEqual(await embed('a b c d e f', { maxLength: 100 }), whole);
  write('modules.json', [{ type: 'sentence_transformers.models.Dense' }]);
  await assert.rejects(embed('a'), { code: 'NBS_TEXT_MODEL_INVALID', message: /modules\.json asks for Dense/ });
});
