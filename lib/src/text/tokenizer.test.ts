import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { loadTokenizer } from './load-tokenizer.js';
import { type TextInput, Tokenizer } from './tokenizer.js';

interface Row {
  readonly ids: readonly number[];
  readonly types: readonly number[];
}
interface Case extends Row {
  readonly text: TextInput;
  readonly bare: readonly number[];
  readonly cut: Readonly<Record<string, Row>>;
  readonly decoded: string;
  readonly all: string;
}
interface Sheet {
  readonly tokenizer: object;
  readonly config: object;
  readonly cases: readonly Case[];
  readonly batch: { readonly ids: readonly number[][]; readonly mask: readonly number[][]; readonly count: number };
}
/** Made by ci/datasets/tokenizer-sheet.py with Hugging Face's tokenizers for Python. */
const { tokenizers: _version, ...sheets } = JSON.parse(
  readFileSync(new URL('../../test/fixtures/tokenizers.json', import.meta.url), 'utf8'),
) as Readonly<Record<string, Sheet>>;

const folder = mkdtempSync(join(tmpdir(), 'nbs-tokenizer-'));
after(() => rmSync(folder, { recursive: true }));

const at = (path: string): string => join(folder, path);
const load = (sheet: Sheet): Promise<Tokenizer> => {
  writeFileSync(at('tokenizer.json'), JSON.stringify(sheet.tokenizer));
  writeFileSync(at('tokenizer_config.json'), JSON.stringify(sheet.config));
  return loadTokenizer(folder);
};
const numbers = (data: BigInt64Array): number[] => [...data].map(Number);

for (const [name, sheet] of Object.entries(sheets)) {
  test(`${name}: texts, pairs, cuts and decoded texts are those of Python's tokenizers`, async () => {
    const tokenizer = await load(sheet);
    for (const { text, ids, types, bare, cut, decoded, all } of sheet.cases) {
      const what = `${name} ${JSON.stringify(text).slice(0, 60)}`;
      assert.deepEqual(tokenizer.encode(text), ids, what);
      assert.deepEqual(tokenizer.encode(text, { special: false }), bare, what);
      const row = tokenizer.encodeBatch([text]);
      assert.deepEqual([numbers(row.input_ids.data), numbers(row.token_type_ids.data)], [ids, types], what);
      for (const [limit, expected] of Object.entries(cut)) {
        const { input_ids: found, token_type_ids: foundTypes } = tokenizer.encodeBatch([text], { maxLength: Number(limit) });
        assert.deepEqual(
          [numbers(found.data), numbers(foundTypes.data)],
          [expected.ids, expected.types],
          `${what} cut to ${limit}`,
        );
      }
      assert.equal(tokenizer.decode(ids), decoded, what);
      assert.equal(tokenizer.decode(BigInt64Array.from(ids, BigInt), { special: true }), all, what);
    }
  });

  test(`${name}: a batch is filled up as by Python's tokenizers`, async () => {
    const tokenizer = await load(sheet);
    const { ids, mask, count } = sheet.batch;
    const texts = sheet.cases.slice(0, count).map(({ text }) => text);
    const batch = tokenizer.encodeBatch(texts);
    assert.deepEqual(batch.input_ids.dims, [count, ids[0]?.length]);
    assert.deepEqual(numbers(batch.input_ids.data), ids.flat());
    assert.deepEqual(numbers(batch.attention_mask.data), mask.flat());
    const even = tokenizer.encodeBatch(texts, { multipleOf: 64, side: 'right' });
    assert.equal((even.input_ids.dims[1] as number) % 64, 0);
    assert.equal(even.attention_mask.data[0], ids[0]?.length === 0 || sheet.cases[0]?.ids.length === 0 ? 0n : 1n);
  });
}

test('a tokenizer.json alone is enough', async () => {
  const alone = at('alone.json');
  writeFileSync(alone, JSON.stringify(sheets.wordPieces?.tokenizer));
  rmSync(at('tokenizer_config.json'), { force: true });
  const tokenizer = await loadTokenizer(alone);
  assert.equal(tokenizer.padToken, 0);
  assert.deepEqual(tokenizer.encode('a'), sheets.wordPieces?.cases.find(({ text }) => text === 'a')?.ids);
});

