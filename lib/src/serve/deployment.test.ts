import assert from 'node:assert/strict';
import { test } from 'node:test';
import { batch } from './batching/index.js';
import { DeploymentDefinition, deploymentConfig } from './deployment.js';

test('userConfig is a JSON value', () => {
  const circle: { list: unknown[] } = { list: [] };
  circle.list.push({ circle });
  let deep: unknown = 1;
  for (let i = 0; i < 100_000; i += 1) deep = [deep];
  const shared = { n: 1 };
  const sparse = [1, 2];
  delete sparse[0];
  for (const userConfig of [circle, deep, sparse, [undefined], { n: Number.NaN }, { n: 1n }, new Map(), { f() {} }])
    assert.throws(() => deploymentConfig('D', { userConfig }), { code: 'NBS_INVALID_OPTION' });
  for (const userConfig of [null, 'x', [1, { a: [shared, shared] }], Object.create(null) as object])
    assert.deepEqual(deploymentConfig('D', { userConfig }).userConfig, userConfig);
});

test('hedging has defaults, is checked, and is for idempotent methods', () => {
  const hedgingOf = (hedging: unknown, idempotent: readonly string[] | true = ['fetch']) =>
    deploymentConfig('D', { idempotent, hedging: hedging as never }).hedging;
  assert.deepEqual(hedgingOf({}), { delayMs: 50, maxExtra: 0.1 });
  assert.deepEqual(hedgingOf({ delay: '1s', maxExtra: 1 }, true), { delayMs: 1000, maxExtra: 1 });
  assert.equal(deploymentConfig('D', {}).hedging, undefined);
  assert.throws(() => hedgingOf({}, []), { code: 'NBS_HEDGING_NEEDS_IDEMPOTENT' });
  for (const wrong of [true, [], { maxExtra: 0 }, { maxExtra: 2 }, { maxExtra: '1' }]) {
    assert.throws(() => hedgingOf(wrong), { code: 'NBS_INVALID_OPTION' }, JSON.stringify(wrong));
  }
  assert.throws(() => hedgingOf({ delay: 'soon' }), { code: 'NBS_INVALID_DURATION' });
  assert.throws(() => hedgingOf({ hedgingDelay: 5 }), { code: 'NBS_UNKNOWN_OPTION' });
});

test('a method that the cluster calls itself is not batched', () => {
  class Batched {
    @batch()
    async fetch(requests: Request[]) {
      return requests.map(({ url }) => url);
    }
  }
  class Inherits extends Batched {
    async label(words: string[]) {
      return words;
    }
  }
  class Right {
    @batch()
    async call(words: string[]) {
      return words;
    }
    async fetch(request: Request) {
      return this.call([request.url]);
    }
  }
  const define = (target: new () => object) => new DeploymentDefinition(target, {}, async () => {});
  for (const target of [Batched, Inherits]) {
    assert.throws(() => define(target), {
      code: 'NBS_BATCHED_HOOK',
      message: new RegExp(`^${target.name}: .*fetch.*another method`),
    });
  }
  assert.equal(define(Right).name, 'Right');
});

test('an option that is given as undefined keeps its value, as one that is left out', () => {
  class Chat {}
  const env = { A: 'b' };
  const chat = new DeploymentDefinition(Chat, { numReplicas: 4, requestTimeout: '5s', version: 'v1', env }, async () => {});
  const same = chat.options({ numReplicas: undefined, requestTimeout: undefined, version: undefined, env: undefined } as never);
  assert.deepEqual([same.config, same.version], [chat.config, 'v1']);
  assert.equal(same.configured({ env: undefined, numReplicas: undefined } as never).config.env.variables.A, 'b');
  const scaled = chat.options({ numReplicas: undefined, autoscaling: { maxReplicas: 2 } } as never);
  assert.equal(scaled.config.autoscaling?.maxReplicas, 2);
});
