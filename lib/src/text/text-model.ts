import { inspect } from 'node:util';
import { currentRequest, duringStart, type RequestCall, wantRequests } from '../core/index.js';
import { load, type Model } from '../onnx/index.js';
import { Chat } from './chat.js';
import { ChatBatch } from './chat-batch.js';
import { GenerationCancelled, GenerationEnded, NotATextModel, promptTooLong, TooManyChats } from './errors.js';
import { Generation } from './generation.js';
import { isPast } from './key-values.js';
import { whyNotPadded } from './left-padding.js';
import { type Prompt, toMessages } from './messages.js';
import {
  type GenerateOptions,
  lengthWithin,
  MOST_CHARACTERS,
  type ModelValues,
  parseGenerateOptions,
  parseModelOptions,
  type TextModelOptions,
} from './options.js';
import { readTextFolder } from './text-folder.js';
import { Tokenizer } from './tokenizer.js';

/** The context of a model whose files do not say it. */
const DEFAULT_CONTEXT = 2048;

/** A language model that answers chats. {@link loadTextModel} makes it. It cannot be sent to another process, so load it in the constructor of a deployment. */
export class TextModel {
  readonly #batch: ChatBatch;
  readonly #model: Model;
  readonly #values: ModelValues;
  readonly #alone: string | undefined;

  /** @internal @param alone why one answer is generated at a time; undefined if several are */
  constructor(
    /** The name of its folder. */
    readonly name: string,
    readonly tokenizer: Tokenizer,
    model: Model,
    values: ModelValues,
    alone?: string,
  ) {
    this.#model = model;
    this.#values = values;
    this.#alone = alone;
    this.#batch = new ChatBatch(model, alone === undefined ? values.maxBatchSize : 1);
  }

  /** The most tokens of a prompt and its answer together. */
  get contextLength(): number {
    return lengthWithin(this.#values.contextLength, this.tokenizer.contextLength, DEFAULT_CONTEXT);
  }

  /** How many answers it generates now, and how many prompts wait. */
  get load(): { readonly active: number; readonly waiting: number } {
    return { active: this.#batch.active, waiting: this.#batch.waiting };
  }

  /** For which provider the model's session was made, and why not for the others. */
  get report() {
    return this.#model.report;
  }

  /**
   * Generates an answer. Prompts that come while others are answered join their batch: four answers together take about twice as long as one.
   * In a replica, the answer also ends with the request for which it is made.
   * @param prompt a text, or the messages of a chat so far; its last message is the one to answer
   * @throws NBS_PROMPT_EMPTY, NBS_PROMPT_TOO_LONG, NBS_MESSAGES_INVALID, NBS_TOO_MANY_CHATS, NBS_UNKNOWN_OPTION, NBS_INVALID_OPTION
   */
  generate(prompt: Prompt, options: GenerateOptions = {}): Generation {
    const values = parseGenerateOptions(options);
    const messages = toMessages(prompt);
    // A template puts tokens around each message, also if it has no text.
    if (messages.length > this.contextLength) throw promptTooLong(`${messages.length} messages`, this.contextLength);
    const characters = messages.reduce((sum, { content }) => sum + content.length, 0);
    if (characters > MOST_CHARACTERS * this.contextLength) throw promptTooLong(`${characters} characters`, this.contextLength);
    const tokens = this.tokenizer.encodeChat(messages);
    const left = this.contextLength - tokens.length;
    if (left < 1) throw promptTooLong(`${tokens.length} tokens`, this.contextLength);
    const limit = Math.min(values.maxTokens, left);
    const mostTokens = tokens.length + limit;
    this.#refuseTooMany(mostTokens);
    const { signal } = values;
    const request = currentRequest();
    const onAbort = () => chat.fail(signal?.reason);
    const call: RequestCall = {
      onRequestCancelled: (reason) => chat.fail(GenerationCancelled({ name: this.name, reason })),
    };
    const begin = () => {
      if (signal?.aborted) return onAbort();
      try {
        // Others may have begun since.
        this.#refuseTooMany(mostTokens);
      } catch (error) {
        return chat.fail(error);
      }
      signal?.addEventListener('abort', onAbort, { once: true });
      request?.follow(call);
      // A signal can live longer than the answer, such as that of a whole process.
      const forget = () => {
        signal?.removeEventListener('abort', onAbort);
        request?.unfollow(call);
      };
      void generation.result().then(forget, forget);
      this.#batch.add(chat);
    };
    const generation: Generation = new Generation(tokens.length, begin, () => chat.fail(new Error('nobody reads the answer')));
    const chat: Chat = new Chat(tokens, generation, this.tokenizer, values, limit);
    return generation;
  }

  /** @throws NBS_TOO_MANY_CHATS */
  #refuseTooMany(mostTokens: number): void {
    const { maxWaiting } = this.#values;
    if (this.#batch.waitingWith(mostTokens) > maxWaiting) throw TooManyChats({ waiting: maxWaiting });
  }

  /** Frees the model's memory. Answers in the making fail with NBS_GENERATION_ENDED. */
  async dispose(): Promise<void> {
    this.#batch.end(GenerationEnded({ name: this.name }));
    await this.#model.dispose();
  }

  toString(): string {
    const answers =
      this.#alone === undefined
        ? `up to ${this.#values.maxBatchSize} answers at a time`
        : `one answer at a time, because ${this.#alone}`;
    return `TextModel ${this.name}\n  context ${this.contextLength} tokens, ${answers}\n  ${this.report.toString().replaceAll('\n', '\n  ')}`;
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

/**
 * Loads a language model and its tokenizer from a folder that is laid out as on the Hugging Face hub: `tokenizer.json`, `tokenizer_config.json`, and an ONNX model
 * that takes `input_ids`, `attention_mask`, `position_ids` and the keys and values of the tokens before (`past_key_values.…`). A model without `position_ids`, or
 * with the operator `GroupQueryAttention`, generates one answer at a time.
 * If a replica's constructor begins to load one, the replica is ready when the model is loaded.
 * @throws NBS_TEXT_MODEL_NOT_FOUND, NBS_TEXT_MODEL_INVALID, and what `onnx.load` throws
 */
export function loadTextModel(folder: string | URL, options: TextModelOptions = {}): Promise<TextModel> {
  return duringStart(`loadTextModel of ${String(folder)}`, async () => {
    const values = parseModelOptions('loadTextModel', options);
    const files = await readTextFolder(folder, values.file);
    const tokenizer = new Tokenizer(files);
    const model = await load(files.modelPath, {
      name: files.name,
      ...(values.device === undefined ? {} : { device: values.device }),
      ...(values.intraOpThreads === undefined ? {} : { intraOpThreads: values.intraOpThreads }),
    });
    const fail = (reason: string) => NotATextModel({ folder: files.folder, kind: 'language model', reason });
    const past = model.inputs.filter(isPast);
    if (past.length === 0 || !model.outputs.some(({ name }) => name === 'logits')) {
      await model.dispose();
      throw fail('the model has no inputs past_key_values.… and no output logits');
    }
    if (past.some(({ type }) => type !== 'float32' && type !== 'float16')) {
      await model.dispose();
      throw fail(`its keys and values are ${past[0]?.type ?? 'no tensors'}; float32 and float16 can be used`);
    }
    wantRequests();
    return new TextModel(files.name, tokenizer, model, values, whyNotPadded(model.inputs, files.modelPath));
  });
}
