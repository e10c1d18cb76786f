import { readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { duringStart, isRecord } from '../core/index.js';
import { NotATextModel, TokenizerNotFound } from './errors.js';
import { Tokenizer } from './tokenizer.js';

/**
 * Loads a tokenizer in the format of Hugging Face.
 * @param path a `tokenizer.json`, or a folder that has one. If a `tokenizer_config.json` is beside it, that is read too
 * @throws NBS_TOKENIZER_NOT_FOUND, NBS_TEXT_MODEL_INVALID
 */
export function loadTokenizer(path: string | URL): Promise<Tokenizer> {
  return duringStart(`loadTokenizer of ${String(path)}`, async () => {
    const given = path instanceof URL ? fileURLToPath(path) : resolve(path);
    const isFolder = (await stat(given).catch(() => undefined))?.isDirectory() === true;
    const file = isFolder ? join(given, 'tokenizer.json') : given;
    const tokenizer = await readJson(file);
    if (tokenizer === undefined) throw TokenizerNotFound({ path: file });
    if (!isRecord(tokenizer.model))
      throw NotATextModel({ folder: file, kind: 'tokenizer', reason: 'it has no model, so it is no tokenizer.json' });
    const config = (await readJson(join(dirname(file), 'tokenizer_config.json'))) ?? {};
    return new Tokenizer({ folder: file, tokenizer: { added_tokens: [], ...tokenizer }, config });
  });
}

/** The content of a file; undefined if there is none. */
async function readJson(path: string): Promise<Readonly<Record<string, unknown>> | undefined> {
  try {
    const content: unknown = JSON.parse(await readFile(path, 'utf8'));
    if (isRecord(content)) return content;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw NotATextModel({ folder: path, kind: 'tokenizer', reason: (error as Error).message }, error);
  }
  throw NotATextModel({ folder: path, kind: 'tokenizer', reason: 'it is no JSON object' });
}
