import assert from 'node:assert/strict';
import { it } from 'node:test';
import { app, deployment } from '../sample-apps.test-support.js';
import { validateApp } from './validate.js';

it('refuses applications that the deciders cannot work with, saying what is wrong', () => {
  const chat = deployment('Chat', 'a');
  validateApp(app('ok', [deployment('Inner', 'i'), { ...chat, dependencies: ['Inner'] }]));
  assert.throws(() => validateApp(app('', [chat])), /name must not be empty/);
  assert.throws(() => validateApp(app('a/b', [chat])), /hold no '\/'/);
  assert.throws(() => validateApp(app('none', [])), /its ingress {2}is none of its deployments/);
  assert.throws(() => validateApp(app('twice', [chat, chat])), /two deployments are called Chat/);
  assert.throws(() => validateApp(app('odd', [deployment('A@1', 'a')])), /must hold none of/);
  for (const name of ['a\nb', 'a\x1b[31m', 'a\u202eb', '__proto__']) {
    assert.throws(() => validateApp(app(name, [chat])), /cannot be a name or a route/);
    assert.throws(() => validateApp(app('odd', [deployment(name, 'a')])), /cannot be a name or a route/);
  }
  assert.throws(() => validateApp(app('odd', [deployment('A', 'a', { numReplicas: Number.NaN })])), /no number of replicas/);
  assert.throws(
    () => validateApp(app('cycle', [{ ...chat, dependencies: ['Chat'] }])),
    /depends on Chat, which is not listed before/,
  );
});
