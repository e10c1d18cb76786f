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

test('host names are given without what is not compared', () => {
  const names = ['models.example.org', 'Models.Example.org', 'models', '10.0.0.7', 'fd00::1', '[fd00::1]', '*'];
  assert.deepEqual(httpOf({ allowedHosts: names }).allowedHosts, names);
  for (const name of ['models.example.org:8443', 'https://models.example.org', '*.example.org', '[fd00::1]:80', 'a/b', '']) {
    assert.throws(() => httpOf({ allowedHosts: [name] }), { code: 'NBS_INVALID_OPTION' }, name);
  }
});
