import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DataPlane } from '../fixtures/data-plane.js';

const ECHO = `exports.default = class Echo {
  constructor(greeting = '') { this.greeting = greeting; }
  async fetch(request) { return { result: this.greeting + (await request.json()).input }; }
  shout(text) { return text.toUpperCase(); }
};`;

test('a JSON request is answered by the class in its replica', async (t) => {
  const plane = await DataPlane.start(t);
  await plane.deploy(ECHO, { args: ['Yes... '] });
  const response = await fetch(plane.url, { method: 'POST', body: '{"input":"hello"}' });
  assert.deepEqual(await response.json(), { result: 'Yes... hello' });
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('content-type'), 'application/json');
  assert.ok(response.headers.get('x-request-id'));
});
