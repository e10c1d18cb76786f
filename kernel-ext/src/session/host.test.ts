import assert from 'node:assert/strict';
import test from 'node:test';
import { willServe } from './host.js';

test('a cell that runs an application will need a cluster', () => {
  assert.ok(willServe("const chat = await serve.run(Chat.bind({ msg: 'Yes' }), { name: 'chat' });"));
  assert.ok(willServe('serve\n  .run (app)'));
});

test('a cell that does not, or that chooses the address itself, starts nothing ahead', () => {
  assert.ok(!willServe('const Chat = serve.deployment(class {});'));
  assert.ok(!willServe('observe.run(task); serve.runner()'));
  assert.ok(!willServe('await serve.start({ port: 9000 });\nawait serve.run(app);'));
});
