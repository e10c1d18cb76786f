import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasCode } from '../core/index.js';
import { NotAnIngress } from './errors.js';
import { type FastifyInstance, hasIngress, ingress, isIngress } from './index.js';

test('a class and its subclasses are marked, and the class itself is returned', () => {
  class Base {
    constructor(readonly name: string) {}
    routes(app: FastifyInstance): void {
      app.get('/', async () => this.name);
    }
  }
  assert.equal(hasIngress(), false);
  const Api = ingress(Base);
  assert.equal(hasIngress(), true);
  class Derived extends Base {}
  assert.equal(Api, Base);
  assert.deepEqual([isIngress(Api), isIngress(Derived), isIngress(class {}), isIngress(undefined)], [true, true, false, false]);
  assert.deepEqual(Object.keys(Api), []);
  assert.equal(new Api('a').name, 'a');
});

test('anything but a class is refused', () => {
  for (const value of [() => 1, function routes() {}, null, 'x', { routes() {} }])
    assert.throws(
      () => ingress(value as never),
      (error) => hasCode(error, NotAnIngress),
    );
});
