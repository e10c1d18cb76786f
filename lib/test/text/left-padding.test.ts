import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type GraphSpec, onnx } from 'nbserve/onnx';
import { loadTextModel } from 'nbserve/text';

const { wordPieces } = JSON.parse(readFileSync(new URL('../../test/fixtures/tokenizers.json', import.meta.url), 'utf8'));
const VOCABULARY = 260;
const WIDTH = 16;

const folder = mkdtempSync(join(tmpdir(), 'nbs-left-padding-'));
after(() => rmSync(folder, { recursive: true }));

type Parts = Pick<GraphSpec, 'nodes' | 'weights' | 'domains'>;

/** The folder of a language model. @param names its inputs beside `input_ids` and `attention_mask` */
function write(name: string, names: readonly string[], width: number, parts: Parts): string {
  const where = join(folder, name);
  mkdirSync(join(where, 'onnx'), { recursive: true });
  writeFileSync(join(where, 'tokenizer.json'), JSON.stringify(wordPieces.tokenizer));
  writeFileSync(join(where, 'tokenizer_config.json'), JSON.stringify({ ...wordPieces.config, model_max_length: 64 }));
  const kept = (of: string) => ({ name: of, type: 'float32' as const, shape: ['rows', 1, `${of} tokens`, width] });
  const past = names.filter((each) => each.startsWith('past_key_values.'));
  const graph = {
    name,
    inputs: ['input_ids', 'attention_mask', ...names].map((each) =>
      past.includes(each) ? kept(each) : { name: each, type: 'int64' as const, shape: ['rows', `${each} tokens`] },
    ),
    outputs: [
      { name: 'logits', type: 'float32' as const, shape: ['rows', 'tokens', VOCABULARY] },
      ...past.map((each) => kept(each.replace('past_key_values', 'present'))),
    ],
    ...parts,
  };
  writeFileSync(join(where, 'onnx/model.onnx'), onnx.encodeModel(graph));
  return where;
}

const int64 = (...values: number[]) => onnx.tensor('int64', values);
const scalar = (value: number) => onnx.tensor('int64', [value], []);

/** The next token is the number of the position, which the model takes from the length of what it has read. */
const counting = (): string =>
  write('counting', ['past_key_values.0.key'], 1, {
    nodes: [
      { op: 'Shape', inputs: ['past_key_values.0.key'], outputs: ['shape of past'] },
      { op: 'Gather', inputs: ['shape of past', 'two'], outputs: ['begin'] },
      { op: 'Shape', inputs: ['input_ids'], outputs: ['shape'] },
      { op: 'Gather', inputs: ['shape', 'one'], outputs: ['count'] },
      { op: 'Add', inputs: ['begin', 'count'], outputs: ['end'] },
      { op: 'Range', inputs: ['begin', 'end', 'one'], outputs: ['positions'] },
      { op: 'OneHot', inputs: ['positions', 'vocabulary', 'off and on'], outputs: ['one row'] },
      { op: 'Gather', inputs: ['shape', 'first'], outputs: ['rows'] },
      { op: 'Concat', inputs: ['rows', 'ones'], outputs: ['rows and ones'], attributes: { axis: 0 } },
      { op: 'Expand', inputs: ['one row', 'rows and ones'], outputs: ['logits'] },
      { op: 'Cast', inputs: ['input_ids'], outputs: ['floats'], attributes: { to: 1 } },
      { op: 'Unsqueeze', inputs: ['floats', 'axes'], outputs: ['keys'] },
      { op: 'Concat', inputs: ['past_key_values.0.key', 'keys'], outputs: ['present.0.key'], attributes: { axis: 2 } },
    ],
    weights: {
      one: scalar(1),
      two: scalar(2),
      vocabulary: scalar(VOCABULARY),
      'off and on': onnx.tensor([0, 1]),
      first: int64(0),
      ones: int64(1, 1),
      axes: int64(1, 3),
    },
  });

/** The attention that exports for ONNX Runtime have. It counts the ones of a row's mask, and takes so many keys from its beginning. */
function grouped(): string {
  let state = 1;
  const random = (...dims: readonly [number, number]) => {
    const values = Float32Array.from({ length: dims[0] * dims[1] }, () => {
      state = (state * 48271) % 2147483647;
      return state / 2147483647 - 0.5;
    });
    return onnx.tensor(values, dims);
  };
  const names = ['key', 'value'].map((each) => `past_key_values.0.${each}`);
  return write('grouped', ['position_ids', ...names], WIDTH, {
    nodes: [
      { op: 'Gather', inputs: ['table', 'input_ids'], outputs: ['x'] },
      { op: 'ReduceSum', inputs: ['attention_mask', 'last'], outputs: ['lengths'], attributes: { keepdims: 0 } },
      { op: 'Sub', inputs: ['lengths', 'one'], outputs: ['lengths before'] },
      { op: 'Cast', inputs: ['lengths before'], outputs: ['seqlens'], attributes: { to: 6 } },
      { op: 'Shape', inputs: ['attention_mask'], outputs: ['shape'] },
      { op: 'Gather', inputs: ['shape', 'one'], outputs: ['all'] },
      { op: 'Cast', inputs: ['all'], outputs: ['total'], attributes: { to: 6 } },
      {
        op: 'GroupQueryAttention',
        domain: 'com.microsoft',
        inputs: ['x', 'x', 'x', ...names, 'seqlens', 'total'],
        outputs: ['y', 'present.0.key', 'present.0.value'],
        attributes: { num_heads: 1, kv_num_heads: 1 },
      },
      { op: 'MatMul', inputs: ['y', 'head'], outputs: ['logits'] },
    ],
    weights: { table: random(VOCABULARY, WIDTH), head: random(WIDTH, VOCABULARY), last: int64(1), one: scalar(1) },
    domains: { 'com.microsoft': 1 },
  });
}

const PROMPTS = ['a b', 'the quick brown fox jumps over the lazy dog', 'a b c d'];

for (const [make, reason] of [
  [counting, /one answer at a time, because the model has no input position_ids/],
  [grouped, /one answer at a time, because its operator GroupQueryAttention cannot leave out/],
] as const) {
  test(`a model that cannot be padded on the left answers several prompts as it answers each alone: ${make.name}`, async () => {
    const model = await loadTextModel(make(), { device: 'cpu' });
    const ask = async (prompt: string) => (await model.generate(prompt, { maxTokens: 12 }).result()).text;
    const alone: string[] = [];
    for (const prompt of PROMPTS) alone.push(await ask(prompt));
    assert.equal(new Set(alone).size, PROMPTS.length);
    assert.deepEqual(await Promise.all(PROMPTS.map(ask)), alone);
    assert.match(String(model), reason);
    await model.dispose();
  });
}
