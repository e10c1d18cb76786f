import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Encodings that `fetch` decodes in every version of Node. */
const DECODED = new Set(['gzip', 'x-gzip', 'deflate', 'br']);
/** A newer encoding. Whether this Node decodes it is tested once. */
const TRIED = 'zstd';

/** Headers that describe the bytes as they were sent, and not the bytes that `fetch` has decoded. */
const OF_THE_ENCODED = [
  'content-encoding',
  'content-length',
  'content-range',
  'content-md5',
  'content-digest',
  'repr-digest',
  'digest',
];

/**
 * Gives a Response of `fetch` headers that fit its body. fetch decodes a compressed body and leaves the headers as they were, so code that passes
 * both on (`return await fetch(url)`, `new Response(up.body, up)`) would send a broken answer. As Deno does, this removes those headers.
 * A body that user code has compressed is not changed, because its headers belong to user code.
 */
export async function fitHeaders(response: Response): Promise<Response> {
  const coding = response.headers.get('content-encoding');
  if (coding === null || response.body === null || !(await isDecoded(coding))) return response;
  return fitted(response);
}

/** The headers that fit the body of a Response of another implementation, whose `fetch` is not the one of this process. */
export async function fittingHeaders(response: Response): Promise<Headers> {
  const coding = response.headers.get('content-encoding');
  if (coding === null || response.body === null || !(await isDecoded(coding))) return response.headers;
  return withoutEncoding(response.headers);
}

function fitted(response: Response): Response {
  const headers = withoutEncoding(response.headers);
  const clone = response.clone.bind(response);
  return Object.defineProperties(response, {
    headers: { value: headers, configurable: true },
    clone: { value: () => fitted(clone()), configurable: true, writable: true },
  });
}

function withoutEncoding(given: Headers): Headers {
  const headers = new Headers(given);
  for (const name of OF_THE_ENCODED) headers.delete(name);
  return headers;
}

/** fetch decodes all encodings of a body or, if it does not know one of them, none. */
async function isDecoded(header: string): Promise<boolean> {
  for (const coding of header.toLowerCase().split(',')) {
    const name = coding.trim();
    if (!DECODED.has(name) && !(name === TRIED && (await decodesZstd()))) return false;
  }
  return true;
}

let zstd: Promise<boolean> | null = null;

/** Tries it with this process's own fetch: there is no other way to find out. */
function decodesZstd(): Promise<boolean> {
  zstd ??= new Promise((resolve) => {
    const server = createServer((_request, response) => {
      response.writeHead(200, { 'content-encoding': TRIED, connection: 'close' }).end(PROBE);
    });
    const settle = (decodes: boolean): void => {
      server.close();
      resolve(decodes);
    };
    server.once('error', () => settle(false));
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      nativeFetch(`http://127.0.0.1:${port}/`)
        .then((response) => response.text())
        .then(
          (text) => settle(text !== PROBE),
          () => settle(true),
        );
    });
  });
  return zstd;
}

/** This is not valid zstd, so a fetch that decodes zstd fails on it. */
const PROBE = 'plain';
const nativeFetch = globalThis.fetch;
