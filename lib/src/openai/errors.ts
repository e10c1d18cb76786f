/** Errors in the form in which OpenAI's clients read them. They are no coded errors of nbserve: the clients know these names. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly param: string | null = null,
  ) {
    super(message);
  }
}

export const invalid = (param: string, message: string): ApiError => new ApiError(400, 'invalid_value', message, param);

/** The body of an answer that says what is wrong. */
export const errorBody = ({ status, code, message, param }: ApiError) => ({
  error: { message, type: status < 500 ? 'invalid_request_error' : 'server_error', param, code },
});
