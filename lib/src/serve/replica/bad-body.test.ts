import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromWireError, toldText, toWireError } from '../../core/index.js';
import { notObject } from './bad-body.js';

test('the error about a body without members shows in which line the code failed', () => {
  const thrown = new TypeError("Cannot read properties of null (reading 'id')");
  thrown.stack = `TypeError: ${thrown.message}\n    at Memory.fetch (cell[15].ts:9:13)\n    at run (/nbserve/replica.js:1:2)`;
  const error = notObject(thrown, 'null');
  assert.match(error?.stack ?? '', /^NbserveError: the request body is null, .*\n {4}at Memory\.fetch \(cell\[15\]\.ts:9:13\)\n/);
  assert.doesNotMatch(error?.stack ?? '', /notObject/);
  assert.equal(error?.cause, thrown);
  // The message of user code is not for clients, in other processes neither.
  for (const one of [error as Error, fromWireError(toWireError(error))]) {
    assert.match(one.message, /Cannot read properties/);
    assert.equal(
      toldText(one),
      'the request body is null, but the handler expects something else; send what it reads, for example a JSON object',
    );
  }
  // Code may throw what has no stack.
  thrown.stack = undefined as never;
  assert.equal(notObject(thrown, 'null')?.code, 'NBS_BODY_NOT_OBJECT');
  assert.equal(notObject(thrown, null), null);
});
