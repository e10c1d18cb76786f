import {
  decodedPart,
  duringStart,
  hasCode,
  isNbserveError,
  isRecord,
  limitBody,
  MAX_JSON_BYTES,
  RequestTooLarge,
  shownValue,
  withoutSlashes,
} from '../core/index.js';
import type { EncoderModel, TextModel } from '../text/index.js';
import { completion, completionEvents } from './chat-completion.js';
import { toChatRequest } from './chat-request.js';
import { embeddings } from './embeddings.js';
import { ApiError, errorBody, toApiError } from './errors.js';

/** The models of {@link openaiApi}, by the names that clients use. They may still be loading. */
export interface OpenaiModels {
  /** Models that answer chats. */
  readonly chat?: Readonly<Record<string, TextModel | Promise<TextModel>>>;
  /** Models that make embeddings. */
  readonly embeddings?: Readonly<Record<string, EncoderModel | Promise<EncoderModel>>>;
}

const MODEL_PATH = '/v1/models/';
const PATHS = ['chat/completions', 'embeddings', 'models'];

/** As the proxy says it with a 503 of its own. */
const RETRY_AFTER_SECONDS = '1';

type Body = Readonly<Record<string, unknown>>;

/**
 * Serves models under OpenAI's HTTP interface: `/v1/chat/completions`, `/v1/embeddings`, `/v1/models` and `/v1/models/{name}`, so that OpenAI's clients and the tools
 * that are made for it work with them. Each path may stand below the route of an application.
 * If one of `embeddings` makes no embeddings, the start of the replica fails with NBS_TEXT_MODEL_INVALID.
 * @returns a function that answers a request; return its result from `fetch`
 */
export function openaiApi(models: OpenaiModels): (request: Request) => Promise<Response> {
  const { chat = {}, embeddings: encoders = {} } = models;
  const created = Math.floor(Date.now() / 1000);
  const names = [...Object.keys(chat), ...Object.keys(encoders)];
  // If a model cannot be loaded, or makes no embeddings, the start fails, and not each request. So nobody handles these promises.
  for (const each of Object.values(encoders))
    void duringStart('the embeddings of openaiApi', () => Promise.resolve(each).then((model) => model.checkEmbeds()));
  const modelEntry = (id: string) => ({ id, object: 'model', created, owned_by: 'nbserve' });
  const find = <T>(from: Readonly<Record<string, T>>, name: unknown): T => {
    if (typeof name === 'string' && Object.hasOwn(from, name)) return from[name] as T;
    const known = Object.keys(from).join(', ') || 'there is none';
    throw new ApiError(
      404,
      'model_not_found',
      `there is no model ${shownValue(name)} for this; the models are: ${known}`,
      'model',
    );
  };

  async function answer(request: Request): Promise<Response> {
    const path = pathOf(request);
    if (path === 'chat/completions') {
      const asked = toChatRequest(await readBody(request));
      const model = await find(chat, asked.model);
      const generation = await about('messages', () => {
        const begun = model.generate(asked.messages, { ...asked.options, signal: request.signal });
        // It begins now, and not with the first piece that is read: by then, others could have taken its place, and the status would have been sent.
        begun.result().catch(() => {});
        return begun;
      });
      if (!asked.isStreamed) return Response.json(await completion(asked, generation));
      const headers = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' };
      return new Response(toStream(completionEvents(asked, generation)), { headers });
    }
    if (path === 'embeddings') {
      const body = await readBody(request);
      const model = await find(encoders, body.model);
      return Response.json(await about('input', () => embeddings(String(body.model), model, body)));
    }
    if (path === 'models' || path.startsWith('models/')) {
      allow(request, 'GET', 'HEAD');
      if (path === 'models') return Response.json({ object: 'list', data: names.map(modelEntry) });
      const name = decodedPart(path.slice('models/'.length));
      find(Object.fromEntries(names.map((each) => [each, true])), name);
      return Response.json(modelEntry(name));
    }
    throw new ApiError(404, 'not_found', 'the paths are /v1/chat/completions, /v1/embeddings, /v1/models and /v1/models/{name}');
  }

  return async (request) => {
    try {
      return await answer(request);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const busy: Record<string, string> = error.status === 503 ? { 'retry-after': RETRY_AFTER_SECONDS } : {};
      return Response.json(errorBody(error), { status: error.status, headers: { ...busy, ...error.headers } });
    }
  };
}

/** The part of the path after `/v1/`. A route of an application may have a part `v1` too. */
function pathOf({ url }: Request): string {
  const path = withoutSlashes(new URL(url).pathname);
  const at = path.indexOf(MODEL_PATH);
  if (at >= 0) return path.slice(at + '/v1/'.length);
  return PATHS.find((each) => path.endsWith(`/v1/${each}`)) ?? '';
}

/** Runs what reads a parameter. What nbserve reports about it has a code and a status already, and the client is told. Other errors are the server's. */
async function about<T>(param: string, run: () => T | Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw toApiError(error, param) ?? error;
  }
}

function allow({ method }: Request, ...methods: readonly string[]): void {
  if (methods.includes(method)) return;
  const taken = methods.join(', ');
  throw new ApiError(405, 'method_not_allowed', `this path takes ${taken}, not ${method}`, null, { allow: taken });
}

async function readBody(request: Request): Promise<Body> {
  allow(request, 'POST');
  let body: unknown;
  try {
    limitBody(request, MAX_JSON_BYTES);
    body = JSON.parse(await request.text());
  } catch (error) {
    if (isNbserveError(error) && hasCode(error, RequestTooLarge)) throw new ApiError(error.status, error.code, error.message);
    throw new ApiError(400, 'invalid_json', `the body is not JSON: ${(error as Error).message}`);
  }
  if (!isRecord(body)) throw new ApiError(400, 'invalid_json', 'the body must be a JSON object');
  return body;
}

/** A stream that asks for the next event when the client has taken the one before. If the client leaves, the generator ends. */
function toStream(events: AsyncGenerator<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    async pull(controller) {
      const { value, done } = await events.next();
      if (done === true) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    async cancel() {
      await events.return(undefined);
    },
  });
}
