/** What the files of a module find when they run in a bundle, which is in another folder. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { compileModule, importModule } from '../../dist/code/index.js';

const PLACE = `export const place = [import.meta.url, import.meta.dirname, import.meta.filename];
const { dirname, filename } = import.meta;
export const picked = [dirname, filename];
export const beside = import.meta.resolve('./beside.json');
export const others = ['node:fs', 'fs', 'dual'].map((id) => import.meta.resolve(id));
`;

const FILES: Readonly<Record<string, string>> = {
  'node_modules/dual/package.json':
    '{"name":"dual","exports":{".":{"import":"./m.mjs","require":"./c.cjs"},"./only":{"import":"./only.mjs"}}}',
  'node_modules/dual/m.mjs': "export default 'import';",
  'node_modules/dual/c.cjs': "module.exports = 'require';",
  'node_modules/dual/only.mjs': "export const only = 'import';",
  'script.cjs': `const dual = require('dual');
let missing;
try { require('not-installed'); } catch (error) { missing = error.code; }
module.exports = { dual, only: require('dual/only').only, missing };
`,
  'module.mjs': "import dual from 'dual';\nimport script from './script.cjs';\nexport default [dual, script.dual];\n",
  'tsconfig.json': '{"compilerOptions":{"paths":{"@lib/*":["./src/lib/*"]}}}',
  'src/lib/big.ts': "export const big = 'big';\n",
  'lazy.ts': `import { big } from '@lib/big';
export const now = big;
export const later = async (): Promise<string> => (await import('@lib/big')).big;
export const dual = async (): Promise<string> => (await import('dual')).default;
export const missing = async (): Promise<unknown> => import('not-installed').catch((error) => error.code);
`,
  'places.ts': `export * as plain from './src/plain.ts';
export * as page from './src/page.tsx';
export { default as common } from './src/common.cjs';
export { own, told } from './src/declares.mjs';
`,
  'src/plain.ts': PLACE,
  'src/page.tsx': `${PLACE}export const typed = <T,>(value: T): T => value;\n`,
  'src/common.cjs': `#!/usr/bin/env node\n'use strict'\nmodule.exports = [typeof __dirname, __dirname, __filename];\n`,
  'src/declares.mjs': `import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
const __filename = fileURLToPath(import.meta.url);
const inner = (__dirname) => __dirname;
export const own = [__filename, dirname(__filename), inner('given')];
export const told = "import.meta.url and __dirname";
`,
};

let folder: string;

before(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'nbt-modules-')));
  for (const [name, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
});
after(() => rmSync(folder, { recursive: true }));

const at = (name: string): string => join(folder, name);
async function exportsOf(name: string): Promise<Readonly<Record<string, unknown>>> {
  return importModule(await compileModule(at(name)));
}

test('a package with two entries is required by one, and imported by the other', async () => {
  const { default: script } = await exportsOf('script.cjs');
  assert.deepEqual(script, { dual: 'require', only: 'import', missing: 'MODULE_NOT_FOUND' });
  assert.deepEqual((await exportsOf('module.mjs')).default, ['import', 'require']);
});

test('import() finds files by the paths of a tsconfig.json, and packages when it runs', async () => {
  const compiled = await compileModule(at('lazy.ts'));
  assert.deepEqual([...compiled.files].sort(), [at('lazy.ts'), at('src/lib/big.ts')]);
  const { now, later, dual, missing } = (await importModule(compiled)) as Record<string, () => Promise<unknown>>;
  assert.deepEqual([now, await later?.(), await dual?.()], ['big', 'big', 'import']);
  assert.equal(await missing?.(), 'ERR_MODULE_NOT_FOUND');
});

test('each file has its own import.meta, __filename and __dirname', async () => {
  const { plain, page, common, own, told } = await exportsOf('places.ts');
  for (const [found, name] of [
    [plain, 'src/plain.ts'],
    [page, 'src/page.tsx'],
  ] as const) {
    const { place, picked, beside, others } = found as Record<string, unknown>;
    assert.deepEqual(place, [pathToFileURL(at(name)).href, at('src'), at(name)]);
    assert.deepEqual(picked, [at('src'), at(name)]);
    assert.equal(beside, pathToFileURL(at('src/beside.json')).href);
    assert.deepEqual(others, ['node:fs', 'node:fs', pathToFileURL(at('node_modules/dual/c.cjs')).href]);
  }
  assert.deepEqual(common, ['string', at('src'), at('src/common.cjs')]);
  assert.deepEqual(own, [at('src/declares.mjs'), at('src'), 'given']);
  assert.equal(told, 'import.meta.url and __dirname');
});
