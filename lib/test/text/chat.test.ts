import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { serve } from 'nbserve';
import { Chat } from '../fixtures/chat-apps.js';
import { chatModel } from '../fixtures/chat-model.js';
import { until } from '../fixtures/wait.js';

interface Answer {
  readonly question: string;
  readonly promptTokens: number;
  readonly tokens: number;
  readonly answer: string;
}
/** Made by ci/datasets/llama-reference.py. */
const sheet = JSON.parse(
  readFileSync(new URL('../../test/fixtures/chat-sheet.json', import.meta.url), 'utf8'),
) as readonly Answer[];

const { folder, skip } = chatModel();
const run = () => serve.run(Chat.bind(folder), { name: 'chat', routePrefix: '/chat' });
let chat: Awaited<ReturnType<typeof run>>;
const post = (body: unknown, signal?: AbortSignal) =>
  fetch(chat.url, { method: 'POST', body: JSON.stringify(body), ...(signal === undefined ? {} : { signal }) });

before(async () => {
  if (skip === false) chat = await run();
});
after(() => serve.shutdown());

test('answers at a time are those of the float reference', { skip }, async () => {
  const answers = await Promise.all(
    sheet.map(async ({ question }) => ({ question, ...(await chat.result.remote(question, { maxTokens: 16 })) })),
  );
  assert.deepEqual(
    answers.map(({ question, text, promptTokens, completionTokens }) => ({
      question,
      promptTokens,
      tokens: completionTokens,
      answer: text,
    })),
    sheet,
  );
  assert.match(answers[0]?.text ?? '', /Paris/);
});

test('text comes in pieces, over HTTP and by handle, and they make up the answer', { skip }, async () => {
  const { answer } = sheet[0] as Answer;
  const pieces: string[] = [];
  for await (const piece of chat.chat.remote('What is the capital of France?')) pieces.push(piece);
  assert.ok(pieces.length > 3, pieces.join('|'));
  assert.equal(pieces.join(''), answer);
  assert.equal(await (await post({ prompt: 'What is the capital of France?' })).text(), answer);
});

test('stop texts, the number of tokens and the seed do what they say', { skip }, async () => {
  const ask = (options: Parameters<typeof chat.result.remote>[1]) =>
    chat.result.remote('What is the capital of France?', options);
  const { text: untilParis, finishReason } = await ask({ stop: ' is' });
  assert.deepEqual({ untilParis, finishReason }, { untilParis: 'The capital of France', finishReason: 'stop' });
  const two = await ask({ maxTokens: 2 });
  assert.deepEqual([two.finishReason, two.completionTokens, two.text], ['length', 2, 'The capital']);
  const warm = (seed: number) =>
    chat.result.remote('Write a short poem.', { temperature: 1.2, topP: 0.95, seed, maxTokens: 24 }).then(({ text }) => text);
  const [first, again, other] = await Promise.all([warm(1), warm(1), warm(2)]);
  assert.equal(first, again);
  assert.notEqual(first, other);
});

test('prompts that cannot be answered get coded 4xx', { skip }, async () => {
  const long = 'word '.repeat(9000);
  const cases = [
    [{ prompt: '' }, 422, 'NBS_PROMPT_EMPTY'],
    [{ prompt: ' \n' }, 422, 'NBS_PROMPT_EMPTY'],
    [{ prompt: [] }, 422, 'NBS_PROMPT_EMPTY'],
    [{ prompt: 7 }, 422, 'NBS_MESSAGES_INVALID'],
    [{ prompt: null }, 422, 'NBS_MESSAGES_INVALID'],
    [{ prompt: [{ role: 'king', content: 'a' }] }, 422, 'NBS_MESSAGES_INVALID'],
    [{ prompt: [{ role: 'user' }] }, 422, 'NBS_MESSAGES_INVALID'],
    [{ prompt: long }, 413, 'NBS_PROMPT_TOO_LONG'],
    // To make tokens of such a word would take longer than the controller lets a replica be blocked.
    [{ prompt: 'a'.repeat(3_000_000) }, 413, 'NBS_PROMPT_TOO_LONG'],
  ] as const;
  for (const [body, status, code] of cases) {
    const response = await post(body);
    const text = await response.text();
    assert.deepEqual([response.status, text.includes(code)], [status, true], text.slice(0, 200));
  }
  assert.match(await (await post({ prompt: long })).text(), /9\d\d\d tokens, and the context of the model has 8192/);
});

test('fifty clients that leave in mid-stream take nothing with them', { skip }, async () => {
  const idle = () => until(async () => (await chat.load.remote()).active === 0);
  const leave = async () => {
    const controller = new AbortController();
    const response = await post({ prompt: 'Tell me a long story.', maxTokens: 500 }, controller.signal);
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    await reader.read();
    controller.abort();
    await reader.read().catch(() => {});
  };
  const round = async (clients: number) => {
    for (let i = 0; i < clients; i += 10) await Promise.all(Array.from({ length: 10 }, leave));
    await idle();
    return chat.load.remote();
  };
  const before = await round(10);
  const afterwards = await round(50);
  assert.equal(afterwards.pid, before.pid, 'the replica was replaced');
  assert.equal(afterwards.waiting, 0);
  const grown = (afterwards.rss - before.rss) / 1e6;
  assert.ok(grown < 75, `memory grew by ${Math.round(grown)} MB`);
  assert.match((await chat.result.remote('What is the capital of France?')).text, /Paris/);
});

test('a caller that leaves before the first piece takes its prompt along, without a signal', { skip }, async () => {
  const leave = Array.from({ length: 12 }, () => {
    const pieces = chat.chat.remote('Tell me a very long story.', { maxTokens: 4000 })[Symbol.asyncIterator]();
    void pieces.next().catch(() => {});
    return () => pieces.return?.();
  });
  await until(async () => (await chat.load.remote()).waiting > 0);
  for (const each of leave) void each();
  await until(async () => {
    const { active, waiting } = await chat.load.remote();
    return active + waiting === 0;
  });
});

test('prompts that are refused leave no memory behind', { skip }, async () => {
  const round = async (count: number) => {
    for (let i = 0; i < count; i += 1) {
      assert.equal((await post({ prompt: '' })).status, 422);
      assert.equal((await post({ prompt: 'word '.repeat(9000) })).status, 413);
      assert.equal((await post({ prompt: 'a'.repeat(1_000_000) })).status, 413);
    }
    return chat.load.remote();
  };
  const before = await round(5);
  const afterwards = await round(40);
  assert.equal(afterwards.pid, before.pid, 'the replica was replaced');
  const grown = (afterwards.rss - before.rss) / 1e6;
  assert.ok(grown < 150, `memory grew by ${Math.round(grown)} MB`);
});
