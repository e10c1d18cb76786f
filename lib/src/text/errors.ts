import { aboutInput, defineError } from '../core/index.js';

export const TextModelNotFound = defineError(
  'NBS_TEXT_MODEL_NOT_FOUND',
  404,
  '{folder} is no folder of a language model: {reason}; it needs tokenizer.json, tokenizer_config.json and onnx/model.onnx',
);
export const NotATextModel = defineError('NBS_TEXT_MODEL_INVALID', 422, '{folder} cannot be used as a {kind}: {reason}');
export const TokenizerNotFound = defineError(
  'NBS_TOKENIZER_NOT_FOUND',
  404,
  'there is no tokenizer at {path}; give a tokenizer.json, or a folder that has one',
);
const InvalidTokenInput = defineError(
  'NBS_TOKENIZER_INPUT',
  422,
  'a tokenizer takes texts, pairs of two texts, and lists of at least one of them for a batch; got {actual}',
);
const EmptyPrompt = defineError('NBS_PROMPT_EMPTY', 422, 'the prompt is empty; it must have at least one character');
const PromptTooLong = defineError(
  'NBS_PROMPT_TOO_LONG',
  413,
  'the prompt has {size}, and the context of the model has {context} tokens, of which at least one must be left for the answer',
);
const InvalidMessages = defineError(
  'NBS_MESSAGES_INVALID',
  422,
  "a prompt is a text, or a list of messages such as { role: 'user', content: 'hello' }: {reason}",
);
export const GenerationEnded = defineError('NBS_GENERATION_ENDED', 503, 'the model {name} was disposed while it generated');
export const GenerationCancelled = defineError(
  'NBS_GENERATION_CANCELLED',
  499,
  'an answer of {name} was ended with its request: {reason}',
);
export const TooManyChats = defineError(
  'NBS_TOO_MANY_CHATS',
  503,
  '{waiting} prompts wait for the model already, which is the most that may wait; ask again later, or add replicas',
);

export const NoTransformers = defineError(
  'NBS_NO_TRANSFORMERS',
  501,
  'a pipeline needs the package @huggingface/transformers, looked for from {folder}: {reason}; npm install @huggingface/transformers',
);
export const PipelineFailed = defineError(
  'NBS_PIPELINE_FAILED',
  422,
  'the pipeline {task} cannot be made of the files in {folder}: {reason}',
);

const InvalidTexts = defineError('NBS_TEXTS_INVALID', 422, 'the model takes a list of texts');

/** These are about what a client sent, so a client gets their own status. */
export const emptyPrompt = () => aboutInput(EmptyPrompt());
export const promptTooLong = (size: string, context: number) => aboutInput(PromptTooLong({ size, context }));
export const invalidMessages = (reason: string) => aboutInput(InvalidMessages({ reason }));
export const invalidTexts = () => aboutInput(InvalidTexts());
export const invalidTokenInput = (value: unknown) => aboutInput(InvalidTokenInput({ actual: shown(value) }));

const shown = (value: unknown): string =>
  Array.isArray(value)
    ? `a list of ${
        value.length === 0
          ? 'nothing'
          : value
              .map((each) => typeof each)
              .join(', ')
              .slice(0, 60)
      }`
    : value === null
      ? 'null'
      : typeof value;