test('what is no tokenizer, no text or no option is refused', async () => {
  await assert.rejects(loadTokenizer(at('nowhere')), { code: 'NBS_TOKENIZER_NOT_FOUND' });
  for (const content of ['{}', '[]', 'no JSON', '{"model": {"type": "Strange"}}']) {
    writeFileSync(at('wrong.json'), content);
    await assert.rejects(loadTokenizer(at('wrong.json')), { code: 'NBS_TEXT_MODEL_INVALID' }, content);
  }
  const tokenizer = await load(sheets.wordPieces as Sheet);
  for (const wrong of [null, 1, ['a'], ['a', 'b', 'c'], ['a', 1]])
    assert.throws(() => tokenizer.encode(wrong as never), { code: 'NBS_TOKENIZER_INPUT', status: 422 });
  for (const wrong of [[], 'text', [1], null])
    assert.throws(() => tokenizer.encodeBatch(wrong as never), { code: 'NBS_TOKENIZER_INPUT' });
  assert.throws(() => tokenizer.encode('a', { maxLength: 1 }), { code: 'NBS_INVALID_OPTION', message: /at least 2/ });
  assert.throws(() => tokenizer.encode('a', { max: 1 } as never), { code: 'NBS_UNKNOWN_OPTION' });
  assert.throws(() => tokenizer.encodeBatch(['a'], { side: 'up' as never }), { code: 'NBS_INVALID_OPTION' });
  assert.throws(() => tokenizer.encodeBatch(['a b c d'], { length: 2 }), { code: 'NBS_ONNX_CANNOT_BATCH' });
});

const { tokenizer: pieces } = sheets.wordPieces as Sheet;
const made = (files: Partial<ConstructorParameters<typeof Tokenizer>[0]>) =>
  new Tokenizer({ folder: 'test', tokenizer: pieces, config: {}, ...files });

test('the tokens that end an answer are those of all files of the model', () => {
  const config = { eos_token: '[SEP]' };
  assert.deepEqual([...made({ config }).endTokens], [3]);
  assert.deepEqual([...made({ config, generation: { eos_token_id: [7, 9] } }).endTokens], [3, 7, 9]);
  assert.deepEqual([...made({ generation: { eos_token_id: 7 }, model: { eos_token_id: 8 } }).endTokens], [7, 8]);
  assert.deepEqual([...made({ generation: { eos_token_id: null } }).endTokens], []);
});

test('the template of chats is a text, one of a list, or a file', async () => {
  const template = (word: string) => `{% for m in messages %}{{ m.content }} ${word}{% endfor %}`;
  const chat = (tokenizer: Tokenizer) => tokenizer.decode(tokenizer.encodeChat([{ role: 'user', content: 'a' }]));
  assert.equal(chat(made({ config: { chat_template: template('b') } })), 'a b');
  const list = [
    { name: 'tool_use', template: template('c') },
    { name: 'default', template: template('d') },
  ];
  assert.equal(chat(made({ config: { chat_template: list } })), 'a d');
  assert.equal(made({ config: { chat_template: [] } }).hasTemplate, false);
  assert.equal(chat(made({ config: { chat_template: list }, template: template('e') })), 'a e');
  const asking = '{% if tools is not none %}b{% endif %}{% if documents is not none %}c{% endif %}{{ sep_token }} d';
  assert.equal(chat(made({ config: { sep_token: 'a' }, template: asking })), 'a d');
  const refusing = made({ template: "{{ raise_exception('no system here') }}" });
  assert.throws(() => chat(refusing), { code: 'NBS_MESSAGES_INVALID', message: /no system here/ });

  const beside = mkdtempSync(join(folder, 'beside-'));
  writeFileSync(join(beside, 'tokenizer.json'), JSON.stringify(pieces));
  writeFileSync(join(beside, 'chat_template.jinja'), template('f'));
  writeFileSync(join(beside, 'generation_config.json'), '{"eos_token_id":[4,5]}');
  const loaded = await loadTokenizer(beside);
  assert.deepEqual([chat(loaded), ...loaded.endTokens], ['a f', 4, 5]);
});

test('the context is that for which tokenizer and model were made', () => {
  const length = (config: object, model: object) => made({ config: { ...config }, model: { ...model } }).contextLength;
  assert.equal(length({}, {}), undefined);
  assert.equal(length({ model_max_length: 1e30 }, { max_position_embeddings: 4096 }), 4096);
  assert.equal(length({ model_max_length: 131_072 }, { max_position_embeddings: 32_768 }), 32_768);
  assert.equal(length({ model_max_length: 512 }, { max_position_embeddings: 1024 }), 512);
  assert.equal(length({}, { n_positions: 1024 }), 1024);
  assert.equal(length({}, { model_type: 'xlm-roberta', max_position_embeddings: 514, pad_token_id: 1 }), 512);
});
