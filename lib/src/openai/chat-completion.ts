import { shortId } from '../core/index.js';
import type { Generation, GenerationResult } from '../text/index.js';
import type { ChatRequest } from './chat-request.js';
import { ApiError, errorBody } from './errors.js';

const usageOf = ({ promptTokens, completionTokens }: GenerationResult) => ({
  prompt_tokens: promptTokens,
  completion_tokens: completionTokens,
  total_tokens: promptTokens + completionTokens,
});

/** The answer to a request that is not streamed. */
export async function completion({ model }: ChatRequest, generation: Generation) {
  const result = await generation.result();
  return {
    id: `chatcmpl-${shortId()}`,
    object: 'chat.completion',
    created: Math.floor(Date.now() / 1000),
    model,
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: result.text, refusal: null },
        logprobs: null,
        finish_reason: result.finishReason,
      },
    ],
    usage: usageOf(result),
  };
}

/** The answer to a request that is streamed: server-sent events. */
export async function* completionEvents({ model, includesUsage }: ChatRequest, generation: Generation): AsyncGenerator<string> {
  const head = {
    id: `chatcmpl-${shortId()}`,
    object: 'chat.completion.chunk',
    created: Math.floor(Date.now() / 1000),
    model,
  };
  const chunk = (delta: object, finishReason: string | null = null) =>
    event({
      ...head,
      choices: [{ index: 0, delta, logprobs: null, finish_reason: finishReason }],
      ...(includesUsage ? { usage: null } : {}),
    });
  const pieces = generation[Symbol.asyncIterator]();
  try {
    yield chunk({ role: 'assistant', content: '' });
    for await (const content of pieces) yield chunk({ content });
    const result = await generation.result();
    yield chunk({}, result.finishReason);
    if (includesUsage) yield event({ ...head, choices: [], usage: usageOf(result) });
    yield 'data: [DONE]\n\n';
  } catch (error) {
    // The status has been sent already, so an event says that it failed. What failed is for who runs the server, as with other errors of a replica.
    yield event(errorBody(new ApiError(500, 'generation_failed', 'the answer could not be finished; the server knows why')));
    throw error;
  } finally {
    // If the client has left before the first piece, nobody has left the iteration.
    await pieces.return(undefined as never);
  }
}

const event = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`;
