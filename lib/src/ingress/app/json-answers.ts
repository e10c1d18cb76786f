import { types } from 'node:util';
import type { FastifyInstance, FastifyReply, preSerializationHookHandler } from 'fastify';

/** True on instances for which user code has set a serializer. Instances of plugins inherit it. */
const HAS_SERIALIZER = Symbol('nbserve.hasSerializer');
type Marked = FastifyInstance & { [HAS_SERIALIZER]?: true };

export interface JsonCheck {
  /** Whether `JSON.stringify` certainly writes the value as it is. */
  readonly isPlain: (value: unknown) => boolean;
  /** Returns what JSON represents of any other value. @throws the error for a value that JSON cannot represent */
  readonly toPlain: (value: unknown) => unknown;
}

/**
 * Checks each value that Fastify would write with `JSON.stringify`, after the hooks of user code have seen it. A value whose form user code has chosen stays
 * as it is: by a schema of the answer, by `setReplySerializer`, or by `reply.serializer`.
 */
export function checkJsonAnswers(app: FastifyInstance, { isPlain, toPlain }: JsonCheck): void {
  const { setReplySerializer } = app;
  app.setReplySerializer = function (this: Marked, serializer) {
    this[HAS_SERIALIZER] = true;
    return setReplySerializer.call(this, serializer);
  } as typeof setReplySerializer;
  const check: preSerializationHookHandler<unknown> = function (this: Marked, request, reply, payload, done) {
    // Nearly every answer is plain, so who chose the form is asked last.
    const isLeft = (): boolean =>
      isPlain(payload) ||
      this[HAS_SERIALIZER] === true ||
      request.routeOptions.schema?.response !== undefined ||
      hasSerializer(reply);
    let plain = payload;
    try {
      if (!isLeft()) plain = toPlain(payload);
    } catch (error) {
      done(error as Error);
      return;
    }
    done(null, plain);
  };
  sendLists(app, toPlain);
  // Fastify runs the hooks of a route after those of its instance.
  app.addHook('onRoute', (route) => {
    route.preSerialization = [route.preSerialization ?? [], check].flat();
  });
  // What answers unknown paths is no route.
  app.addHook('preSerialization', function (request, reply, payload, done) {
    if (request.is404) check.call(this, request, reply, payload, done);
    else done(null, payload);
  });
}

/** Fastify would send the memory of any typed array as bytes, before a hook sees it. Only those of `Uint8Array`, such as a Buffer, are bytes. */
function sendLists(app: FastifyInstance, toPlain: JsonCheck['toPlain']): void {
  let original: FastifyReply['send'] | undefined;
  const send = function (this: FastifyReply, payload?: unknown): FastifyReply {
    original ??= inheritedSend(this, send);
    const isList = ArrayBuffer.isView(payload) && types.isTypedArray(payload) && !types.isUint8Array(payload);
    // User code that has chosen a type wants the bytes.
    if (!isList || this.hasHeader('content-type')) return original.call(this, payload);
    let list: unknown;
    try {
      list = toPlain(payload);
    } catch (error) {
      return original.call(this, error);
    }
    return original.call(this, list);
  };
  app.decorateReply('send', send as never);
}

/** Fastify's own method, which `send` replaces. */
function inheritedSend(reply: FastifyReply, send: unknown): FastifyReply['send'] {
  let at = Object.getPrototypeOf(reply) as FastifyReply;
  while (at.send === send) at = Object.getPrototypeOf(at) as FastifyReply;
  return at.send;
}

let key: symbol | undefined;

/** Fastify has no method that tells whether `reply.serializer` was called. A test of the ingress fails if the key gets another name. */
function hasSerializer(reply: FastifyReply): boolean {
  key ??= Object.getOwnPropertySymbols(reply).find(({ description }) => description === 'fastify.reply.serializer');
  const own = key === undefined ? null : (reply as unknown as Readonly<Record<symbol, unknown>>)[key];
  return own !== null && own !== undefined;
}
