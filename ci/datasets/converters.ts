// The functions that the manifest of datasets/ names. `nbserve assets` loads this module on the user's machine.
import type { Build } from 'nbserve/data';
import { buildBert } from './bert.js';
import { buildModelConfig, buildTokenizer, buildTokenizerConfig } from './gguf-tokenizer.js';
import { buildLlama } from './llama.js';
import { buildMnistCnn } from './mnist-cnn.js';
import { buildSentiment, buildSentimentConfig } from './sentiment.js';
import { buildYolov5Seg } from './yolov5-seg.js';

export const converters: Readonly<Record<string, Build>> = {
  'mnist-cnn': buildMnistCnn,
  'llama-onnx': buildLlama,
  'gguf-tokenizer': buildTokenizer,
  'gguf-tokenizer-config': buildTokenizerConfig,
  'gguf-model-config': buildModelConfig,
  'bert-onnx': (file) => buildBert(file),
  'sentiment-onnx': buildSentiment,
  'sentiment-config': buildSentimentConfig,
  'yolov5s-seg': buildYolov5Seg,
};
