import { createRequire } from 'node:module';
import type { Tokenizer } from '../../text/index.js';

const require = createRequire(import.meta.url);

/**
 * Loads a tokenizer in the format of Hugging Face, from a `tokenizer.json` or from a folder that has one. It is `loadTokenizer` of `nbserve/text`.
 * @throws NBS_TOKENIZER_NOT_FOUND, NBS_TEXT_MODEL_INVALID
 */
export async function tokenizer(path: string | URL): Promise<Tokenizer> {
  // Only programs that read texts need the code. It is not an import: see `serve`.
  const { loadTokenizer } = require('../../text/index.js') as typeof import('../../text/index.js');
  return loadTokenizer(path);
}
