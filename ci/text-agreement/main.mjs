// `npm run text-agreement`: generates answers to 200 prompts with nbserve/text, eight at a time, and with transformers.js, one at a time, from the same files, always with the most likely token.
// It prints how many tokens of the prompts and of the answers agree, and fails if the share of answers is below LEAST. Options: --only <number of prompts> · --tokens <of each answer>
import { spawnSync } from 'node:child_process';
import { basename, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { datasetPath } from 'nbserve/data';
import { loadTextModel } from 'nbserve/text';
import { transformers } from '../bench/peers/transformers.mjs';
import { prompts } from './prompts.mjs';

const NAME = 'smollm2-135m-instruct';
/** Two sums of the same numbers in another order can exchange two tokens that are equally likely. */
const LEAST = 0.99;
const CHATS = 8;

const { values } = parseArgs({
  options: { only: { type: 'string', default: String(prompts.length) }, tokens: { type: 'string', default: '12' } },
});
const asked = prompts.slice(0, Number(values.only));
const maxTokens = Number(values.tokens);

const root = fileURLToPath(new URL('../..', import.meta.url));
spawnSync(process.execPath, ['lib/bin/nbserve.js', 'assets', 'fetch', NAME], { cwd: root, stdio: 'inherit' });
const folder = datasetPath(NAME, { from: root });

/** @returns {Promise<{ text: string, promptTokens: number, completionTokens: number }[]>} */
async function ours() {
  const model = await loadTextModel(folder, { maxBatchSize: CHATS, maxWaiting: asked.length });
  const answers = await Promise.all(asked.map((prompt) => model.generate(prompt, { maxTokens }).result()));
  await model.dispose();
  return answers;
}

/** @returns {Promise<{ prompt: number[], answer: number[], textOf: (tokens: number[]) => string }[]>} */
async function theirs() {
  const { AutoModelForCausalLM, AutoTokenizer, env } = await transformers();
  env.allowRemoteModels = false;
  env.localModelPath = dirname(folder);
  const name = basename(folder);
  const tokenizer = await AutoTokenizer.from_pretrained(name);
  const model = await AutoModelForCausalLM.from_pretrained(name, { dtype: 'fp32', device: 'cpu' });
  const answers = [];
  for (const prompt of asked) {
    const messages = typeof prompt === 'string' ? [{ role: 'user', content: prompt }] : prompt;
    const inputs = tokenizer.apply_chat_template(messages, { add_generation_prompt: true, return_dict: true });
    const before = inputs.input_ids.dims[1];
    const output = await model.generate({ ...inputs, max_new_tokens: maxTokens, do_sample: false });
    const all = [...output.data].map(Number);
    answers.push({
      prompt: all.slice(0, before),
      answer: all.slice(before),
      textOf: (tokens) => tokenizer.decode(tokens, { skip_special_tokens: true }),
    });
  }
  await model.dispose();
  return answers;
}

const [mine, peer] = [await ours(), await theirs()];
let [samePrompts, same, all, whole] = [0, 0, 0, 0];
for (const [i, { text, promptTokens, completionTokens }] of mine.entries()) {
  const { prompt, answer, textOf } = peer[i];
  if (promptTokens === prompt.length) samePrompts += 1;
  else
    console.log(`the prompt has ${promptTokens} tokens, and with transformers.js ${prompt.length}: ${JSON.stringify(asked[i])}`);
  const expected = textOf(answer);
  // Both are cut at the same number of tokens, which can be in the middle of a character.
  const isSame = text === expected && completionTokens === answer.length;
  let agreed = answer.length;
  if (!isSame) while (agreed > 0 && !text.startsWith(textOf(answer.slice(0, agreed)))) agreed -= 1;
  if (!isSame && agreed === answer.length) agreed -= 1;
  all += answer.length;
  same += agreed;
  if (isSame) whole += 1;
  else
    console.log(
      `differs after ${agreed} tokens: ${JSON.stringify(asked[i])}\n  nbserve         ${JSON.stringify(text)}\n  transformers.js ${JSON.stringify(expected)}`,
    );
}
const percent = (part, of) => `${((part / of) * 100).toFixed(2)} %`;
console.log(`prompts with the same number of tokens: ${samePrompts} of ${asked.length}`);
console.log(`answers that are the same to the end: ${whole} of ${asked.length}`);
console.log(`next tokens that agree: ${same} of ${all}, ${percent(same, all)}`);
if (samePrompts < asked.length || same / all < LEAST) process.exitCode = 1;
