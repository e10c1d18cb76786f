import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { Model } from '../onnx/index.js';
import { parseModelOptions } from './options.js';
import { TextModel } from './text-model.js';
import { Tokenizer } from './tokenizer.js';

const { wordPieces } = JSON.parse(readFileSync(new URL('../../test/fixtures/tokenizers.json', import.meta.url), 'utf8')) as {
  readonly wordPieces: { readonly tokenizer: object; readonly config: Readonly<Record<string, unknown>> };
};

/** A language model whose runs do not end. */
function stuck(options: object, config = wordPieces.config) {
  let runs = 0;
  const inputs = [{ name: 'past_key_values.0.key', type: 'float32', shape: [1, 1, 'past', 1] }];
  const run = () => {
    runs += 1;
    return new Promise(() => {});
  };
  const tokenizer = new Tokenizer({ folder: 'test', ...wordPieces, config });
  const model = new TextModel('test', tokenizer, { inputs, run } as unknown as Model, parseModelOptions('test', options));
  return { model, runs: () => runs };
}

test('as many prompts wait as may, and one more is refused', async () => {
  const { model } = stuck({ maxBatchSize: 2, maxWaiting: 3 });
  const begun: Promise<unknown>[] = [];
  // Two have room in the batch; they may come in the same moment.
  for (let i = 0; i < 5; i += 1) begun.push(model.generate('a').result());
  assert.throws(() => model.generate('a'), { code: 'NBS_TOO_MANY_CHATS', status: 503, message: /^3 prompts wait/ });
  await setImmediate();
  await setImmediate();
  assert.deepEqual(model.load, { active: 1, waiting: 4 });
  assert.throws(() => model.generate('a'), { code: 'NBS_TOO_MANY_CHATS' });
});

test('long prompts for which the batch has no room wait too', async () => {
  const { model } = stuck({ maxBatchSize: 4, maxWaiting: 0 }, { ...wordPieces.config, model_max_length: 8192 });
  for (let i = 0; i < 2; i += 1) void model.generate('a', { maxTokens: 4000 }).result();
  await setImmediate();
  assert.throws(() => model.generate('a', { maxTokens: 4000 }), { code: 'NBS_TOO_MANY_CHATS' });
});

test('without a place to wait, an idle model still answers', async () => {
  const { model } = stuck({ maxBatchSize: 1, maxWaiting: 0 });
  const [first, second] = [model.generate('a'), model.generate('a')];
  void first.result();
  await assert.rejects(second.result(), { code: 'NBS_TOO_MANY_CHATS' });
});

test('a chat that has ended has given its place to the next', async () => {
  const { model } = stuck({ maxBatchSize: 1, maxWaiting: 0 });
  const controller = new AbortController();
  const first = model.generate('a', { signal: controller.signal }).result();
  await setImmediate();
  controller.abort();
  await assert.rejects(first);
  assert.deepEqual(model.load, { active: 0, waiting: 0 });
  void model.generate('a').result();
});

test('who stops to wait for a piece takes the prompt with him', async () => {
  const { model } = stuck({ maxBatchSize: 1 });
  void model.generate('a').result();
  const queued = model.generate('b')[Symbol.asyncIterator]();
  const piece = queued.next();
  await setImmediate();
  await setImmediate();
  assert.equal(model.load.waiting, 1);
  await queued.return(undefined as never);
  assert.equal(model.load.waiting, 0);
  assert.deepEqual(await piece, { value: undefined, done: true });
});

test('more messages than the context has tokens are refused before they become tokens, also without text', () => {
  const { model } = stuck({ contextLength: 16 });
  const messages = Array.from({ length: 17 }, (_, i) => ({ role: 'user' as const, content: i === 0 ? 'a' : '' }));
  assert.throws(() => model.generate(messages), { code: 'NBS_PROMPT_TOO_LONG', message: /17 messages/ });
  void model.generate(messages.slice(0, 9));
});
