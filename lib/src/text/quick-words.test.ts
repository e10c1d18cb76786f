import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Tokenizer as HubTokenizer } from '@huggingface/tokenizers';
import { quickenWords } from './quick-words.js';

const { tokenizers: _version, ...sheets } = JSON.parse(
  readFileSync(new URL('../../test/fixtures/tokenizers.json', import.meta.url), 'utf8'),
) as Readonly<
  Record<string, { readonly tokenizer: object; readonly config: object; readonly cases: readonly { text: unknown }[] }>
>;

/** The same numbers in each run, from 0 to `below`. */
function* chance(below: number): Generator<number> {
  for (let state = 1; ; state = (state * 48271) % 2147483647) yield state % below;
}

for (const [name, { tokenizer, config, cases }] of Object.entries(sheets)) {
  const [ours, ofPackage] = [new HubTokenizer(tokenizer, config), new HubTokenizer(tokenizer, config)];
  quickenWords(ours);

  test(`${name}: words of all lengths and scripts have the tokens that the package makes`, () => {
    const texts = cases.flatMap(({ text }) => text as string);
    const letters = [...new Set(['\u{1F600}', '中', 'ส', '\u0301', ...Array.from(texts.join(''))])].filter(
      (each) => each.trim() !== '',
    );
    const numbers = chance(letters.length);
    const random = (length: number) => Array.from({ length }, () => letters[numbers.next().value as number]).join('');
    const long = [random(1000), random(99), random(300), 'a'.repeat(2000), '中文'.repeat(300), ' '.repeat(500), 'ab'.repeat(700)];
    const words = texts.map((text) => text.replace(/\s/g, ''));
    for (const text of [...texts, ...words, ...words.map((word) => word.repeat(Math.ceil(600 / (word.length + 1)))), ...long])
      assert.deepEqual(ours.tokenize(text), ofPackage.tokenize(text), text.slice(0, 60));
  });
}
