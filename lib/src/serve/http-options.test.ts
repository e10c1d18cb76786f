import assert from 'node:assert/strict';
import { test } from 'node:test';
import { httpOf } from './http-options.js';

test('origins are given as browsers write them', () => {
  const origins = ['https://app.example', 'http://[::1]:8080', 'chrome-extension://abc', 'null', '*'];
  assert.deepEqual(httpOf({ allowedOrigins: origins }).allowedOrigins, origins);
  for (const origin of ['https://app.example/', 'https://App.example', 'app.example', 'https://app.example/page', '']) {
    assert.throws(() => httpOf({ allowedOrigins: [origin] }), { code: 'NBS_INVALID_OPTION' }, origin);
  }
});
