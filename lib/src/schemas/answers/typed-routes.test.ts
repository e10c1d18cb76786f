import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NbserveError } from '../../core/index.js';
import type { RouteVerb } from '../class-schema.js';
import type { TypedAnswer } from '../typed-answer.js';
import { TypedRoutes } from './typed-routes.js';

/** Answers with the bytes of a page, or with the path of the route. */
function answersOf(paths: readonly (readonly [RouteVerb, string])[], mcp = false, prefix = '/things') {
  const routes = paths.map(
    ([verb, path]) =>
      ({ method: path, verb, path, takes: [], isBatched: false, params: [], result: { form: 'json', schema: {} } }) as const,
  );
  const routed = new TypedRoutes({
    schema: { name: 'Things', routes, defs: {} },
    method: (name) => () => name,
    parse: JSON.parse,
    toPlain: (value) => value,
    failureOf: (thrown) => thrown as NbserveError,
    fetch: null,
    mcp,
  });
  return async (method: string, path: string): Promise<string> => {
    const text = async () => '{"jsonrpc":"2.0","id":1,"method":"ping"}';
    const request = { text, signal: null, limitBody: () => {} } as never;
    const answer = await routed.answer(request, { method, url: `${prefix}${path}`, prefix, requestId: 'r' });
    return String(Buffer.from((answer as TypedAnswer).bytes as Uint8Array));
  };
}

test('a page is preferred to a route whose parameter could be its name, and a route with its path to it', async () => {
  const one = answersOf([['get', '/:id']], true);
  assert.match(await one('GET', '/docs'), /<html/);
  assert.match(await one('HEAD', '/docs'), /<html/);
  assert.match(await one('GET', '/openapi.json'), /"\/{id}":{"get"/);
  assert.match(await one('GET', '/other'), /:id/);
  const both = answersOf([
    ['get', '/docs'],
    ['post', '/:x'],
  ]);
  assert.match(await both('GET', '/docs'), /^"\/docs"$/);
  // Without the option, /mcp is no page.
  assert.match(await both('POST', '/mcp'), /:x/);
  assert.match(await both('POST', '/docs'), /:x/);
  assert.match(await answersOf([['post', '/:x']], true)('POST', '/mcp'), /"jsonrpc"/);
});

test('the slash at the end of the address of an application is not doubled', async () => {
  const root = answersOf([['get', '/one']], false, '/');
  assert.match(await root('GET', '/one?x=//y'), /^"\/one"$/);
  assert.match(await root('GET', '/docs'), /<html/);
  assert.match(await root('GET', 'one'), /^"\/one"$/);
  assert.match(await answersOf([['get', '/one']])('GET', '//one'), /^"\/one"$/);
  await assert.rejects(root('GET', '//one'), { code: 'NBS_NO_SUCH_ROUTE' });
});
