import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { formatError } from './traceback.js';

/** The line with the fields of an error that has these. */
const shown = (fields: object): string | undefined =>
  formatError(Object.assign(new Error('failed'), fields))
    .traceback.find((line) => line.startsWith('  {'))
    ?.trim();

const fails = (): never => {
  throw new Error('closed');
};

test('an error is shown whatever its fields are', () => {
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  const odd = [
    Object.defineProperty({}, Symbol.toStringTag, { get: fails }),
    { [inspect.custom]: fails },
    Object.defineProperty({}, 'constructor', { get: fails }),
    Object.defineProperty(new Error('inner'), 'message', { get: fails }),
    Object.defineProperty(new Error('inner'), 'stack', { get: fails }),
    new Proxy({}, { ownKeys: fails, get: fails }),
    revoked.proxy,
  ];
  for (const [i, conn] of odd.entries()) {
    assert.equal(formatError(Object.assign(new Error('query failed'), { conn })).evalue, 'query failed', `field ${i}`);
    assert.match(formatError(new Error('outer', { cause: conn })).traceback.join('\n'), /outer/, `cause ${i}`);
    assert.ok(formatError(conn).traceback.length > 0, `thrown ${i}`);
  }
  assert.equal(formatError(Object.assign(new AggregateError([], 'many'), { errors: null })).evalue, 'many');
});

test('fields are shown with those of their values if the text stays short', () => {
  assert.equal(
    shown({ status: 404, 'a b': 'x', at: new Date(0), none: undefined }),
    "{ status: 404, 'a b': 'x', at: 1970-01-01T00:00:00.000Z, none: undefined }",
  );
  assert.equal(
    shown({ body: { detail: ['a'], inner: { b: 1 } }, list: [1, { c: 1 }] }),
    '{ body: { detail: [Array], inner: [Object] }, list: [ 1, [Object] ] }',
  );
  assert.equal(shown({ body: { text: 'a'.repeat(190), more: 'b'.repeat(190), rest: 'c'.repeat(190) } }), '{ body: [Object] }');
  assert.equal(shown({ seen: new Map([[1, 2]]), bytes: new Float32Array(1e6) }), '{ seen: [Map], bytes: [Float32Array] }');
  assert.equal(shown(Object.defineProperty({}, 'own', { get: fails })), undefined);
});

test('functions are left out, and errors are shown without their stacks', () => {
  assert.equal(shown({ addIssue: () => 1 }), undefined);
  assert.equal(shown({ issues: [{ path: 'a' }], addIssue: () => 1 }), '{ issues: [ [Object] ] }');
  assert.equal(shown({ original: new TypeError('not\n  there') }), '{ original: [TypeError: not there] }');
});

test('the text of fields has a limit, whatever their number and size', () => {
  const words = Array.from({ length: 300_000 }, (_, i) => `word${i}`);
  const vocabulary = Object.fromEntries(words.map((word, i) => [word, i]));
  assert.equal(shown({ vocabulary }), '{ vocabulary: [Object] }');
  assert.equal(
    shown({ words }),
    `{ words: [ ${words
      .slice(0, 10)
      .map((word) => `'${word}'`)
      .join(', ')}, … 299990 more ] }`,
  );
  assert.match(
    shown(Object.fromEntries(words.slice(0, 2000).map((word) => [word, 1]))) ?? '',
    /^\{ word0: 1, .*word19: 1, … \}$/,
  );
  const long = shown(Object.fromEntries(words.slice(0, 10).map((word) => [word, '😀'.repeat(2000)]))) ?? '';
  assert.ok(long.length <= 501 && long.endsWith('…') && !/[\uD800-\uDBFF](?![\uDC00-\uDFFF])/.test(long), long);
});

test('what may be a secret is hidden', () => {
  assert.equal(
    shown({ config: { apiKey: 'sk-1', url: 'http://a' }, password: 'p', Authorization: ['Bearer x'], maxTokens: 512 }),
    "{ config: { apiKey: [hidden], url: 'http://a' }, password: [hidden], Authorization: [hidden], maxTokens: 512 }",
  );
});

test('an error is called by its class only if a person has named it', () => {
  const names = [
    class HttpError extends Error {},
    class Bad extends TypeError {},
    class e extends Error {},
    class Xt extends TypeError {},
  ];
  assert.deepEqual(
    names.map((one) => formatError(new one('x')).ename),
    ['HttpError', 'Bad', 'Error', 'TypeError'],
  );
});
