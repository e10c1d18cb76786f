/** The texts from which Responses of this process were made. With them, a Response can be sent without reading its stream. */
const texts = new WeakMap<Response, string>();

let installed = false;

/** Remembers the text from which a Response is made. `Response` does not change in any other way. */
export function installResponse(): void {
  if (installed) return;
  installed = true;
  const Native = globalThis.Response;
  const remember = <T extends Response>(response: T, body: unknown): T => {
    if (typeof body === 'string') texts.set(response, body);
    return response;
  };
  // This does what https://fetch.spec.whatwg.org/#dom-response-json says, but also keeps the text.
  const json = (data: unknown, init?: ResponseInit): Response => {
    const text = JSON.stringify(data);
    if (text === undefined || (typeof init !== 'object' && init !== undefined)) return Native.json(data, init);
    // The members are read by name, because those of another Response, as in `Response.json(error, upstream)`, are not its own.
    const { status = 200, statusText = '', headers: given } = init ?? {};
    const headers = new Headers(given);
    if (!headers.has('content-type')) headers.set('content-type', 'application/json');
    return remember(new Native(text, { status, statusText, headers }), text);
  };
  globalThis.Response = new Proxy(Native, {
    construct: (target, args, newTarget) => remember(Reflect.construct(target, args, newTarget) as Response, args[0]),
    get: (target, key) => (key === 'json' ? json : (target as unknown as Record<PropertyKey, unknown>)[key]),
  });
}

/** The whole body, if it is known and nobody has begun to read it. */
export function textOf(response: Response): string | undefined {
  const text = texts.get(response);
  return text === undefined || response.bodyUsed || response.body?.locked === true ? undefined : text;
}
