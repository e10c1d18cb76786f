import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Model, Tensor } from '../onnx/index.js';
import { EncoderModel } from './encoder-model.js';
import { Tokenizer } from './tokenizer.js';

const { wordPieces } = JSON.parse(readFileSync(new URL('../../test/fixtures/tokenizers.json', import.meta.url), 'utf8')) as {
  readonly wordPieces: { readonly tokenizer: object; readonly config: Readonly<Record<string, unknown>> };
};

/** A model whose answer to a text is how many tokens it has. It notes the dimensions of each run. */
function counting() {
  const runs: (readonly number[])[] = [];
  const run = async ({ attention_mask: mask }: { readonly attention_mask: Tensor<'int64'> }) => {
    const [rows, length] = mask.dims as [number, number];
    runs.push([rows, length]);
    const data = Float32Array.from({ length: rows }, (_, row) =>
      mask.data.subarray(row * length, (row + 1) * length).reduce((sum, each) => sum + Number(each), 0),
    );
    return {
      sentence_embedding: { type: 'float32', dims: [rows, 1], data },
      logits: { type: 'float32', dims: [rows, 2], data: Float32Array.from([...data].flatMap((count) => [count, 4])) },
    };
  };
  const model = { inputs: [{ name: 'input_ids' }, { name: 'attention_mask' }], run } as unknown as Model;
  const tokenizer = new Tokenizer({ folder: 'test', ...wordPieces });
  return { runs, encoder: new EncoderModel('test', tokenizer, model, ['LONG', 'SHORT'], 512) };
}

test('many long texts are read in runs of a bounded size, and keep their order', async () => {
  const { runs, encoder } = counting();
  const texts = Array.from({ length: 2048 }, (_, i) => 'a '.repeat(i % 3 === 0 ? 520 : 1 + (i % 3)));
  const { embeddings, tokens } = await encoder.embed(texts);
  const expected = texts.map((_, i) => (i % 3 === 0 ? 512 : 3 + (i % 3)));
  assert.deepEqual(
    embeddings.map(([count]) => count),
    expected,
  );
  assert.equal(
    tokens,
    expected.reduce((sum, each) => sum + each, 0),
  );
  const largest = Math.max(...runs.map(([rows = 0, length = 0]) => rows * length));
  assert.ok(largest <= 8192, `a run had ${largest} tokens`);
  assert.ok(runs.length < 60, `${runs.length} runs`);
  const classes = await encoder.classify(texts.slice(0, 100));
  assert.deepEqual(
    classes.map(({ label }) => label),
    texts.slice(0, 100).map((_, i) => ((expected[i] as number) >= 4 ? 'LONG' : 'SHORT')),
  );
});

test('a few texts are one run', async () => {
  const { runs, encoder } = counting();
  await encoder.embed(['a', 'a b c', 'a b']);
  assert.deepEqual(runs, [[3, 5]]);
});

test('of a text that is far too long, only the part that is read becomes tokens', async () => {
  const { encoder } = counting();
  const asked: number[] = [];
  const { tokenizer } = encoder;
  const encodeBatch = tokenizer.encodeBatch.bind(tokenizer);
  tokenizer.encodeBatch = (texts, options) => {
    asked.push(...texts.map((text) => text.length));
    return encodeBatch(texts, options);
  };
  assert.equal((await encoder.embed(['a '.repeat(500_000)])).tokens, 512);
  // White space does not count, because the tokenizer drops it.
  assert.deepEqual(asked.splice(0), [2 * 16 * 512]);
  assert.deepEqual(
    (await encoder.embed([`${' '.repeat(9000)}a`])).embeddings.map(([count]) => count),
    [3],
  );
});
