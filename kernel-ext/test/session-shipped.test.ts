import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { TestNotebook } from './session-harness.js';

const isTslab = process.env.NBSERVE_TYPES === 'tslab';

const FILES = {
  'tsconfig.json': JSON.stringify({
    compilerOptions: {
      experimentalDecorators: true,
      jsx: 'react-jsx',
      jsxImportSource: 'mini',
      paths: { '@lib/*': ['./src/*'] },
    },
  }),
  'node_modules/mini/package.json': JSON.stringify({ name: 'mini', exports: { './jsx-runtime': './j.js' } }),
  'node_modules/mini/j.js':
    'exports.jsx = exports.jsxs = (tag, { children, ...rest }) => typeof tag === "function" ? tag({ children, ...rest }) : `<${tag}>${[children].flat().join("")}</${tag}>`;',
  '../typed/package.json': JSON.stringify({ name: 'typed', main: 'index.ts' }),
  '../typed/index.ts': "import { word } from 'only-here';\nexport const typed: string = `typed ${word}`;\n",
  '../typed/node_modules/only-here/package.json': JSON.stringify({ name: 'only-here', main: 'index.js' }),
  '../typed/node_modules/only-here/index.js': "exports.word = 'word';",
  'src/prices.ts': "import { unit } from '@lib/unit';\nexport const price = (cents: number): string => `${cents} ${unit}`;\n",
  'src/unit.ts': "export const unit = 'EUR';\n",
  'src/waits.ts': 'export const waited: number = await Promise.resolve(7);\n',
  'src/place.ts':
    "import { readFileSync } from 'node:fs';\nimport { join } from 'node:path';\nexport const read = (): string => readFileSync(join(__dirname, 'prices.json'), 'utf8');\n",
  'src/prices.json': '"beside the file"',
  'prices.json': '"beside the notebook"',
};

/** What works in cells works in their replicas, whatever a tsconfig.json says. */
describe('a replica of cells with a tsconfig.json', { skip: isTslab }, () => {
  const notebook = new TestNotebook();
  before(async () => {
    for (const [path, text] of Object.entries(FILES)) await notebook.file(path, text);
    symlinkSync('../../typed', join(notebook.folder, 'node_modules/typed'));
  });
  after(() => notebook.close());

  /** A class must answer the same in the notebook and in a replica. */
  const answersAlike = async (name: string, body: string, expected: string): Promise<void> => {
    await notebook.value(`class ${name} { async ask(): Promise<any> { ${body} } }`);
    const here = await notebook.value(`await new ${name}().ask()`);
    await notebook.value(
      `const on${name} = await serve.run(serve.deployment(${name}).bind(), { name: '${name}', routePrefix: null });`,
    );
    const there = await notebook.value(`await on${name}.ask.remote()`);
    assert.deepEqual([here, there], [expected, expected]);
  };

  it('has decorators of before', async () => {
    await notebook.value(
      'const labels: Record<string, string> = {}; const label = (text: string) => (_: object, key: string) => { labels[key] = text };',
    );
    await notebook.value("class Row { @label('Number') id = 1 }");
    await answersAlike('Labels', 'return { row: new Row().id, labels };', "{ row: 1, labels: { id: 'Number' } }");
  });

  it('finds files by `paths`, and packages whose main file is TypeScript', async () => {
    await notebook.value("import { price } from '@lib/prices'; import { typed } from 'typed';");
    await notebook.value("const { unit } = await import('@lib/unit');");
    await answersAlike(
      'Prices',
      "return [price(5), typed, unit, (await import('@lib/unit')).unit, require('@lib/unit').unit];",
      "[ '5 EUR', 'typed word', 'EUR', 'EUR', 'EUR' ]",
    );
  });

  it('has JSX, and functions of cells without', async () => {
    await notebook.value('const same = <T>(x: T): T => x; const asserted = (x: unknown) => <number>x;');
    await notebook.value('const Item = ({ n, children }: { n: number; children?: unknown }) => <li>{n}{children}</li>;');
    await answersAlike('Page', 'return <ul><Item n={same(asserted(1))}>!</Item></ul>;', "'<ul><li>1!</li></ul>'");
  });

  it('loads files that await at their top level, and a file knows its place', async () => {
    await notebook.value("import { waited } from './src/waits'; import { read } from './src/place';");
    await answersAlike(
      'Place',
      'return [waited, read(), import.meta.dirname === __dirname];',
      `[ 7, '"beside the file"', true ]`,
    );
  });

  it('follows the tsconfig.json when it changes', async () => {
    await notebook.file('other/prices.ts', 'export const price = (cents: number): string => `other ${cents}`;\n');
    await notebook.file(
      'tsconfig.json',
      JSON.stringify({ compilerOptions: { experimentalDecorators: true, paths: { '@lib/prices': ['./other/prices.ts'] } } }),
    );
    await notebook.value("import { price } from '@lib/prices';");
    await answersAlike('Moved', 'return price(5);', "'other 5'");
  });
});
