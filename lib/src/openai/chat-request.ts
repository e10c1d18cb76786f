import { isRecord, shownValue } from '../core/index.js';
import type { ChatMessage, GenerateOptions } from '../text/index.js';
import { invalid } from './errors.js';

/** A checked request for a chat completion. */
export interface ChatRequest {
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  readonly options: Omit<GenerateOptions, 'signal'>;
  readonly isStreamed: boolean;
  readonly includesUsage: boolean;
}

/** What a client may ask for that these models cannot do, with the values that ask for nothing. */
const UNSUPPORTED: Readonly<Record<string, readonly unknown[]>> = {
  n: [1],
  tools: [],
  tool_choice: ['none', 'auto'],
  functions: [],
  function_call: ['none', 'auto'],
  logit_bias: [],
  web_search_options: [],
  logprobs: [false],
  top_logprobs: [0],
  audio: [],
  frequency_penalty: [0],
  presence_penalty: [0],
};

/** As at OpenAI. Each token of the answer is compared with each of them. */
const MOST_STOPS = 4;

/** @throws ApiError */
export function toChatRequest(body: Readonly<Record<string, unknown>>): ChatRequest {
  for (const [name, allowed] of Object.entries(UNSUPPORTED)) {
    const value = body[name];
    const asksNothing =
      value === undefined || value === null || (Array.isArray(value) && value.length === 0) || allowed.includes(value);
    if (!asksNothing && !isEmptyRecord(value)) throw invalid(name, `${name} is not supported by this server`);
  }
  const format = formatOf(body.response_format);
  const { model, messages, stream, stream_options: streamOptions } = body;
  if (typeof model !== 'string') throw invalid('model', 'model must be a text');
  if (!Array.isArray(messages) || messages.length === 0)
    throw invalid('messages', 'messages must be a list with at least one message');
  if (stream !== undefined && stream !== null && typeof stream !== 'boolean')
    throw invalid('stream', 'stream must be true or false');
  return {
    model,
    messages: messages.map(toMessage),
    options: { ...toOptions(body), format },
    isStreamed: stream === true,
    includesUsage: isRecord(streamOptions) && streamOptions.include_usage === true,
  };
}

/** `json_schema` is refused, because the answer is not held to a schema here, and a client would rely on it. */
function formatOf(format: unknown): 'text' | 'json' {
  if (format === undefined || format === null) return 'text';
  if (!isRecord(format)) throw invalid('response_format', 'response_format must be an object such as { "type": "json_object" }');
  if (format.type === 'text') return 'text';
  if (format.type === 'json_object') return 'json';
  throw invalid(
    'response_format',
    `the response_format ${shownValue(format.type)} is not supported by this server; text and json_object are`,
  );
}

const isEmptyRecord = (value: unknown): boolean => isRecord(value) && Object.keys(value).length === 0;

function toOptions(body: Readonly<Record<string, unknown>>): ChatRequest['options'] {
  const number = (name: string, least: number, most: number, isInteger = false): number | undefined => {
    const value = body[name];
    if (value === undefined || value === null) return undefined;
    const fits = typeof value === 'number' && value >= least && value <= most && (!isInteger || Number.isSafeInteger(value));
    if (!fits) throw invalid(name, `${name} must be ${isInteger ? 'an integer' : 'a number'} from ${least} to ${most}`);
    return value;
  };
  const most = Number.MAX_SAFE_INTEGER;
  const maxTokens = number('max_completion_tokens', 1, most, true) ?? number('max_tokens', 1, most, true);
  const [temperature, topP, seed] = [number('temperature', 0, 2), number('top_p', 0, 1), number('seed', -most, most, true)];
  const { stop } = body;
  const stops = stop === undefined || stop === null ? [] : Array.isArray(stop) ? stop : [stop];
  if (!stops.every((each) => typeof each === 'string' && each !== ''))
    throw invalid('stop', 'stop must be a text that is not empty, or a list of such texts');
  if (stops.length > MOST_STOPS) throw invalid('stop', `stop must have at most ${MOST_STOPS} texts`);
  return {
    stop: stops as readonly string[],
    ...(maxTokens === undefined ? {} : { maxTokens }),
    ...(temperature === undefined ? {} : { temperature }),
    // With 0, no token could be chosen; the smallest number above it leaves the most likely one.
    ...(topP === undefined ? {} : { topP: Math.max(topP, Number.EPSILON) }),
    ...(seed === undefined ? {} : { seed }),
  };
}

const roles: Readonly<Record<string, ChatMessage['role']>> = {
  system: 'system',
  developer: 'system',
  user: 'user',
  assistant: 'assistant',
};

function toMessage(message: unknown, i: number): ChatMessage {
  const where = `messages[${i}]`;
  if (!isRecord(message)) throw invalid(where, `${where} must be an object`);
  const role = typeof message.role === 'string' && Object.hasOwn(roles, message.role) ? roles[message.role] : undefined;
  if (role === undefined) throw invalid(`${where}.role`, `${where}.role must be one of ${Object.keys(roles).join(', ')}`);
  return { role, content: toText(message.content, `${where}.content`) };
}

/** The text of a message, which may come in parts. */
function toText(content: unknown, where: string): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) throw invalid(where, `${where} must be a text, or a list of parts of the type text`);
  return content
    .map((part: unknown) => {
      if (isRecord(part) && part.type === 'text' && typeof part.text === 'string') return part.text;
      throw invalid(where, `${where} has a part that is not a text; these models read text only`);
    })
    .join('');
}
