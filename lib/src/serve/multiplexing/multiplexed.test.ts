import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isNbserveError, systemClock } from '../../core/index.js';
import { enterRequest, getMultiplexedModelId } from '../context/index.js';
import { ModelCache } from './model-cache.js';
import { disposeModels, multiplexed } from './multiplexed.js';

test('the ids kept are those asked for last; what was loaded is kept or freed', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.constantFrom(...'abcdef'), { maxLength: 30 }),
      async (max, asked) => {
        const alive = new Map<string, number>();
        const count = (id: string, by: number) => alive.set(id, (alive.get(id) ?? 0) + by);
        const load = async (id: string) => {
          count(id, 1);
          return { dispose: () => count(id, -1) };
        };
        const cache = new ModelCache({ label: 'getModel', load, max, clock: systemClock, warn: () => {} });
        for (const id of asked) await cache.get(id, null);
        const recent = [...new Set([...asked].reverse())].slice(0, max).reverse();
        assert.deepEqual(cache.ids, recent);
        await new Promise(setImmediate);
        assert.deepEqual(
          [...alive]
            .filter(([, n]) => n > 0)
            .map(([id]) => id)
            .sort(),
          [...recent].sort(),
        );
        await cache.close();
        assert.ok([...alive.values()].every((n) => n === 0));
      },
    ),
    { numRuns: 50 },
  );
});

class Server {
  readonly events: string[] = [];

  @multiplexed({ maxNumModelsPerReplica: 2 })
  async getModel(id: string) {
    this.events.push(`load ${id}`);
    await null;
    if (id.startsWith('bad')) throw new Error(`there is no ${id}`);
    return {
      id,
      [Symbol.asyncDispose]: async () => {
        this.events.push(`free ${id}`);
      },
    };
  }
}

test('loads of one id are joined, and one that failed is tried again', async () => {
  const server = new Server();
  const [one, two] = await Promise.all([server.getModel('a'), server.getModel('a')]);
  assert.equal(one, two);
  await assert.rejects(server.getModel('bad'), /no bad/);
  await assert.rejects(server.getModel('bad'), /no bad/);
  assert.deepEqual(server.events, ['load a', 'load bad', 'load bad']);
  await assert.rejects(server.getModel(''), isNbserveError);
  await assert.rejects(server.getModel(3 as never), isNbserveError);
  assert.throws(() => multiplexed({ maxNumModelsPerReplica: 0 }), isNbserveError);
});

test('a model is freed when the last request that got it has ended', async () => {
  const server = new Server();
  const leaves: (() => void)[] = [];
  const ask = (id: string) =>
    new Promise<void>((resolve, reject) => {
      const context = enterRequest(
        id,
        null,
        '',
        () => void server.getModel(getMultiplexedModelId()).then(() => resolve(), reject),
      );
      if (context !== null) leaves.push(() => context.end());
    });
  await ask('a');
  await ask('a');
  await ask('b');
  const asked = ask('c');
  await new Promise(setImmediate);
  leaves[0]?.();
  await new Promise(setImmediate);
  assert.deepEqual(server.events, ['load a', 'load b'], 'a is still in use');
  leaves[1]?.();
  await asked;
  assert.deepEqual(server.events.slice(2), ['free a', 'load c']);
  await disposeModels(server);
  assert.deepEqual(server.events.slice(4).sort(), ['free b', 'free c']);
});

test('the id belongs to its request, over awaits and timers', async () => {
  const seen: string[] = [];
  await Promise.all(
    ['x', 'y', ''].map(
      (id) =>
        new Promise<void>((resolve) => {
          enterRequest(id, null, '', () => {
            void Promise.resolve().then(() =>
              setTimeout(() => {
                seen.push(getMultiplexedModelId());
                resolve();
              }, 1),
            );
          });
        }),
    ),
  );
  assert.deepEqual(seen, ['x', 'y', '']);
  assert.equal(getMultiplexedModelId(), '');
});
