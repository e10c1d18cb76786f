/** `require` and `import()` from a notebook's folder. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { importFrom, requireFrom } from '../../dist/code/index.js';
import { makeFolder } from '../fixtures/code-folder.js';

const { folder, remove } = makeFolder();
after(remove);
const load = requireFrom(folder) as (id: string) => Record<string, unknown>;

test('packages of every kind', () => {
  assert.equal(load('cjs-pkg').name, 'cjs');
  assert.equal(typeof load('esm-pkg').triple, 'function');
  assert.equal(load('import-only').only, 'import');
  assert.equal(load('import-only/sub/a').a, 'sub-a');
  assert.equal(load('node:path').sep, '/');
  assert.equal((load('./data.json') as { answer: number }).answer, 42);
});

test('no warning says that ES modules are experimental', () => {
  const said: string[] = [];
  const listener = (warning: Error): number => said.push(warning.message);
  process.on('warning', listener);
  load('esm-pkg');
  process.off('warning', listener);
  assert.deepEqual(said, []);
});

test('a package that is not installed', async () => {
  const expected = {
    code: 'NBS_PACKAGE_NOT_FOUND',
    message: `cannot find package "@no/such" from ${folder}: run \`npm install @no/such\` there`,
  };
  assert.throws(() => load('@no/such/sub'), expected);
  await assert.rejects(importFrom(folder)('@no/such/sub'), expected);
  assert.throws(() => load('./no-such.js'), { code: 'MODULE_NOT_FOUND' });
});

test('top-level await', async () => {
  assert.throws(() => load('tla-pkg'), { code: 'NBS_ASYNC_PACKAGE', message: /write `const x = await import\('tla-pkg'\)`/ });
  assert.equal((await importFrom(folder)('tla-pkg')).late, 'late');
});

test('nbserve is the running one', () => {
  assert.match(requireFrom(folder).resolve('nbserve'), /lib\/dist\/index\.js$/);
});
