// Measures the chat model of the lessons in one process: tokens per second of one chat and of four at a time, and the time to the first token, compared with transformers.js on the same file.
import { spawnSync } from 'node:child_process';
import { basename, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { datasetPath } from 'nbserve/data';
import { loadTextModel } from 'nbserve/text';
import { median, pairedRounds, ratioOf } from './harness/rounds.mjs';
import { transformers } from './peers/transformers.mjs';

const NAME = 'smollm2-135m-instruct';
const TOKENS = 32;
/** Each is answered with more than TOKENS tokens. */
const QUESTIONS = [
  'Write a short poem about the sea.',
  'Explain why the sky is blue.',
  'Tell me a story about a brave knight.',
  'Describe a city in the year 3000.',
];

/** @param {(questions: string[], onToken: () => void) => Promise<number>} answer returns how many tokens came */
async function measure(answer) {
  const rate = async (questions) => {
    const begun = performance.now();
    let firstMs;
    const tokens = await answer(questions, () => {
      firstMs ??= performance.now() - begun;
    });
    return { perSecond: tokens / ((performance.now() - begun) / 1000), firstMs };
  };
  const { perSecond: one, firstMs } = await rate(QUESTIONS.slice(0, 1));
  const { perSecond: four } = await rate(QUESTIONS);
  return { one, four, firstMs };
}

export async function run({ rounds }) {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  spawnSync(process.execPath, ['lib/bin/nbserve.js', 'assets', 'fetch', NAME], { cwd: root, stdio: 'inherit' });
  const folder = datasetPath(NAME, { from: root });
  const model = await loadTextModel(folder);
  const { env, pipeline, TextStreamer } = await transformers();
  env.allowRemoteModels = false;
  env.localModelPath = dirname(folder);
  const peer = await pipeline('text-generation', basename(folder), { dtype: 'fp32', device: 'cpu' });

  const ours = () =>
    measure(async (questions, onToken) => {
      const counts = questions.map(async (question) => {
        const generation = model.generate(question, { maxTokens: TOKENS });
        for await (const _ of generation) onToken();
        return (await generation.result()).completionTokens;
      });
      return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
    });
  // A pipeline answers one chat after the other, as a program does that uses transformers.js alone.
  const theirs = () =>
    measure(async (questions, onToken) => {
      let tokens = 0;
      for (const content of questions) {
        const streamer = new TextStreamer(peer.tokenizer, {
          skip_prompt: true,
          callback_function: onToken,
          token_callback_function: (ids) => {
            tokens += ids.length;
          },
        });
        await peer([{ role: 'user', content }], { max_new_tokens: TOKENS, do_sample: false, streamer });
      }
      return tokens;
    });
  try {
    await ours();
    await theirs();
    const found = await pairedRounds(rounds, { ours, theirs });
    const row = (name, key, unit, aim) => ({
      name,
      ours: `${median(found.ours.map((each) => each[key])).toFixed(1)} ${unit}`,
      peer: `transformers.js ${median(found.theirs.map((each) => each[key])).toFixed(1)} ${unit}`,
      ratio: ratioOf(
        found.ours.map((each) => each[key]),
        found.theirs.map((each) => each[key]),
      ),
      ...(aim === undefined ? {} : { aim }),
    });
    return [
      row('one chat', 'one', 'tokens/s', { atLeast: 0.95 }),
      row('four chats at a time', 'four', 'tokens/s', { atLeast: 1.8 }),
      row('time to the first text of one chat', 'firstMs', 'ms'),
    ];
  } finally {
    await model.dispose();
    await peer.dispose();
  }
}
