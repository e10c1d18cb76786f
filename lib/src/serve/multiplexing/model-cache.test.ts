import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { HandClock } from '../../core/hand-clock.test-support.js';
import { isNbserveError } from '../../core/index.js';
import { enterBatch, enterRequest, type RequestContext, requestContext } from '../context/index.js';
import { ModelCache } from './model-cache.js';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Models whose loads and disposals are counted. The test decides how long these take. */
class Shelf {
  live = 0;
  most = 0;
  readonly loads: string[] = [];
  readonly loading = new Set<string>();
  readonly copies = new Map<string, number>();
  readonly disposed = new Set<object>();
  readonly clock = new HandClock();
  readonly cache: ModelCache;

  readonly #how: { load?: (id: string) => Promise<unknown>; dispose?: (id: string) => Promise<unknown> };

  constructor(max: number, how: { load?: (id: string) => Promise<unknown>; dispose?: (id: string) => Promise<unknown> } = {}) {
    this.#how = how;
    this.cache = new ModelCache({ label: 'getModel', load: (id) => this.#load(id), max, clock: this.clock, warn: () => {} });
  }

  async #load(id: string): Promise<object> {
    assert.ok(!this.loading.has(id), `${id} is loaded twice at a time`);
    this.loads.push(id);
    this.loading.add(id);
    this.live += 1;
    this.most = Math.max(this.most, this.live);
    this.copies.set(id, (this.copies.get(id) ?? 0) + 1);
    assert.equal(this.copies.get(id), 1, `${id} is there twice`);
    const gone = (): void => {
      this.live -= 1;
      this.copies.set(id, (this.copies.get(id) ?? 0) - 1);
    };
    try {
      await (this.#how.load?.(id) ?? turn());
    } catch (error) {
      gone();
      throw error;
    } finally {
      this.loading.delete(id);
    }
    const model = {
      id,
      [Symbol.asyncDispose]: async () => {
        try {
          await (this.#how.dispose?.(id) ?? null);
        } finally {
          this.disposed.add(model);
          gone();
        }
      },
    };
    return model;
  }
}

function request(id: string): RequestContext {
  return enterRequest(id, null, '', () => {}) as RequestContext;
}

test('of many requests at once no more models are there than the limit, and each is loaded once', async () => {
  const shelf = new Shelf(2);
  await Promise.all(
    Array.from({ length: 200 }, async (_, i) => {
      const context = request(`m${i % 8}`);
      const model = (await shelf.cache.get(`m${i % 8}`, context)) as object;
      await turn();
      assert.ok(!shelf.disposed.has(model), 'a model in use was freed');
      context.end();
    }),
  );
  assert.equal(shelf.most, 2);
  assert.equal(shelf.loads.length, 8);
});

test('a bound on live models, one copy of each, nothing freed in use, everybody answered', async () => {
  const step = fc.record({
    id: fc.constantFrom(...'abcde'),
    also: fc.option(fc.constantFrom(...'abcde'), { nil: null }),
    holdsTurns: fc.integer({ min: 0, max: 4 }),
    waitsTurns: fc.integer({ min: 0, max: 6 }),
    cancelAfterTurns: fc.option(fc.integer({ min: 0, max: 4 }), { nil: null }),
    outside: fc.boolean(),
  });
  const fault = fc.record({
    failing: fc.subarray([...'abcde'], { maxLength: 2 }),
    throwing: fc.subarray([...'abcde'], { maxLength: 2 }),
    slowLoad: fc.integer({ min: 0, max: 3 }),
    slowDispose: fc.integer({ min: 0, max: 3 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 3 }), fc.array(step, { maxLength: 25 }), fault, async (max, steps, faults) => {
      const turns = async (n: number): Promise<void> => {
        for (let i = 0; i < n; i += 1) await turn();
      };
      const shelf = new Shelf(max, {
        load: async (id) => {
          await turns(faults.slowLoad);
          if (faults.failing.includes(id)) throw new Error(`there is no ${id}`);
        },
        dispose: async (id) => {
          await turns(faults.slowDispose);
          if (faults.throwing.includes(id)) throw new Error(`${id} does not go`);
        },
      });
      const ask = async ({ id, also, holdsTurns, waitsTurns, cancelAfterTurns, outside }: (typeof steps)[number]) => {
        await turns(waitsTurns);
        const context = outside ? null : request(id);
        if (cancelAfterTurns !== null) void turns(cancelAfterTurns).then(() => context?.cancel('it left'));
        try {
          const held = [(await shelf.cache.get(id, context)) as object & { id: string }];
          assert.equal(held[0]?.id, id);
          if (also !== null) held.push((await shelf.cache.get(also, context)) as (typeof held)[number]);
          await turns(holdsTurns);
          if (context !== null) for (const model of held) assert.ok(!shelf.disposed.has(model), 'freed in use');
        } catch (error) {
          const { message, name } = error as Error;
          const isMeant = /there is no/.test(message) || name === 'AbortError' || isNbserveError(error);
          if (!isMeant) throw error;
        } finally {
          context?.end();
        }
        assert.ok(shelf.live <= max);
      };
      await Promise.all(steps.map(ask));
      assert.ok(shelf.most <= max, `${shelf.most} models at a time, of ${max}`);
      await shelf.cache.close();
      assert.equal(shelf.live, 0);
    }),
    { numRuns: 300 },
  );
});

test('a model in use that another load waits for is given to who asks for it, and not loaded twice', async () => {
  const shelf = new Shelf(1);
  const [first, second, third] = [request('a'), request('b'), request('a')];
  const a = await shelf.cache.get('a', first);
  const b = shelf.cache.get('b', second);
  await turn();
  assert.equal(await shelf.cache.get('a', third), a);
  first.end();
  await turn();
  assert.deepEqual(shelf.loads, ['a'], 'the third request uses it still');
  third.end();
  await b;
  assert.deepEqual(shelf.loads, ['a', 'b']);
});

test('a load that waits for a model in constant use comes to its turn', async () => {
  const shelf = new Shelf(1);
  let last = request('a');
  await shelf.cache.get('a', last);
  const waiting = request('b');
  const b = shelf.cache.get('b', waiting);
  let served = false;
  void b.then(() => {
    served = true;
  });
  const later: Promise<unknown>[] = [];
  for (let i = 0; i < 50 && !served; i += 1) {
    const next = request('a');
    later.push(shelf.cache.get('a', next).then(() => next.end()));
    await shelf.clock.pass(100);
    last.end();
    last = next;
    await turn();
  }
  await b;
  waiting.end();
  await Promise.all(later);
  assert.deepEqual(shelf.loads.slice(0, 3), ['a', 'b', 'a']);
  assert.equal(shelf.most, 1);
});

test('who holds a model and asks for another one that can never have a place is told so', async () => {
  const shelf = new Shelf(1);
  const one = request('a');
  await shelf.cache.get('a', one);
  await assert.rejects(shelf.cache.get('b', one), { code: 'NBS_MODELS_IN_USE', message: /holds a .*maxNumModelsPerReplica/ });
  one.end();
  const other = request('b');
  const both = await Promise.allSettled([shelf.cache.get('b', other), shelf.cache.get('c', other)]);
  assert.deepEqual(
    both.map(({ status }) => status),
    ['fulfilled', 'rejected'],
  );
});

test('of two requests that wait for each other one is told so, and the other one goes on', async () => {
  const shelf = new Shelf(2);
  const [one, two] = [request('a'), request('b')];
  await shelf.cache.get('a', one);
  await shelf.cache.get('b', two);
  const c = shelf.cache.get('c', one);
  await assert.rejects(shelf.cache.get('d', two), { code: 'NBS_MODELS_IN_USE' });
  two.end();
  assert.ok(await c);
});

test('a batch that waits for a model which one of its own requests keeps from it is told so', async () => {
  const shelf = new Shelf(1);
  const one = request('a');
  await shelf.cache.get('a', one);
  let batch: RequestContext | null = null;
  batch = enterBatch('b', [one], () => {});
  await assert.rejects(shelf.cache.get('b', batch), { code: 'NBS_MODELS_IN_USE' });
  assert.ok(await shelf.cache.get('a', batch));
});

test('a request that tries a load that fails again and again keeps nothing of it', async () => {
  const shelf = new Shelf(1, { load: () => Promise.reject(new Error('no such file')) });
  const context = request('a');
  const held = new Set<() => void>();
  const { hold, unhold } = context;
  context.hold = (release) => {
    held.add(release);
    hold.call(context, release);
  };
  context.unhold = (release) => {
    held.delete(release);
    unhold.call(context, release);
  };
  for (let i = 0; i < 3; i += 1) await assert.rejects(shelf.cache.get('a', context), /no such file/);
  assert.deepEqual([shelf.loads.length, held.size], [3, 0]);
  context.end();
});

test('a load goes on without the request that asked for it, and fails only its own callers', async () => {
  let finish = (): void => {};
  const shelf = new Shelf(1, {
    load: (id) =>
      id === 'bad'
        ? Promise.reject(new Error('there is no bad'))
        : new Promise<void>((resolve) => {
            finish = resolve;
          }),
  });
  const [leaver, stayer] = [request('a'), request('a')];
  const left = shelf.cache.get('a', leaver);
  const stayed = shelf.cache.get('a', stayer);
  const waits = request('c');
  const gone = shelf.cache.get('c', waits);
  leaver.cancel('it left');
  waits.cancel('it left');
  await assert.rejects(left, { name: 'AbortError', message: /it left/ });
  await assert.rejects(gone, { name: 'AbortError' });
  finish();
  assert.ok(await stayed);
  leaver.end();
  stayer.end();
  await assert.rejects(shelf.cache.get('bad', request('bad')), /there is no bad/);
  assert.deepEqual(shelf.loads, ['a', 'bad'], 'nobody waits for c any more');
});

test('a place is free when the model before has been disposed of, even if that throws', async () => {
  let finish = (): void => {};
  const shelf = new Shelf(1, {
    dispose: (id) =>
      new Promise<void>((resolve, reject) => {
        finish = () => (id === 'b' ? reject(new Error('it does not go')) : resolve());
      }),
  });
  for (const [id, next] of ['ab', 'bc']) {
    const context = request(id as string);
    await shelf.cache.get(id as string, context);
    context.end();
    const following = shelf.cache.get(next as string, null);
    await turn();
    assert.ok(!shelf.loads.includes(next as string), 'the model before is still there');
    finish();
    await following;
  }
  assert.deepEqual(shelf.loads, ['a', 'b', 'c']);
});

test('what a model got of another cache stays for as long as the model does, and goes with it', async () => {
  const bases = new Shelf(1);
  const adapters = new Shelf(2, { load: (id) => bases.cache.get(`base of ${id}`, requestContext()) });
  const one = request('x');
  await adapters.cache.get('x', one);
  const two = request('y');
  const y = adapters.cache.get('y', two);
  await turn();
  assert.deepEqual(bases.loads, ['base of x'], 'x is in use, and its base with it');
  one.end();
  await y;
  assert.deepEqual(bases.loads, ['base of x', 'base of y']);
  assert.deepEqual(adapters.cache.ids, ['y']);
});

test('a load that waits for long says what it waits for', async () => {
  const lines: string[] = [];
  const clock = new HandClock();
  const cache = new ModelCache({
    label: 'getModel',
    load: async (id) => id,
    max: 1,
    clock,
    warn: (line) => void lines.push(line),
  });
  await cache.get('a', request('a'));
  void cache.get('b', request('b'));
  await turn();
  await clock.pass(30_000);
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? '', /getModel: model b has waited .* for room: a is in use by 1 request/);
});

test('ten thousand ids that wait at the same time are all loaded, in their order', async () => {
  const ids = Array.from({ length: 10_000 }, (_, i) => `m${i}`);
  const shelf = new Shelf(2, { load: async () => {}, dispose: async () => {} });
  // If each step looked at all that wait, the time would grow with the square of their number: 33 s for 4,000.
  await Promise.all(ids.map((id) => shelf.cache.get(id, null)));
  assert.deepEqual(shelf.loads, ids);
  assert.equal(shelf.most, 2);
});
