import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BegunPromises } from './begun-promises.js';

const made = async (): Promise<void> => {};

test('the promises that code makes while it runs are its own; those of packages, and later ones, are not', async () => {
  const begun = new BegunPromises();
  const before = made();
  const [own, ofPackage] = begun.during(() => [made(), begun.without(made)]);
  assert.deepEqual(
    [before, own, ofPackage, begun.without(made), made()].map((each) => begun.has(each)),
    [false, true, false, false, false],
  );
});

test('without an end, it ends when the code awaits something', async () => {
  const begun = new BegunPromises();
  begun.begin();
  const own = made();
  await Promise.resolve();
  assert.deepEqual([begun.has(own), begun.has(made())], [true, false]);
});
