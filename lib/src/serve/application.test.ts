import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkRoutePrefix } from './application.js';

test('a route prefix is as clients send it', () => {
  for (const same of [null, '/', '/chat', '/a/b-c.d', '/caf%C3%A9', '/-a', '/..a', '/a/-'])
    assert.equal(checkRoutePrefix(same), same);
  assert.equal(checkRoutePrefix('/café/größe'), '/caf%C3%A9/gr%C3%B6%C3%9Fe');
  for (const prefix of ['/café', '/数字', '/a"b']) {
    const sent = new URL(`http://127.0.0.1${prefix}/x`).pathname;
    assert.equal(`${checkRoutePrefix(prefix)}/x`, sent);
  }
});

test('a route prefix that no request can have is refused', () => {
  const wrong = [
    '',
    'chat',
    '/a/',
    '//a',
    '/a b',
    '/a?b',
    '/a#b',
    '/{a}',
    '/-',
    '/-/a',
    '/.',
    '/a/..',
    '/../a',
    '/a/%2E%2e/b',
    '/a\\b',
    1,
  ];
  for (const prefix of wrong) assert.throws(() => checkRoutePrefix(prefix), { code: 'NBS_INVALID_ROUTE_PREFIX' }, String(prefix));
});
