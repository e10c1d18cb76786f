import { defineError, hasCode, isAboutInput } from '../core/index.js';

/** The model's fault, and not the client's. */
export const EmbeddingNotInJson = defineError(
  'NBS_EMBEDDING_NOT_IN_JSON',
  500,
  'the embedding of the text {index} contains {value}, which is no finite number; the model is broken, or its precision is too low for this text',
);

/** Errors in the form in which OpenAI's clients read them. They are no coded errors of nbserve: the clients know these names. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly param: string | null = null,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }
}

const TOO_MANY = { code: 'NBS_TOO_MANY_CHATS' };

export const invalid = (param: string, message: string): ApiError => new ApiError(400, 'invalid_value', message, param);

/** What a client is told of an error about what it sent, or of a server that is busy; undefined for other errors, which are the server's. */
export function toApiError(error: unknown, param: string): ApiError | undefined {
  if (hasCode(error, TOO_MANY)) return new ApiError(503, TOO_MANY.code, (error as Error).message);
  if (!isAboutInput(error)) return undefined;
  const code = error.code === 'NBS_PROMPT_TOO_LONG' ? 'context_length_exceeded' : error.code;
  return new ApiError(error.status === 413 ? 400 : error.status, code, error.message, param);
}

/** The body of an answer that says what is wrong. */
export const errorBody = ({ status, code, message, param }: ApiError) => ({
  error: { message, type: status < 500 ? 'invalid_request_error' : 'server_error', param, code },
});
