import { stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { duringStart, isRecord } from '../core/index.js';
import { NotATextModel, TokenizerNotFound } from './errors.js';
import { readBeside, readJson } from './model-files.js';
import { Tokenizer } from './tokenizer.js';

/**
 * Loads a tokenizer in the format of Hugging Face.
 * @param path a `tokenizer.json`, or a folder that has one. If a `tokenizer_config.json` and other files of a model are beside it, they are read too
 * @throws NBS_TOKENIZER_NOT_FOUND, NBS_TEXT_MODEL_INVALID
 */
export function loadTokenizer(path: string | URL): Promise<Tokenizer> {
  return duringStart(`loadTokenizer of ${String(path)}`, async () => {
    const given = path instanceof URL ? fileURLToPath(path) : resolve(path);
    const isFolder = (await stat(given).catch(() => undefined))?.isDirectory() === true;
    const file = isFolder ? join(given, 'tokenizer.json') : given;
    const tokenizer = await readJson(dirname(file), basename(file), 'tokenizer');
    if (tokenizer === undefined) throw TokenizerNotFound({ path: file });
    if (!isRecord(tokenizer.model))
      throw NotATextModel({ folder: file, kind: 'tokenizer', reason: 'it has no model, so it is no tokenizer.json' });
    const beside = await readBeside(dirname(file));
    return new Tokenizer({ folder: file, tokenizer: { added_tokens: [], ...tokenizer }, ...beside });
  });
}
