import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TextModelNotFound } from './errors.js';
import { readBeside, readJson } from './model-files.js';
import type { TokenizerFiles } from './tokenizer.js';

/** The files of a language model in a folder, laid out as on the Hugging Face hub. */
export interface TextFolder extends Required<TokenizerFiles> {
  readonly name: string;
  readonly modelPath: string;
}

/**
 * Reads the files of a model's folder, except the model itself.
 * @param file the model below the folder
 * @throws NBS_TEXT_MODEL_NOT_FOUND, NBS_TEXT_MODEL_INVALID
 */
export async function readTextFolder(where: string | URL, file: string): Promise<TextFolder> {
  const folder = where instanceof URL ? fileURLToPath(where) : resolve(where);
  const modelPath = join(folder, file);
  if (!existsSync(folder)) throw TextModelNotFound({ folder, reason: 'it does not exist' });
  for (const path of ['tokenizer.json', 'tokenizer_config.json', file])
    if (!existsSync(join(folder, path))) throw TextModelNotFound({ folder, reason: `it has no ${path}` });
  const [tokenizer = {}, beside] = await Promise.all([readJson(folder, 'tokenizer.json', 'language model'), readBeside(folder)]);
  return { folder, name: basename(folder), modelPath, tokenizer, ...beside };
}
