import type { Tokenizer } from '../../text/index.js';

/**
 * Loads a tokenizer in the format of Hugging Face, from a `tokenizer.json` or from a folder that has one. It is `loadTokenizer` of `nbserve/text`.
 * @throws NBS_TOKENIZER_NOT_FOUND, NBS_TEXT_MODEL_INVALID
 */
export async function tokenizer(path: string | URL): Promise<Tokenizer> {
  // Only programs that read texts need the code.
  const { loadTokenizer } = await import('../../text/index.js');
  return loadTokenizer(path);
}
