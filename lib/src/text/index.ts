/** Language models: `import { loadTextModel } from 'nbserve/text'`. */
export { type Classification, type EncoderModel, type EncoderModelOptions, loadEncoderModel } from './encoder-model.js';
export { type FinishReason, Generation, type GenerationResult } from './generation.js';
export type { ChatMessage, Prompt } from './messages.js';
export type { GenerateOptions, TextModelOptions } from './options.js';
export { loadTextModel, type TextModel } from './text-model.js';
export type { Tokenizer } from './tokenizer.js';
