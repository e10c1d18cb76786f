import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Assets } from './assets.js';
import { builderOf } from './build.js';
import { datasetPath, datasetsFolder } from './dataset-path.js';
import { fetchDataset } from './fetch-dataset.js';
import { type Asset, readManifest } from './manifest.js';

const root = mkdtempSync(join(tmpdir(), 'nbs-data-'));
after(() => rmSync(root, { recursive: true }));
const folder = join(root, 'datasets');
const deep = join(root, 'notebooks', 'deep');
mkdirSync(join(folder, 'a'), { recursive: true });
mkdirSync(deep, { recursive: true });
writeFileSync(join(folder, 'a', 'here.bin'), 'here');
writeFileSync(join(folder, 'a', 'damaged.bin'), 'other bytes');
const asset = (name: string, sha256: string) => ({
  name,
  description: 'd',
  licence: 'MIT',
  credit: 'c',
  committed: true,
  bytes: 4,
  sha256,
  builder: { kind: 'copy' },
  sources: [],
});
const HERE = 'fcec91509759ad995c2cd14bcb26b2720993faf61c29d379b270d442d92290eb';
const manifest = {
  schemaVersion: 1,
  assets: [asset('a/here.bin', HERE), asset('a/damaged.bin', HERE), asset('b/missing.bin', HERE)],
};
writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest));

test('a dataset is found from a folder below', () => {
  assert.equal(datasetsFolder(deep), folder);
  assert.equal(datasetPath('a/here.bin', { from: deep }), join(folder, 'a', 'here.bin'));
});

test('a missing dataset is refused, and the error names the existing ones', () => {
  assert.throws(() => datasetPath('a/nope', { from: deep }), {
    code: 'NBS_DATASET_NOT_FOUND',
    message: /there are a\/here\.bin, /,
  });
  assert.throws(() => datasetPath('b/missing.bin', { from: deep }), {
    code: 'NBS_DATASET_NOT_FOUND',
    message: /npx nbserve assets fetch b\/missing\.bin/,
  });
});

test('assets are checked by their bytes and selected by name or folder', async () => {
  const assets = new Assets(folder);
  const states = await Promise.all(assets.all.map((each) => assets.check(each)));
  assert.deepEqual(
    states.map((each) => each.state),
    ['ready', 'damaged', 'missing'],
  );
  assert.deepEqual(
    assets.select(['a']).map((each) => each.name),
    ['a/here.bin', 'a/damaged.bin'],
  );
  assert.throws(() => assets.select(['c']), { code: 'NBS_DATASET_NOT_FOUND' });
});

test('an invalid manifest is refused with a reason', () => {
  const refuses = (content: unknown, reason: RegExp) => {
    const path = join(root, 'm.json');
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
    assert.throws(() => readManifest(path), { code: 'NBS_MANIFEST_INVALID', message: reason });
  };
  refuses('{', /JSON/);
  refuses({ schemaVersion: 2 }, /schemaVersion is 2/);
  refuses({ schemaVersion: 1 }, /no assets/);
  refuses({ schemaVersion: 1, assets: [asset('../x', HERE)] }, /not a path below/);
  refuses({ schemaVersion: 1, assets: [asset('x', 'abc')] }, /64 hex digits/);
  refuses({ schemaVersion: 1, assets: [{ ...asset('x', HERE), builder: { kind: 'magic' } }] }, /builder of x is not one of copy/);
  const converted = { ...asset('x', HERE), builder: { kind: 'converter', name: 'double' } };
  refuses({ schemaVersion: 1, assets: [converted] }, /converter of x needs a name, and the manifest needs a path/);
});

test('a converter is a function of the module that the manifest names', async () => {
  const module = join(root, 'converters.mjs');
  writeFileSync(module, 'export const converters = { double: (bytes) => Uint8Array.of(...bytes, ...bytes) };');
  const made = (name: string) => ({ ...asset('x', HERE), builder: { kind: 'converter', name } }) as unknown as Asset;
  const build = await builderOf(made('double'), module);
  assert.deepEqual(await build(Uint8Array.of(1, 2)), Uint8Array.of(1, 2, 1, 2));
  await assert.rejects(builderOf(made('treble'), module), { code: 'NBS_NO_CONVERTER', message: /no converter treble/ });
  await assert.rejects(builderOf(made('double'), join(root, 'none.mjs')), { code: 'NBS_NO_CONVERTER', message: /npm run build/ });
});

test('a folder of assets is named as a folder: its files come from one download', async (t) => {
  const other = join(root, 'other');
  const cache = join(root, 'cache');
  const names = ['model/config.json', 'model/onnx/model.onnx'];
  mkdirSync(join(other, 'datasets'), { recursive: true });
  const assets = names.map((name) => ({ ...asset(name, HERE), committed: false }));
  writeFileSync(join(other, 'datasets', 'manifest.json'), JSON.stringify({ schemaVersion: 1, assets }));
  const usual = process.env.NBSERVE_CACHE;
  process.env.NBSERVE_CACHE = cache;
  t.after(() => {
    if (usual === undefined) delete process.env.NBSERVE_CACHE;
    else process.env.NBSERVE_CACHE = usual;
  });
  const find = (name: string) => () => datasetPath(name, { from: other });
  assert.throws(find('model'), { code: 'NBS_DATASET_NOT_FOUND', message: /fetch it with: npx nbserve assets fetch model$/ });
  assert.throws(find('model/config.json'), { message: /npx nbserve assets fetch model\/config\.json$/ });
  mkdirSync(join(cache, 'datasets', 'model', 'onnx'), { recursive: true });
  for (const name of names) writeFileSync(join(cache, 'datasets', name), 'something else');
  assert.throws(find('model'), { code: 'NBS_DATASET_DAMAGED', message: /make it anew with: npx nbserve assets fetch model;/ });
  for (const name of names) writeFileSync(join(cache, 'datasets', name), 'here');
  assert.equal(await fetchDataset('model', { from: other }), join(cache, 'datasets', 'model'));
});

test('fetchDataset returns the path of what is there, and names what there is', async () => {
  assert.equal(await fetchDataset('a/here.bin', { from: deep }), join(folder, 'a', 'here.bin'));
  await assert.rejects(fetchDataset('a', { from: deep }), { code: 'NBS_DATASET_NOT_FOUND', message: /there are a\/here\.bin/ });
  const said: string[] = [];
  const missing = fetchDataset('b/missing.bin', { from: deep, onProgress: (line) => said.push(line) });
  await assert.rejects(missing, { code: 'NBS_ASSET_UNAVAILABLE' });
  assert.match(said[0] ?? '', /b\/missing\.bin: .*MIT/);
});
