import { buildBert, type Head } from './bert.js';
import { bias, weight } from './sentiment-head.js';

const encoder = new TextEncoder();

/** A linear layer on the embedding of a text: positive if the sum is above 0. Trained by train-sentiment.mjs. */
const head: Head = {
  weight: {
    type: 'float32',
    dims: [2, weight.length],
    data: Float32Array.from([...weight.map((each) => -each / 2), ...weight.map((each) => each / 2)]),
  },
  bias: { type: 'float32', dims: [2], data: Float32Array.of(-bias / 2, bias / 2) },
};

/** The classifier of the lesson on sentiment: a sentence encoder with a layer on top. */
export const buildSentiment = (file: Uint8Array): Uint8Array => buildBert(file, head);

/** `config.json` of the classifier, made of the encoder's: it names the labels. */
export function buildSentimentConfig(file: Uint8Array): Uint8Array {
  const config = JSON.parse(new TextDecoder().decode(file)) as object;
  const labels = { id2label: { 0: 'NEGATIVE', 1: 'POSITIVE' }, label2id: { NEGATIVE: 0, POSITIVE: 1 } };
  return encoder.encode(`${JSON.stringify({ ...config, architectures: ['BertForSequenceClassification'], ...labels })}\n`);
}
