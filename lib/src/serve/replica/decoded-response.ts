import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Codings that `fetch` decodes in every Node. */
const DECODED = new Set(['gzip', 'x-gzip', 'deflate', 'br']);
/** Of newer ones only this: whether it is decoded is tried once. */
const TRIED = 'zstd';

/** They describe the bytes that came over the network, and not those that `fetch` makes of them. */
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
 * What `fetch` gives, with headers that fit its body: fetch decodes a compressed body and leaves the headers as they came, so that
 * whoever passes both on (`return await fetch(url)`, `new Response(up.body, up)`) sends a broken answer. As Deno does, those headers are taken away.
 * A body that is compressed by user code is not touched: its headers are user code's.
 */
export async function fitHeaders(response: Response): Promise<Response> {
  const coding = response.headers.get('content-encoding');
  if (coding === null || response.body === null || !(await isDecoded(coding))) return response;
  return fitted(response);
}

/** Headers that fit the body of a Response of another implementation, whose `fetch` was not ours. */
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

/** fetch decodes all codings of a body or, if it does not know one, none. */
async function isDecoded(header: string): Promise<boolean> {
  for (const coding of header.toLowerCase().split(',')) {
    const name = coding.trim();
    if (!DECODED.has(name) && !(name === TRIED && (await decodesZstd()))) return false;
  }
  return true;
}

let zstd: Promise<boolean> | null = null;

/** Asks this process's own fetch: there is no other way to know. */
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

/** Not zstd, so a fetch that decodes fails on it. */
const PROBE = 'plain';
const nativeFetch = globalThis.fetch;
