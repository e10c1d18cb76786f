import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PrefixTable } from './prefix-table.js';

const table = (prefixes: readonly string[]): PrefixTable =>
  new PrefixTable(prefixes.map((prefix) => ({ prefix, app: prefix, deployment: 'd' })));

/** Finds the route in the simplest possible way. */
function expected(prefixes: readonly string[], url: string): string | undefined {
  const path = url.split('?', 1)[0] ?? '';
  return [...prefixes]
    .sort((a, b) => b.length - a.length)
    .find((prefix) => prefix === '/' || path === prefix || path.startsWith(`${prefix}/`));
}

test('the longest prefix of whole segments is found', () => {
  const all = table(['/', '/chat', '/chat/v2', '/x']);
  const cases = {
    '/': '/',
    '/chat': '/chat',
    '/chats': '/',
    '/chat/': '/chat',
    '/chat?q=/x': '/chat',
    '/chat/v2/a': '/chat/v2',
    '/x//y': '/x',
  };
  for (const [url, prefix] of Object.entries(cases)) assert.equal(all.match(url)?.prefix, prefix, url);
  assert.equal(table(['/chat']).match('/'), undefined);
});

test('it agrees with the definition on any paths', () => {
  const path = fc.array(fc.constantFrom('a', 'b', 'ab', ''), { maxLength: 4 }).map((parts) => `/${parts.join('/')}`);
  const prefix = path.map((text) => text.replace(/\/+/g, '/').replace(/(.)\/$/, '$1'));
  fc.assert(
    fc.property(fc.uniqueArray(prefix), path, fc.constantFrom('', '?a/b'), (prefixes, url, query) => {
      assert.equal(table(prefixes).match(url + query)?.prefix, expected(prefixes, url + query));
    }),
  );
});
