import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aboutInput, collectStart, defineError, NbserveError } from '../core/index.js';
import type { EncoderModel, TextModel } from '../text/index.js';
import { openaiApi } from './openai-api.js';

const Strange = defineError('NBS_TEST_STRANGE', 422, 'strange: {what}');
const secret = () => Strange({ what: '/home/someone/model' });

const chats = (generate: () => unknown) => ({ generate }) as unknown as TextModel;
const failing = async function* () {
  yield 'begin';
  throw new Error('/home/someone/model is gone');
};
let begun = 0;
let left = 0;
const api = openaiApi({
  chat: {
    broken: chats(() => ({ [Symbol.asyncIterator]: failing, result: () => new Promise(() => {}) })),
    lazy: chats(() => ({
      result: async () => {
        begun += 1;
      },
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise(() => {}),
        return: async () => {
          left += 1;
          return { done: true };
        },
      }),
    })),
    full: chats(() => {
      throw new NbserveError({ code: 'NBS_TOO_MANY_CHATS', status: 503, message: '64 prompts wait' });
    }),
    refusing: chats(() => {
      throw aboutInput(Strange({ what: 'a' }));
    }),
    misplaced: chats(() => {
      throw secret();
    }),
  },
  embeddings: {
    broken: {
      embed: async ([value]: readonly string[]) => ({ embeddings: [Float32Array.of(1, Number(value))], tokens: 1 }),
      checkEmbeds() {},
    } as unknown as EncoderModel,
    refusing: {
      embed: async () => {
        throw aboutInput(Strange({ what: 'b' }));
      },
      checkEmbeds() {},
    } as unknown as EncoderModel,
  },
});
// A replica adds what a request of nbserve has more than one of the web.
const ask = (path: string, init?: RequestInit) => api(new Request(`http://here/${path}`, init) as Parameters<typeof api>[0]);
const post = (path: string, body: object) => ask(path, { method: 'POST', body: JSON.stringify(body) });
const chat = (body: object) => post('v1/chat/completions', { messages: [{ role: 'user', content: 'a' }], ...body });
const errorOf = async (response: Response) => ((await response.json()) as { error: Record<string, unknown> }).error;

test('the route of the application may have a part v1', async () => {
  for (const route of ['', 'v1/llm/', 'api/v1/']) assert.equal((await ask(`${route}v1/models`)).status, 200, route);
  assert.equal((await ask('v1/llm/v1/models/broken/')).status, 200);
  assert.equal((await ask('v1/llm')).status, 404);
});

test('an error about what was sent names the parameter that holds it', async () => {
  const ofChat = await errorOf(await chat({ model: 'refusing' }));
  assert.deepEqual([ofChat.code, ofChat.param], ['NBS_TEST_STRANGE', 'messages']);
  const ofTexts = await errorOf(await post('v1/embeddings', { model: 'refusing', input: 'a' }));
  assert.deepEqual([ofTexts.code, ofTexts.param], ['NBS_TEST_STRANGE', 'input']);
});

test('an embedding with a number that is not finite is an error in both forms, and not null', async () => {
  const ask = (value: number, format: string) =>
    post('v1/embeddings', { model: 'broken', input: [String(value)], encoding_format: format });
  for (const format of ['float', 'base64']) {
    for (const value of [Number.NaN, Number.NEGATIVE_INFINITY])
      await assert.rejects(ask(value, format), { code: 'NBS_EMBEDDING_NOT_IN_JSON', status: 500 });
    assert.equal((await ask(2, format)).status, 200);
  }
});

test('the start asks each model whether it makes embeddings', async () => {
  let asked = 0;
  const model = {
    checkEmbeds: () => {
      asked += 1;
    },
  } as unknown as EncoderModel;
  const started: Promise<unknown>[] = [];
  const stop = collectStart((_, work) => started.push(work));
  openaiApi({ embeddings: { now: model, later: Promise.resolve(model) } });
  stop();
  await Promise.all(started);
  assert.deepEqual([started.length, asked], [2, 2]);
});

test('an error that is not about what was sent is not told', async () => {
  await assert.rejects(chat({ model: 'misplaced' }), { code: 'NBS_TEST_STRANGE' });
  const response = await chat({ model: 'broken', stream: true });
  let text = '';
  const read = async () => {
    for await (const bytes of response.body as unknown as AsyncIterable<Uint8Array>) text += new TextDecoder().decode(bytes);
  };
  // The server gets the whole error.
  await assert.rejects(read(), /someone/);
  assert.match(text, /"content":"begin"[\s\S]*"code":"generation_failed"/);
  assert.doesNotMatch(text, /someone/);
});

test('a chat for which there is no room is a 503 of OpenAI, and a stream has begun when its status is sent', async () => {
  for (const stream of [false, true]) {
    const response = await chat({ model: 'full', stream });
    assert.deepEqual([response.status, response.headers.get('retry-after')], [503, '1']);
    assert.deepEqual(await errorOf(response), {
      message: '64 prompts wait',
      type: 'server_error',
      param: null,
      code: 'NBS_TOO_MANY_CHATS',
    });
  }
  const { status, body } = await chat({ model: 'lazy', stream: true });
  assert.deepEqual([status, begun, left], [200, 1, 0]);
  await body?.cancel();
  assert.equal(left, 1, 'it ends if nobody has read it');
});

test('a bias of tokens is refused, unless it asks for nothing', async () => {
  const { param } = await errorOf(await chat({ model: 'refusing', logit_bias: { 50256: -100 } }));
  assert.equal(param, 'logit_bias');
  assert.equal((await errorOf(await chat({ model: 'refusing', logit_bias: {} }))).param, 'messages');
});

test('HEAD is answered as GET, and a refused method gets those that are taken', async () => {
  for (const path of ['v1/models', 'v1/models/broken']) {
    assert.equal((await ask(path, { method: 'HEAD' })).status, 200, path);
    const refused = await ask(path, { method: 'DELETE' });
    assert.deepEqual([refused.status, refused.headers.get('allow')], [405, 'GET, HEAD'], path);
  }
  const refused = await ask('v1/chat/completions');
  assert.deepEqual([refused.status, refused.headers.get('allow')], [405, 'POST']);
});

test('slashes at the end of a path change nothing, and a path of many slashes is looked up in linear time', async () => {
  for (const path of ['v1/models//', 'v1/models/broken//', 'below/v1/models/broken'])
    assert.equal((await ask(path)).status, 200, path);
  for (const path of [`v1/models/${'/'.repeat(1_000_000)}x`, `v1/${'/'.repeat(1_000_000)}x`])
    assert.equal((await ask(path)).status, 404);
});

test('a body that is too large is refused before it is read', async () => {
  const headers = { 'content-length': String(2 ** 30) };
  const refused = await ask('v1/chat/completions', { method: 'POST', headers, body: '{}' });
  assert.deepEqual([refused.status, (await errorOf(refused)).code], [413, 'NBS_REQUEST_TOO_LARGE']);
});
