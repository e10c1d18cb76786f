import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { Model, Tensor } from '../onnx/index.js';
import type { Chat } from './chat.js';
import { ChatBatch } from './chat-batch.js';

/** A chat that goes on until somebody ends it. */
const chatOf = (prompt: number, limit: number, token = 1) => ({
  prompt: new Array<number>(prompt).fill(token),
  mostTokens: prompt + limit,
  lastToken: token,
  isEnded: false,
  /** The tokens of its answer. */
  taken: 0,
  error: undefined as unknown,
  take() {
    this.taken += 1;
  },
  fail(error: unknown) {
    this.isEnded = true;
    this.error = error;
  },
});

/** A token for which the model of {@link batchOf} has no embedding. */
const UNKNOWN = 99n;

/** A batch of a model with keys of width 1. It notes rows and tokens of each run. */
function batchOf(maxRows: number) {
  const runs: (readonly [rows: number, tokens: number])[] = [];
  const floats = (...dims: number[]) => ({
    type: 'float32',
    dims,
    data: new Float32Array(dims.reduce((product, dim) => product * dim, 1)),
  });
  const run = async ({ input_ids: ids, attention_mask: mask }: Record<'input_ids' | 'attention_mask', Tensor>) => {
    if ((ids.data as BigInt64Array).includes(UNKNOWN)) throw new Error('no such token');
    const [rows, tokens] = mask.dims as [number, number];
    runs.push([rows, tokens]);
    return { logits: floats(rows, ids.dims[1] as number, 1), 'present.0.key': floats(rows, 1, tokens, 1) };
  };
  const names = ['input_ids', 'attention_mask', 'past_key_values.0.key'];
  const inputs = names.map((name) => ({ name, type: 'float32', shape: [1, 1, 'past', 1] }));
  const batch = new ChatBatch({ inputs, run } as unknown as Model, maxRows);
  return { runs, batch, add: (chat: object) => batch.add(chat as Chat) };
}

const until = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await setImmediate();
};

test('a chat waits while the batch has no room for it, and long ones take the room of several', async () => {
  const { runs, batch, add } = batchOf(4);
  const [first, second, short] = [chatOf(4000, 96), chatOf(300, 200), chatOf(10, 10)];
  for (const chat of [first, second, short]) add(chat);
  await until(() => runs.filter(([rows]) => rows > 1).length > 20);
  // Three rows could become 4,096 tokens long, and there is room for four of 2,048.
  assert.deepEqual([batch.active, batch.waiting], [2, 1]);
  const largest = Math.max(...runs.map(([rows, tokens]) => rows * tokens));
  assert.ok(largest <= 4 * 2048, `a run had ${largest} tokens`);
  first.isEnded = true;
  await until(() => batch.waiting === 0 && runs.at(-1)?.[0] === 2);
  second.isEnded = true;
  short.isEnded = true;
  await until(() => batch.active === 0);
});

test('a chat that is alone is answered, however long it is', async () => {
  const { runs, batch, add } = batchOf(2);
  const [long, short] = [chatOf(9000, 100), chatOf(10, 10)];
  add(long);
  add(short);
  await until(() => runs.length > 80);
  assert.deepEqual([batch.active, batch.waiting], [1, 1]);
  long.isEnded = true;
  await until(() => batch.waiting === 0 && batch.active === 1);
  short.isEnded = true;
  await until(() => batch.active === 0);
});

test('a prompt that the model cannot compute fails alone', async () => {
  const { batch, add } = batchOf(3);
  const [first, bad, waiting] = [chatOf(10, 100), chatOf(200, 100, Number(UNKNOWN)), chatOf(10, 100)];
  add(first);
  await until(() => first.taken > 2);
  for (const chat of [bad, waiting]) add(chat);
  await until(() => waiting.taken > 2);
  assert.deepEqual([batch.active, batch.waiting, first.error, waiting.error], [2, 0, undefined, undefined]);
  assert.match(String(bad.error), /no such token/);
  const before = first.taken;
  await until(() => first.taken > before + 2);
  first.isEnded = true;
  waiting.isEnded = true;
  await until(() => batch.active === 0);
});

test('if a run for all answers fails, they end, and the prompts that wait are answered', async () => {
  const { batch, add } = batchOf(2);
  const [first, second, waiting] = [chatOf(10, 100), chatOf(10, 100), chatOf(10, 100)];
  for (const chat of [first, second, waiting]) add(chat);
  await until(() => second.taken > 2);
  first.lastToken = Number(UNKNOWN);
  await until(() => waiting.taken > 2);
  assert.match(`${first.error} ${second.error}`, /no such token.* no such token/);
  assert.equal(waiting.error, undefined);
  waiting.isEnded = true;
  await until(() => batch.active === 0);
});
