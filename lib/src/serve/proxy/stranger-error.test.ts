import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NbserveError } from '../../core/index.js';
import { strangerError } from './stranger-error.js';

test('an answer over the limit is said to be one, and the application has refused nothing', () => {
  const error = new NbserveError({
    code: 'NBS_MESSAGE_TOO_LARGE',
    status: 413,
    message: 'a message of 20 bytes began',
    details: {},
  });
  assert.deepEqual(strangerError(error, 413), {
    code: 'NBS_MESSAGE_TOO_LARGE',
    message: 'a message of the answer is larger than this server sends',
    withholds: true,
  });
});
