import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { likenessOf, planSpares, type SpareSituation } from './spare-plan.js';

describe('likenessOf', () => {
  const keyOf = (env: Record<string, string>) => likenessOf({ env })?.key;

  it('leaves out what a process may learn later', () => {
    const later = {
      CUDA_VISIBLE_DEVICES: '0',
      OMP_NUM_THREADS: '2',
      VIPS_CONCURRENCY: '2',
      PATH: '/bin',
      NODE_ENV: 'production',
      X: '1',
    };
    assert.deepEqual(likenessOf({ env: later }), likenessOf({ env: {} }));
  });

  it('keeps what counts from the start of a process, in any order', () => {
    assert.deepEqual(likenessOf({ env: { UV_THREADPOOL_SIZE: '2', X: '1' } })?.env, { UV_THREADPOOL_SIZE: '2' });
    assert.equal(keyOf({ TZ: 'UTC', LC_ALL: 'C' }), keyOf({ LC_ALL: 'C', TZ: 'UTC' }));
    assert.notEqual(keyOf({ UV_THREADPOOL_SIZE: '2' }), keyOf({ UV_THREADPOOL_SIZE: '4' }));
  });

  it('tells processes that inherited everything, something and nothing apart', () => {
    const keys = [undefined, [], ['A'], ['A', 'B']].map(
      (inherit) => likenessOf({ env: { X: '1' }, ...(inherit === undefined ? {} : { inherit }) })?.key,
    );
    assert.equal(new Set(keys).size, 4);
    assert.deepEqual(likenessOf({ env: { X: '1' }, inherit: ['A'] })?.inherit, ['A']);
  });

  it('knows what only a process of its own can have', () => {
    for (const name of ['NODE_OPTIONS', 'NODE_PATH', 'NODE_EXTRA_CA_CERTS', 'LD_PRELOAD', 'SSL_CERT_FILE', 'NBSERVE_HOME']) {
      assert.equal(likenessOf({ env: { [name]: 'x' } }), null, name);
    }
  });
});

describe('planSpares', () => {
  const situation: SpareSituation = { wanted: 1, spares: [], boots: false, key: 'a', notBefore: 0, now: 0 };
  const spare = (id: string, key: string) => ({ id, key });

  it('starts one if there is none, and waits until it is due', () => {
    assert.deepEqual(planSpares(situation), { start: true, end: [], wakeAt: null });
    assert.deepEqual(planSpares({ ...situation, notBefore: 7 }), { start: false, end: [], wakeAt: 7 });
  });

  it('replaces one that is unlike what was started last', () => {
    assert.deepEqual(planSpares({ ...situation, spares: [spare('x', 'b')] }), { start: true, end: ['x'], wakeAt: null });
  });

  it('keeps its promises, whatever there is', () => {
    const key = fc.constantFrom('a', 'b', 'c');
    const spares = fc.uniqueArray(fc.record({ id: fc.string(), key }), { selector: ({ id }) => id });
    const any = fc.record({ wanted: fc.nat(5), spares, boots: fc.boolean(), key, notBefore: fc.nat(9), now: fc.nat(9) });
    fc.assert(
      fc.property(any, (given) => {
        const { start, end, wakeAt } = planSpares(given);
        assert.equal(new Set(end).size, end.length);
        const left = given.spares.filter(({ id }) => !end.includes(id));
        if (given.notBefore > given.now) assert.ok(!start && end.length === 0 && (wakeAt === null || wakeAt === given.notBefore));
        else assert.ok(wakeAt === null && left.length + Number(start) <= given.wanted);
        if (start) assert.ok(!given.boots);
        // A useful spare process ends only if there are too many of them.
        const alike = (some: typeof given.spares) => some.filter((one) => one.key === given.key).length;
        assert.ok(alike(left) >= Math.min(given.wanted, alike(given.spares)));
      }),
    );
  });

  it('ends with as many as are wanted, all alike', () => {
    const key = fc.constantFrom('a', 'b');
    const spares = fc.uniqueArray(fc.record({ id: fc.string(), key }), {
      selector: ({ id }) => id,
      maxLength: 8,
    });
    fc.assert(
      fc.property(fc.nat(5), spares, (wanted, before) => {
        let now: SpareSituation['spares'] = before;
        for (let step = 0; step < 20; step += 1) {
          const { start, end } = planSpares({ ...situation, wanted, spares: now });
          now = now.filter(({ id }) => !end.includes(id));
          if (start) now = [...now, spare(`new ${step}`, 'a')];
        }
        assert.deepEqual(
          now.map((one) => one.key),
          Array(wanted).fill('a'),
        );
      }),
    );
  });
});
