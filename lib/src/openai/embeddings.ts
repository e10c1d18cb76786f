import { shownValue } from '../core/index.js';
import type { EncoderModel } from '../text/index.js';
import { EmbeddingNotInJson, invalid } from './errors.js';

/** As OpenAI's API has it. */
const MOST_TEXTS = 2048;

/** The answer to a request for embeddings. @throws ApiError */
export async function embeddings(name: string, model: EncoderModel, body: Readonly<Record<string, unknown>>) {
  const { input, encoding_format: format = 'float', dimensions } = body;
  const texts: unknown[] = Array.isArray(input) ? input : [input];
  if (texts.length === 0 || !texts.every((text) => typeof text === 'string' && text.trim() !== ''))
    throw invalid('input', 'input must be a text that is not empty, or a list of such texts; lists of tokens are not supported');
  if (texts.length > MOST_TEXTS) throw invalid('input', `input has ${texts.length} texts; send at most ${MOST_TEXTS} at a time`);
  if (format !== 'float' && format !== 'base64') throw invalid('encoding_format', 'encoding_format must be float or base64');
  const { embeddings: vectors, tokens } = await model.embed(texts as string[]);
  vectors.forEach(checkNumbers);
  if (dimensions !== undefined && dimensions !== null && dimensions !== vectors[0]?.length)
    throw invalid('dimensions', `the model makes embeddings of ${vectors[0]?.length} numbers, not of ${shownValue(dimensions)}`);
  return {
    object: 'list',
    model: name,
    data: vectors.map((vector, index) => ({
      object: 'embedding',
      index,
      embedding: format === 'base64' ? toBase64(vector) : Array.from(vector),
    })),
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  };
}

/** In base64 too, because one NaN spoils the index in which a client keeps the vectors. @throws NBS_EMBEDDING_NOT_IN_JSON */
function checkNumbers(vector: Float32Array, index: number): void {
  const wrong = vector.find((value) => !Number.isFinite(value));
  if (wrong !== undefined) throw EmbeddingNotInJson({ index, value: String(wrong) });
}

/** The bytes of the numbers, little-endian, as OpenAI's clients ask for them to save time. */
const toBase64 = ({ buffer, byteOffset, byteLength }: Float32Array): string =>
  Buffer.from(buffer, byteOffset, byteLength).toString('base64');
