import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { httpOf } from './http-options.js';
import { declaredNodes } from './node-options.js';

describe('declaredNodes', () => {
  it('is nothing if nothing was said', () => {
    assert.equal(declaredNodes({}), undefined);
    assert.equal(declaredNodes({ port: 8000 }), undefined);
  });

  it('gives one node no name, and several a name each', () => {
    assert.deepEqual(declaredNodes({ numGpus: 2 }), [{ resources: { gpu: 2 } }]);
    assert.deepEqual(declaredNodes({ nodes: 2 }), [
      { name: 'node-1', resources: {} },
      { name: 'node-2', resources: {} },
    ]);
    assert.deepEqual(declaredNodes({ nodes: [{ name: 'only' }] }), [{ name: 'only', resources: {} }]);
  });

  it('gives each node what is said of all, unless it says otherwise', () => {
    const nodes = [{}, { numGpus: 0, resources: { cpu: 8 } }];
    assert.deepEqual(declaredNodes({ numGpus: 1, resources: { cpu: 2, memory: 100 }, nodes }), [
      { name: 'node-1', resources: { cpu: 2, memory: 100, gpu: 1 } },
      { name: 'node-2', resources: { cpu: 8, memory: 100, gpu: 0 } },
    ]);
  });

  it('refuses a name that a node without one has', () => {
    assert.throws(() => declaredNodes({ nodes: [{ name: 'node-2' }, {}] }), /option name must be a name of its own, got node-2/);
  });
});

describe('httpOf', () => {
  it('has the usual address, and says where proxies are only if that is not usual', () => {
    assert.deepEqual(httpOf({}), { host: '127.0.0.1', port: 'auto' });
    assert.deepEqual(httpOf({ proxyLocation: 'EveryNode', nodes: 3 }), { host: '127.0.0.1', port: 'auto' });
    const head = { host: '0.0.0.0', port: 80, proxyLocation: 'HeadOnly' } as const;
    assert.deepEqual(httpOf({ ...head, nodes: 3 }), head);
  });
});
