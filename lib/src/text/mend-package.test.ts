import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Tokenizer as HubTokenizer } from '@huggingface/tokenizers';
import { mendPackage } from './mend-package.js';
import { Tokenizer } from './tokenizer.js';

/** Made by ci/datasets/tokenizer-sheet.py with Hugging Face's tokenizers for Python. */
const sheet = JSON.parse(readFileSync(new URL('../../test/fixtures/pre-tokenizers.json', import.meta.url), 'utf8')) as {
  readonly texts: readonly string[];
  readonly preTokenizers: readonly { readonly config: object; readonly pieces: readonly (readonly string[])[] }[];
  readonly normalizers: readonly { readonly config: object; readonly texts: readonly string[] }[];
};

const fileOf = (parts: object) => ({
  model: { type: 'BPE', vocab: { a: 0 }, merges: [] },
  decoder: null,
  post_processor: null,
  pre_tokenizer: null,
  normalizer: null,
  added_tokens: [],
  ...parts,
});
const mended = (parts: object): HubTokenizer => {
  const file = fileOf(parts);
  const tokenizer = new HubTokenizer(file, {});
  mendPackage(tokenizer, file);
  return tokenizer;
};

test('texts are divided as by the pre-tokenizers of Python', () => {
  for (const { config, pieces } of sheet.preTokenizers) {
    const { pre_tokenizer: divide } = mended({ pre_tokenizer: config });
    for (const [i, text] of sheet.texts.entries()) {
      if (text === '') continue;
      const found = divide?.(text, { section_index: 0 });
      assert.deepEqual(found, pieces[i], `${JSON.stringify(config)} ${JSON.stringify(text)}`);
    }
  }
});

test('texts are changed as by the normalizers of Python', () => {
  for (const { config, texts } of sheet.normalizers) {
    const { normalizer: change } = mended({ normalizer: config });
    for (const [i, text] of sheet.texts.entries())
      assert.equal(change?.(text), texts[i], `${JSON.stringify(config)} ${JSON.stringify(text)}`);
  }
});

test('what cannot be done as by Python is refused', () => {
  const load = (parts: object) => new Tokenizer({ folder: 'test', tokenizer: fileOf(parts), config: {} });
  const refused = (reason: RegExp) => ({ code: 'NBS_TEXT_MODEL_INVALID', message: reason });
  const split = { type: 'Split', pattern: { Glob: '*' }, behavior: 'Isolated', invert: false };
  assert.throws(() => load({ pre_tokenizer: split }), refused(/pattern of its pre-tokenizer Split is of an unknown kind/));
  const model = { type: 'BPE', vocab: {}, merges: [], continuing_subword_prefix: '##' };
  assert.throws(() => load({ model }), refused(/continuing_subword_prefix, which cannot be used/));
  load({ model: { ...model, continuing_subword_prefix: null } });
});
