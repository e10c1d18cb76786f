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

  it('has the methods of objects, however the kernel has written them', async () => {
    await notebook.file('src/live.ts', 'export let live = 1;\nconst twice = (n: number): number => n * 2;\nexport { twice };\n');
    const methods = `
      loop(list: number[]) { let sum = 0; for (const n of list) sum += Math.max(n, 0); while (sum > 100) { sum = Math.min(sum, 1) } return sum },
      async load() { return (await import('node:path')).basename('a/b') },
      using() { const said: string[] = []; { using a = { [Symbol.dispose]() { said.push('end') } }; void a } return said },
      twice: (n: number) => twice(n) + live,
      hidden(n?: number) { return n === undefined ? rows.map((rows) => rows) : n },
      count: 0,
      earlier(n?: number) { return n === undefined ? factor : [n].map((n) => n * earlier(1)) },
      make: () => new (class Point { constructor(readonly x = 1, protected y?: number) {} #z = 3; get sum() { return this.x + this.#z } })(4).sum,
      text: <T,>(n: T) => \`<\${n as T}>\` + "a" + "b",
      get size() { return Object.keys(this).length },
      async *each() { for await (const n of [1]) yield n },
      meta: () => typeof import.meta.url,
    `;
    const imports = "import { live, twice } from './src/live'";
    await notebook.value(
      'const factor = 3; const rows = [1, 2]; const earlier = (n: number) => n * factor; const own = (_: object, key: string) => { void key };',
    );
    await notebook.value(`${imports}; const plain = {${methods}}`);
    await notebook.value(
      `${imports}; const decorated = {${methods}}; class Marked { @own id = 1 }; enum Size { S = 7 } const sized = { get: () => Size.S, tag: () => <b>{Size.S}</b> }; void Marked;`,
    );
    // A method is not changed by a statement about data beside it.
    await notebook.value('plain.count++; decorated.count += 1;');
    const ask = `const asked = async (o: any) => [o.loop([1, -2]), await o.load(), o.using(), o.twice(2), o.earlier(), o.earlier(2), o.hidden(), o.count, o.make(), o.text(1), o.size, (await o.each().next()).value, o.meta()]
      return JSON.stringify([await asked(plain), await asked(decorated), sized.get(), sized.tag()]);`;
    const one = '[1,"b",["end"],5,3,[6],[1,2],1,7,"<1>ab",12,1,"string"]';
    await answersAlike('Methods', ask, `'[${one},${one},7,"<b>7</b>"]'`);
  });

  it('has no function that another one has replaced', async () => {
    await notebook.value('let model = { predict(x: number) { return x + 1 } };');
    await notebook.value('model = { predict(x: number) { return x * 100 } };');
    await notebook.value('class Replaced { ask() { return model.predict(2) } }');
    const { outcome } = await notebook.run('await serve.run(serve.deployment(Replaced).bind(), { routePrefix: null });');
    assert.match(JSON.stringify(outcome), /NBS_CANNOT_SHIP.*model\.predict/);
  });

  it('has a module that is imported again into its variable', async () => {
    await notebook.value(
      "let units = await import('./src/unit.ts'); async function reload() { units = await import('./src/unit.ts') }",
    );
    await notebook.value("units = await import('./src/unit.ts');");
    await answersAlike('Units', 'return units.unit;', "'EUR'");
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
