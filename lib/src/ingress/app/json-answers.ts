import type { FastifyInstance, FastifyReply } from 'fastify';

/** True on instances for which user code has set a serializer. Instances of plugins inherit it. */
const HAS_SERIALIZER = Symbol('nbserve.hasSerializer');
type Marked = FastifyInstance & { [HAS_SERIALIZER]?: true };

/**
 * Lets `toPlain` see each value that Fastify would write with `JSON.stringify`. A value whose form user code has chosen stays as it is: by a schema of the
 * answer, by `setReplySerializer`, or by `reply.serializer`.
 * @param toPlain returns what JSON represents, or throws
 */
export function checkJsonAnswers(app: FastifyInstance, toPlain: (value: unknown) => unknown): void {
  const { setReplySerializer } = app;
  app.setReplySerializer = function (this: Marked, serializer) {
    this[HAS_SERIALIZER] = true;
    return setReplySerializer.call(this, serializer);
  } as typeof setReplySerializer;
  app.addHook('preSerialization', function (this: Marked, request, reply, payload, done) {
    // Nearly every answer is plain, so who chose the form is asked last.
    const isChosen = (): boolean =>
      this[HAS_SERIALIZER] === true || request.routeOptions.schema?.response !== undefined || hasSerializer(reply);
    let plain: unknown;
    try {
      plain = toPlain(payload);
    } catch (error) {
      if (isChosen()) done(null, payload);
      else done(error as Error);
      return;
    }
    done(null, plain === payload || isChosen() ? payload : plain);
  });
}

let key: symbol | undefined;

/** Fastify has no method that tells whether `reply.serializer` was called. A test of the ingress fails if the key gets another name. */
function hasSerializer(reply: FastifyReply): boolean {
  key ??= Object.getOwnPropertySymbols(reply).find(({ description }) => description === 'fastify.reply.serializer');
  const own = key === undefined ? null : (reply as unknown as Readonly<Record<symbol, unknown>>)[key];
  return own !== null && own !== undefined;
}
