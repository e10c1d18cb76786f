import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type Model, type Tensor, toFloat16 } from '../onnx/index.js';
import { EncoderModel } from './encoder-model.js';
import { type OutputFacts, outputFacts } from './encoder-outputs.js';
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
      sentence_embedding: { type: 'float32', dims: [rows, 2], data: Float32Array.from([...data].flatMap((count) => [count, 1])) },
      logits: { type: 'float32', dims: [rows, 2], data: Float32Array.from([...data].flatMap((count) => [count, 4])) },
    };
  };
  return { runs, encoder: encoderOf(run, outputFacts({ id2label: { 0: 'LONG', 1: 'SHORT' } }, {})) };
}

function encoderOf(run: (feeds: never) => Promise<object>, facts: OutputFacts, outputs: readonly string[] = []): EncoderModel {
  const inputs = [{ name: 'input_ids' }, { name: 'attention_mask' }];
  const model = { inputs, outputs: outputs.map((name) => ({ name })), run } as unknown as Model;
  return new EncoderModel('test', new Tokenizer({ folder: 'test', ...wordPieces }), model, facts, 512);
}

/** The number of tokens that {@link counting} put into a vector. */
const countIn = (vector: Float32Array): number => Math.round((vector[0] as number) / (vector[1] as number));

/** A model with an output that is the same for each text, whatever it says. */
const answering = (output: string, type: string, dims: readonly number[], data: ArrayLike<number>, facts = outputFacts({}, {})) =>
  encoderOf(async () => ({ [output]: { type, dims, data } }), facts, [output]);

test('many long texts are read in runs of a bounded size, and keep their order', async () => {
  const { runs, encoder } = counting();
  const texts = Array.from({ length: 2048 }, (_, i) => 'a '.repeat(i % 3 === 0 ? 520 : 1 + (i % 3)));
  const { embeddings, tokens } = await encoder.embed(texts);
  const expected = texts.map((_, i) => (i % 3 === 0 ? 512 : 3 + (i % 3)));
  assert.deepEqual(embeddings.map(countIn), expected);
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
  assert.deepEqual((await encoder.embed([`${' '.repeat(9000)}a`])).embeddings.map(countIn), [3]);
  // Other work has its turn after 16,384 characters.
  const turns: number[] = [];
  tokenizer.encodeBatch = (texts, options) => {
    turns.push(texts.length);
    return encodeBatch(texts, options);
  };
  assert.equal((await encoder.embed([...new Array<string>(5).fill('a'.repeat(8192)), 'a', 'b'])).embeddings.length, 7);
  assert.deepEqual(turns, [2, 2, 3]);
});

/** The vectors as numbers of two digits. */
const vectorsOf = async (encoder: EncoderModel, ...texts: string[]) =>
  (await encoder.embed(texts)).embeddings.map((vector) => [...vector].map((value) => Math.round(value * 100) / 100));

test('embeddings have the length 1, also those of float16', async () => {
  assert.deepEqual(await vectorsOf(answering('sentence_embedding', 'float32', [1, 2], Float32Array.of(30, 40)), 'a'), [
    [0.6, 0.8],
  ]);
  assert.deepEqual(await vectorsOf(answering('sentence_embedding', 'float16', [1, 2], toFloat16([-3, 4])), 'a'), [[-0.6, 0.8]]);
  assert.deepEqual(await vectorsOf(answering('sentence_embedding', 'float32', [1, 2], Float32Array.of(0, 0)), 'a'), [[0, 0]]);
});

test('a model that has vectors of tokens only gets their mean, or that of the first token', async () => {
  // Two texts of three and of four tokens. What is filled up does not count.
  const tokens = Float32Array.of(3, 0, 0, 2, 0, 2, 99, 99, 8, 6, 0, 0, 0, 0, 0, 0);
  for (const name of ['last_hidden_state', 'token_embeddings']) {
    assert.deepEqual(await vectorsOf(answering(name, 'float32', [2, 4, 2], tokens), 'a', 'a a'), [
      [0.6, 0.8],
      [0.8, 0.6],
    ]);
  }
  const first = outputFacts({}, { word_embedding_dimension: 2, pooling_mode_cls_token: true, pooling_mode_mean_tokens: false });
  assert.deepEqual(
    await vectorsOf(answering('last_hidden_state', 'float16', [2, 4, 2], toFloat16([...tokens]), first), 'a', 'a a'),
    [
      [1, 0],
      [0.8, 0.6],
    ],
  );
});

test('a model without embeddings says what would help, before it is asked', async () => {
  const logits = answering('logits', 'float32', [1, 2], Float32Array.of(1, 2));
  const expected = { code: 'NBS_TEXT_MODEL_INVALID', message: /its outputs are logits, and it needs sentence_embedding or/ };
  assert.throws(() => logits.checkEmbeds(), expected);
  await assert.rejects(logits.embed(['a']), expected);
  const strange = answering('last_hidden_state', 'float32', [1, 3, 1], [], outputFacts({}, { pooling_mode_max_tokens: true }));
  assert.throws(() => strange.checkEmbeds(), { message: /asks for max_tokens; mean_tokens and cls_token can be used/ });
  answering('token_embeddings', 'float32', [1, 3, 1], []).checkEmbeds();
  const dense = outputFacts({}, {}, ['Dense']);
  const wider = answering('last_hidden_state', 'float32', [1, 3, 1], [], dense);
  assert.throws(() => wider.checkEmbeds(), { code: 'NBS_TEXT_MODEL_INVALID', message: /asks for Dense after the model/ });
  answering('sentence_embedding', 'float32', [1, 1], [], dense).checkEmbeds();
  const flat = answering('last_hidden_state', 'float32', [1, 2], Float32Array.of(1, 2));
  await assert.rejects(flat.embed(['a']), { code: 'NBS_TEXT_MODEL_INVALID', message: /has the shape \[1, 2\] for 1 texts/ });
});

test('labels that do not exclude each other have probabilities of their own', async () => {
  const labels = { 0: 'RUDE', 1: 'LOUD' };
  const classify = async (logits: readonly number[], files: object, type = 'float32') => {
    const data = type === 'float16' ? toFloat16(logits) : Float32Array.from(logits);
    const [found] = await answering('logits', type, [1, logits.length], data, outputFacts({ ...files }, {})).classify(['a']);
    return [found?.label, Math.round((found?.score ?? 0) * 100) / 100];
  };
  assert.deepEqual(await classify([0, 0], { id2label: labels }), ['RUDE', 0.5]);
  assert.deepEqual(await classify([2, 3], { id2label: labels, problem_type: 'multi_label_classification' }), ['LOUD', 0.95]);
  assert.deepEqual(await classify([-2], { id2label: { 0: 'RUDE' } }, 'float16'), ['RUDE', 0.12]);
  const refused = (reason: RegExp) => ({ code: 'NBS_TEXT_MODEL_INVALID', message: reason });
  await assert.rejects(classify([-2], { id2label: labels }), refused(/one logit, and its config.json names 2 labels/));
  await assert.rejects(classify([-2], { problem_type: 'regression' }), refused(/a number \(regression\) and no label/));
  const tagger = answering('logits', 'float32', [1, 3, 2], Float32Array.of(1, 2, 3, 4, 5, 6));
  await assert.rejects(tagger.classify(['a']), refused(/have the shape \[1, 3, 2\]/));
});
