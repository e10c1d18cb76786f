/** Texts that Responses of this process were made of, so that sending one need not read its stream. */
const texts = new WeakMap<Response, string>();

let installed = false;

/** Remembers the text that a Response is made of. `Response` stays what it is in every other way. */
export function installResponse(): void {
  if (installed) return;
  installed = true;
  const Native = globalThis.Response;
  const remember = <T extends Response>(response: T, body: unknown): T => {
    if (typeof body === 'string') texts.set(response, body);
    return response;
  };
  // As https://fetch.spec.whatwg.org/#dom-response-json says, with the text at hand.
  const json = (data: unknown, init?: ResponseInit): Response => {
    const text = JSON.stringify(data);
    if (text === undefined) return Native.json(data, init);
    const headers = new Headers(init?.headers);
    if (!headers.has('content-type')) headers.set('content-type', 'application/json');
    return remember(new Native(text, { ...init, headers }), text);
  };
  globalThis.Response = new Proxy(Native, {
    construct: (target, args, newTarget) => remember(Reflect.construct(target, args, newTarget) as Response, args[0]),
    get: (target, key) => (key === 'json' ? json : (target as unknown as Record<PropertyKey, unknown>)[key]),
  });
}

/** The whole body where it is known and nobody has begun to read it. */
export function textOf(response: Response): string | undefined {
  const text = texts.get(response);
  return text === undefined || response.bodyUsed || response.body?.locked === true ? undefined : text;
}
