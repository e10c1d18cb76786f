import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StickyBy } from '../protocol/index.js';
import { stickyKey } from './sticky-key.js';

const headers = ['Host', 'x', 'X-User', 'ada', 'Cookie', 'a=1; session=s%201 ;b=2; empty=', 'X-Empty', ''];

const cases: [string, StickyBy, string, string | undefined][] = [
  ['a header, in any case', { header: 'x-uSER' }, '/', 'ada'],
  ['a header that is not there', { header: 'x-other' }, '/', undefined],
  ['an empty header', { header: 'x-empty' }, '/', undefined],
  ['a cookie among others', { cookie: 'session' }, '/', 's%201'],
  ['the first cookie', { cookie: 'a' }, '/', '1'],
  ['part of a cookie’s name', { cookie: 'sess' }, '/', undefined],
  ['an empty cookie', { cookie: 'empty' }, '/', undefined],
  ['a query parameter', { query: 'user' }, '/x?user=a%20b&user=c', 'a b'],
  ['a query parameter that is not there', { query: 'user' }, '/user=1?u=2', undefined],
  ['no query', { query: 'user' }, '/x', undefined],
];
for (const [name, by, url, key] of cases) test(name, () => assert.equal(stickyKey(by, headers, url), key));

test('no cookies at all', () => assert.equal(stickyKey({ cookie: 'session' }, ['Host', 'x'], '/'), undefined));
