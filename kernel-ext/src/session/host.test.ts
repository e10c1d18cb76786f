import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import test from 'node:test';
import { host, willServe } from './host.js';

test('a cell that runs an application will need a cluster', () => {
  assert.ok(willServe("const chat = await serve.run(Chat.bind({ msg: 'Yes' }), { name: 'chat' });"));
  assert.ok(willServe('serve\n  .run (app)'));
});

test('a cell that does not, or that chooses the address itself, starts nothing ahead', () => {
  assert.ok(!willServe('const Chat = serve.deployment(class {});'));
  assert.ok(!willServe('observe.run(task); serve.runner()'));
  assert.ok(!willServe('await serve.start({ port: 9000 });\nawait serve.run(app);'));
});

test('the host loads within one turn, so that no cell meets it half loaded', async () => {
  // Node 20 cannot require a module that is being imported, and a cell that uses `serve` requires nbserve.
  const turn = new Promise<'turn'>((resolve) => setImmediate(() => resolve('turn')));
  assert.notEqual(await Promise.race([host(), turn]), 'turn');
  assert.equal(typeof createRequire(import.meta.url)('nbserve').serve, 'object');
});
