import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { TestNotebook } from './session-harness.js';

describe('the practice before the first cell', () => {
  it('leaves nothing in the notebook, and cells that come meanwhile run after it', async (t) => {
    const notebook = new TestNotebook();
    t.after(() => notebook.close());
    await notebook.session.warm();
    // The practice begins 200 ms after this. One cell comes early, the others about then.
    await delay(190);
    const values = await Promise.all([1, 2, 3, 4].map((n) => notebook.value(`const n${n} = ${n}; n${n}`)));
    assert.deepEqual(values, ['1', '2', '3', '4']);
    assert.match(await notebook.failure('practice'), /TS2304/);
    assert.match(await notebook.failure('warm'), /TS2304/);
    assert.equal(await notebook.value('[n1, n2, n3, n4].join()'), "'1,2,3,4'");
    assert.deepEqual(notebook.session.complete('practic', 7).matches, []);
  });

  it('leaves nothing when it ran before the first cell', async (t) => {
    const notebook = new TestNotebook();
    t.after(() => notebook.close());
    await notebook.session.warm();
    await delay(600);
    assert.match(await notebook.failure('practice'), /TS2304/);
    assert.equal(await notebook.value('const practice = "mine"; practice'), "'mine'");
    assert.equal(await notebook.value('_'), "'mine'");
  });
});
