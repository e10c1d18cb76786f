import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isRecord } from '../core/index.js';
import { NotATextModel } from './errors.js';

type Json = Readonly<Record<string, unknown>>;

/** The object in a file; undefined if there is no file. @throws NBS_TEXT_MODEL_INVALID */
export async function readJson(folder: string, name: string, kind: string): Promise<Json | undefined> {
  const content = await readAny(folder, name, kind);
  if (content === undefined || isRecord(content)) return content;
  throw NotATextModel({ folder, kind, reason: `${name} is no JSON object` });
}

/** The content of a JSON file; undefined if there is none. @throws NBS_TEXT_MODEL_INVALID */
export async function readAny(folder: string, name: string, kind: string): Promise<unknown> {
  const text = await readText(folder, name, kind);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw NotATextModel({ folder, kind, reason: `${name}: ${(error as Error).message}` }, error);
  }
}

async function readText(folder: string, name: string, kind: string): Promise<string | undefined> {
  try {
    return await readFile(join(folder, name), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw NotATextModel({ folder, kind, reason: `${name}: ${(error as Error).message}` }, error);
  }
}

/** What stands beside a tokenizer.json on the Hugging Face hub; a file that is not there is empty. @throws NBS_TEXT_MODEL_INVALID */
export async function readBeside(folder: string) {
  const json = async (name: string) => (await readJson(folder, name, 'tokenizer')) ?? {};
  const [config, model, generation, template] = await Promise.all([
    json('tokenizer_config.json'),
    json('config.json'),
    json('generation_config.json'),
    readText(folder, 'chat_template.jinja', 'tokenizer'),
  ]);
  return { config, model, generation, template };
}
