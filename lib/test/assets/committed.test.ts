import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Assets, loadMnist } from 'nbserve/data';

test('every committed asset has the bytes that the manifest names', async () => {
  const assets = Assets.find();
  const committed = assets.all.filter((asset) => asset.committed);
  assert.ok(committed.length > 0);
  for (const asset of committed) {
    assert.deepEqual({ name: asset.name, state: (await assets.check(asset)).state }, { name: asset.name, state: 'ready' });
    assert.ok(asset.builder.kind === 'by-hand' || asset.sources.length > 0, asset.name);
    assert.ok(asset.licence !== '' && asset.credit !== '', asset.name);
  }
});

test('the committed digits are MNIST: eighty of each kind at least, in the order of t10k', () => {
  const { images, labels } = loadMnist();
  assert.deepEqual(labels.slice(0, 10), [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]);
  for (let digit = 0; digit < 10; digit++) assert.ok(labels.filter((label) => label === digit).length >= 80);
  assert.ok(images.every((image) => image.length === 784 && image.some((byte) => byte > 200)));
  assert.equal(loadMnist({ limit: 3 }).images.length, 3);
});
