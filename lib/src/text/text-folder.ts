import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NotATextModel, TextModelNotFound } from './errors.js';

/** The files of a language model in a folder, laid out as on the Hugging Face hub. */
export interface TextFolder {
  readonly folder: string;
  readonly name: string;
  readonly modelPath: string;
  /** The content of tokenizer.json. */
  readonly tokenizer: object;
  /** The content of tokenizer_config.json. */
  readonly config: Readonly<Record<string, unknown>>;
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
  const json = async (path: string) => {
    try {
      return JSON.parse(await readFile(join(folder, path), 'utf8')) as Readonly<Record<string, unknown>>;
    } catch (error) {
      throw NotATextModel({ folder, kind: 'language model', reason: `${path}: ${(error as Error).message}` }, error);
    }
  };
  const [tokenizer, config] = await Promise.all([json('tokenizer.json'), json('tokenizer_config.json')]);
  return { folder, name: basename(folder), modelPath, tokenizer, config };
}
