/** Language models: `import { loadTextModel } from 'nbserve/text'`. */
export { type EncoderModel, type EncoderModelOptions, loadEncoderModel } from './encoder-model.js';
export type { Classification } from './encoder-outputs.js';
export { type FinishReason, Generation, type GenerationResult } from './generation.js';
export { loadTokenizer } from './load-tokenizer.js';
export type { ChatMessage, Prompt } from './messages.js';
export type { GenerateOptions, PipelineOptions, TextModelOptions } from './options.js';
export { loadPipeline, type Pipeline } from './pipeline.js';
export { loadTextModel, type TextModel } from './text-model.js';
export type { EncodeBatchOptions, EncodeOptions, TextInput, TokenBatch, Tokenizer } from './tokenizer.js';
