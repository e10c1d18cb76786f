import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { embed, generateText, streamText } from 'ai';
import { serve } from 'nbserve';
import OpenAI, { APIError } from 'openai';
import { modelFolder } from '../fixtures/chat-model.js';
import { Api } from '../fixtures/openai-apps.js';
import { until } from '../fixtures/wait.js';

const [chat, encoder] = [modelFolder('smollm2-135m-instruct'), modelFolder('minilm-l6-v2')];
const skip = chat.skip || encoder.skip;
const QUESTION = [{ role: 'user', content: 'What is the capital of France?' }] as const;
const ANSWER = 'The capital of France is Paris.';

const run = () => serve.run(Api.bind({ chat: chat.folder, encoder: encoder.folder }), { name: 'api', routePrefix: '/openai' });
let api: Awaited<ReturnType<typeof run>>;
let baseURL = '';
let client: OpenAI;

before(async () => {
  if (skip !== false) return;
  api = await run();
  baseURL = `${api.url}/v1`;
  client = new OpenAI({ baseURL, apiKey: 'none', maxRetries: 0 });
});
after(() => serve.shutdown());

test("OpenAI's client for Node: answers, streams, models and embeddings", { skip }, async () => {
  const answer = await client.chat.completions.create({ model: 'smollm2', messages: [...QUESTION] });
  assert.equal(answer.choices[0]?.message.content, ANSWER);
  assert.equal(answer.choices[0]?.finish_reason, 'stop');
  assert.equal(answer.usage?.total_tokens, (answer.usage?.prompt_tokens ?? 0) + (answer.usage?.completion_tokens ?? 0));

  const chunks = [];
  const options = { stream: true, stream_options: { include_usage: true } } as const;
  for await (const chunk of await client.chat.completions.create({ model: 'smollm2', messages: [...QUESTION], ...options }))
    chunks.push(chunk);
  assert.equal(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join(''), ANSWER);
  assert.deepEqual(chunks.at(-1)?.usage, answer.usage);
  assert.ok(chunks.length > 5);

  const { data } = await client.models.list();
  assert.deepEqual(
    data.map(({ id }) => id),
    ['smollm2', 'minilm'],
  );
  assert.equal((await client.models.retrieve('minilm')).id, 'minilm');

  // The client asks for base64 by itself.
  const texts = ['A man is eating food.', 'A man is eating a piece of bread.', 'The girl is carrying a baby.'];
  const vectors = (await client.embeddings.create({ model: 'minilm', input: texts })).data.map(({ embedding }) => embedding);
  const product = (a: number[], b: number[]) => a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);
  const [food, bread, baby] = vectors as [number[], number[], number[]];
  // These are the values of sentence-transformers.
  assert.ok(Math.abs(product(food, bread) - 0.7553) < 1e-3 && Math.abs(product(food, baby) + 0.105) < 1e-3);
});

test('an encoder that is not there fails the start', { skip }, async () => {
  const app = Api.bind({ chat: chat.folder, encoder: '/nowhere' });
  await assert.rejects(serve.run(app, { name: 'gone', routePrefix: '/gone' }), /NBS_TEXT_MODEL_NOT_FOUND|\/nowhere/);
  await serve.delete('gone');
});

test('stop, seed, max_tokens and the parts of a message are heeded', { skip }, async () => {
  const ask = (options: object) => client.chat.completions.create({ model: 'smollm2', messages: [...QUESTION], ...options });
  const stopped = await ask({ stop: [' Paris'] });
  assert.equal(stopped.choices[0]?.message.content, 'The capital of France is');
  const short = await ask({ max_completion_tokens: 2 });
  assert.deepEqual([short.choices[0]?.finish_reason, short.usage?.completion_tokens], ['length', 2]);
  const warm = async (seed: number) => (await ask({ temperature: 1.5, seed, max_tokens: 16 })).choices[0]?.message.content;
  assert.equal(await warm(3), await warm(3));
  const content = [{ type: 'text', text: QUESTION[0].content }];
  assert.equal((await ask({ messages: [{ role: 'user', content }] })).choices[0]?.message.content, ANSWER);
});

