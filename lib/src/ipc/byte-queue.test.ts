import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ByteQueue, SMALL_BYTES } from './byte-queue.js';

const size = fc.oneof(
  fc.integer({ min: 0, max: 50 }),
  fc.integer({ min: SMALL_BYTES - 2, max: SMALL_BYTES + 2 }),
  fc.constant(70_000),
);

test('bytes come out as they went in, however they are cut, and what was handed out stays as it was', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ push: size, take: size, own: fc.boolean() }), { maxLength: 60 }), (steps) => {
      const queue = new ByteQueue();
      const taken: { readonly view: Uint8Array; readonly copy: Buffer }[] = [];
      let next = 0;
      for (const { push, take, own } of steps) {
        const piece = Buffer.alloc(push);
        for (let i = 0; i < push; i += 1) {
          piece[i] = next % 251;
          next += 1;
        }
        queue.push(piece, own);
        if (!own) piece.fill(255);
        const view = queue.take(take);
        assert.ok(view.length <= take);
        taken.push({ view, copy: Buffer.from(view) });
      }
      const rest = Buffer.concat(queue.pieces());
      assert.equal(rest.length, queue.length);
      const all = Buffer.concat([...taken.map(({ view }) => view), queue.takeAll()]);
      assert.ok(Buffer.concat([...taken.map(({ copy }) => copy), rest]).equals(all));
      assert.equal(all.length, next);
      for (let i = 0; i < all.length; i += 1) if (all[i] !== i % 251) assert.fail(`byte ${i}`);
      assert.equal(queue.length, 0);
    }),
    { numRuns: 200 },
  );
});

test('a million pieces of a byte are a few buffers', () => {
  const queue = new ByteQueue();
  for (let i = 0; i < 1_000_000; i += 1) queue.push(Buffer.of(i));
  assert.ok(queue.pieces().length <= 16);
  for (let i = 0; i < 1_000_000; i += 1) if (queue.take(1)[0] !== i % 256) assert.fail(`byte ${i}`);
});
