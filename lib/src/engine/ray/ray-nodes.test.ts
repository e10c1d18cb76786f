import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RayRefused } from './errors.js';
import { RayNodes } from './ray-nodes.js';

test('a start does not wait for a node whose agent Ray refuses to run, and says why', { timeout: 20_000 }, async () => {
  const nodes = new RayNodes({
    api: {
      nodes: async () => [{ id: '1234567890', ip: '10.0.0.2', isHead: true, isAlive: true, resources: { CPU: 2 } }] as never,
      submit: async () => {
        throw RayRefused({ address: 'http://ray', reason: 'no such entrypoint' });
      },
      job: async () => undefined,
      logs: async () => '',
      stop: async () => {},
      remove: async () => {},
      close() {},
    },
    cluster: 'c',
    main: '/main.js',
    address: { address: '10.0.0.1:1', pin: 'p' },
    admit() {},
    log: { info() {}, warn() {} },
  });
  nodes.open();
  const [missing = ''] = await nodes.gathered;
  assert.match(missing, /^node ray-12345678 \(10\.0\.0\.2\) has not joined: .*no such entrypoint/);
  await nodes.close();
});