test('what is wrong has a status, a code and the name of the parameter', { skip }, async () => {
  const fails = async (body: object): Promise<unknown[]> => {
    try {
      await client.chat.completions.create({ model: 'smollm2', messages: [...QUESTION], ...body } as never);
      return ['no error'];
    } catch (error) {
      assert.ok(error instanceof APIError, String(error));
      return [error.status, error.code, error.param];
    }
  };
  const invalid = (param: string) => [400, 'invalid_value', param];
  assert.deepEqual(await fails({ model: 'gpt' }), [404, 'model_not_found', 'model']);
  assert.deepEqual(await fails({ model: 'minilm' }), [404, 'model_not_found', 'model']);
  assert.deepEqual(await fails({ model: 'constructor' }), [404, 'model_not_found', 'model']);
  assert.deepEqual(await fails({ messages: [] }), invalid('messages'));
  assert.deepEqual(await fails({ messages: [{ role: 'user', content: ' ' }] }), [422, 'NBS_PROMPT_EMPTY', 'messages']);
  assert.deepEqual(await fails({ messages: [{ role: 'tool', content: 'a' }] }), invalid('messages[0].role'));
  assert.deepEqual(
    await fails({ messages: [{ role: 'user', content: [{ type: 'image_url' }] }] }),
    invalid('messages[0].content'),
  );
  assert.deepEqual(await fails({ temperature: 3 }), invalid('temperature'));
  assert.deepEqual(await fails({ max_tokens: 0 }), invalid('max_tokens'));
  assert.deepEqual(await fails({ stop: '' }), invalid('stop'));
  assert.deepEqual(await fails({ n: 2 }), invalid('n'));
  assert.deepEqual(await fails({ tools: [{ type: 'function' }] }), invalid('tools'));
  for (const format of [{ type: 'json_schema', json_schema: {} }, { type: 'xml' }, 'json'])
    assert.deepEqual(await fails({ response_format: format }), invalid('response_format'));
  const long = [{ role: 'user', content: 'word '.repeat(9000) }];
  assert.deepEqual(await fails({ messages: long }), [400, 'context_length_exceeded', 'messages']);

  const status = async (path: string, init?: RequestInit) => (await fetch(`${baseURL}/${path}`, init)).status;
  assert.equal(await status('chat/completions', { method: 'POST', body: 'no json' }), 400);
  assert.equal(await status('chat/completions', { method: 'POST', body: '[]' }), 400);
  assert.equal(await status('chat/completions'), 405);
  assert.equal(await status('models/nothing'), 404);
  assert.equal(await status('nothing'), 404);
  assert.equal(await status('embeddings', { method: 'POST', body: '{"model":"minilm","input":""}' }), 400);
  const tooMany = JSON.stringify({ model: 'minilm', input: Array.from({ length: 2049 }, () => 'a') });
  assert.equal(await status('embeddings', { method: 'POST', body: tooMany }), 400);
});

test('with json_object, any answer is JSON, whatever the question and the chance are', { skip }, async () => {
  for (const [content, temperature] of [
    ['Give the capital of France as JSON with the key capital.', 0],
    ['Write a short poem about the sea.', 1],
    ['Count to five.', 1.5],
  ] as const) {
    const answer = await client.chat.completions.create({
      model: 'smollm2',
      messages: [{ role: 'user', content }],
      response_format: { type: 'json_object' },
      max_tokens: 300,
      temperature,
      seed: 7,
    });
    const [choice] = answer.choices;
    const text = choice?.message.content ?? '';
    if (choice?.finish_reason === 'length') assert.match(text, /^\{/);
    else assert.equal(typeof JSON.parse(text), 'object', text);
  }
});

test('a client that leaves in mid-stream ends its answer', { skip }, async () => {
  const controller = new AbortController();
  const stream = await client.chat.completions.create(
    { model: 'smollm2', messages: [{ role: 'user', content: 'Tell me a long story.' }], max_tokens: 4000, stream: true },
    { signal: controller.signal },
  );
  for await (const chunk of stream) if (chunk.choices[0]?.delta.content) break;
  controller.abort();
  await until(async () => (await api.load.remote()).active === 0);
});

test("the AI SDK's provider answers, streams and embeds", { skip }, async () => {
  const provider = createOpenAICompatible({ name: 'nbserve', baseURL });
  const model = provider('smollm2');
  const { text, usage } = await generateText({ model, prompt: QUESTION[0].content });
  assert.equal(text, ANSWER);
  assert.ok((usage.outputTokens ?? 0) > 0);
  let streamed = '';
  for await (const piece of streamText({ model, prompt: QUESTION[0].content }).textStream) streamed += piece;
  assert.equal(streamed, ANSWER);
  const { embedding } = await embed({ model: provider.textEmbeddingModel('minilm'), value: 'hello' });
  assert.equal(embedding.length, 384);
});

test("OpenAI's client for Python", { skip }, async (t) => {
  const { openaiPython } = (await import(new URL('../../../ci/openai-python.mjs', import.meta.url).href)) as {
    openaiPython(): string;
  };
  let python: string;
  try {
    python = openaiPython();
  } catch (error) {
    t.skip(`Python with OpenAI's client cannot be set up: ${(error as Error).message}`);
    return;
  }
  const script = fileURLToPath(new URL('../../test/fixtures/openai-client.py', import.meta.url));
  const { stdout, stderr } = spawnSync(python, [script, baseURL], { encoding: 'utf8' });
  assert.equal(stderr, '');
  const { total, streamedTotal, ...seen } = JSON.parse(stdout) as Record<string, unknown>;
  assert.equal(total, streamedTotal);
  assert.deepEqual(seen, {
    models: ['smollm2', 'minilm'],
    content: ANSWER,
    finish: 'stop',
    streamed: ANSWER,
    embedding: 384,
    unknown: 'model_not_found',
    empty: 'invalid_value',
  });
});
