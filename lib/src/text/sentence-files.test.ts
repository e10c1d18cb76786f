import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readSentenceFiles } from './sentence-files.js';

const folder = mkdtempSync(join(tmpdir(), 'nbs-sentence-'));
after(() => rmSync(folder, { recursive: true }));
const write = (name: string, content: unknown) => writeFileSync(join(folder, name), JSON.stringify(content));
const step = (type: string) => ({ idx: 0, name: '0', path: '', type: `sentence_transformers.models.${type}` });

test('what sentence-transformers writes beside a model is read', async () => {
  assert.deepEqual(await readSentenceFiles(folder), { pooling: {}, steps: [], maxLength: 0, isLowerCase: false });
  mkdirSync(join(folder, '1_Pooling'));
  write('1_Pooling/config.json', { pooling_mode_cls_token: true });
  write('sentence_bert_config.json', { max_seq_length: 4, do_lower_case: true });
  write('modules.json', ['Transformer', 'Pooling', 'Dense', 'Normalize'].map(step));
  assert.deepEqual(await readSentenceFiles(folder), {
    pooling: { pooling_mode_cls_token: true },
    steps: ['Dense'],
    maxLength: 4,
    isLowerCase: true,
  });
  write('sentence_bert_config.json', { max_seq_length: null, do_lower_case: false });
  assert.equal((await readSentenceFiles(folder)).maxLength, 0);
  for (const wrong of [{}, 'text', null]) {
    write('modules.json', wrong);
    await assert.rejects(readSentenceFiles(folder), { code: 'NBS_TEXT_MODEL_INVALID', message: /modules\.json is no list/ });
  }
});
