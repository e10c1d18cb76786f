import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type FileCases, runFileCases, TestNotebook } from './session-harness.js';

const NULL = 'let s: string = null; s';
const options = (compilerOptions: object, more = {}): string => JSON.stringify({ compilerOptions, ...more });

const CASES: FileCases = {
  'strict, and its parts': [
    [{}, NULL, /TS2322/],
    [{ 'tsconfig.json': options({ strict: false }) }, NULL, 'null'],
    [{ 'tsconfig.json': options({ noUncheckedIndexedAccess: true }) }, '[1][0].toFixed()', /TS2532/],
    [{ 'tsconfig.json': options({ useUnknownInCatchVariables: true }) }, 'try { throw 1 } catch (e) { e.x }', /TS18046/],
    [{ 'tsconfig.json': options({ noImplicitAny: true }) }, 'function f(x) { return x }', /TS7006/],
    [{ 'tsconfig.json': options({ strict: true }) }, 'function f(x) { return x } f(1)', '1'],
    [{ 'tsconfig.json': undefined }, NULL, /TS2322/],
  ],
  'options that would refuse most cells do not count': [
    [
      { 'tsconfig.json': options({ noUnusedLocals: true, noUnusedParameters: true, noImplicitReturns: true }) },
      'const unused = 1; function f(x: number) { if (x) return 1 } f(1)',
      '1',
    ],
  ],
  'the library for browsers': [
    [{}, 'let e: HTMLElement | undefined', /TS2304/],
    [{ 'tsconfig.json': options({ lib: ['ES2023', 'DOM'] }) }, 'let e: HTMLElement | undefined; e?.id', ''],
    [{}, 'crypto.randomUUID().length', '36'],
    [{}, 'const r: Response = new Response("{}"); (await r.json()).any', ''],
  ],
  'a part of the library, under another of its names': [
    [{ 'tsconfig.json': options({ lib: ['ES2022'] }) }, '[2, 1].toSorted()', /TS2550/],
    [{ 'tsconfig.json': options({ lib: ['es2022', 'ES2023.Array'] }) }, '[2, 1].toSorted()', '[ 1, 2 ]'],
    [{ 'tsconfig.json': options({ lib: ['es6', 'es2019.array'] }) }, '[[2], [1]].flat()', '[ 2, 1 ]'],
  ],
  'a package that refers to the library for browsers': [
    [
      {
        'node_modules/dommy/package.json': '{"name":"dommy","main":"index.js","types":"index.d.ts"}',
        'node_modules/dommy/index.js': 'exports.textOf = () => "t"',
        'node_modules/dommy/index.d.ts':
          '/// <reference lib="dom" />\n/// <reference lib="es2024.promise" />\nexport function textOf(e?: HTMLElement): string;\nexport const p: typeof Promise.withResolvers',
      },
      'import { textOf } from "dommy"; const e = undefined as HTMLElement | undefined; [textOf(e).length, e?.id.length, [1].toSorted()]',
      '[ 1, undefined, [ 1 ] ]',
    ],
  ],
  'decorators of before': [
    [
      { 'tsconfig.json': options({ experimentalDecorators: true }) },
      'const keys: string[] = []; function d(_: object, k: string) { keys.push(k) }\nclass A { @d x = 1; @d m() {} } keys.join()',
      "'x,m'",
    ],
    [{ 'tsconfig.json': options({}) }, 'class B { @d x = 1 }', /TS1240|TS1270|TS2345/],
  ],
  'a file that it extends': [
    [{ 'base.json': options({ strict: false }), 'tsconfig.json': options({}, { extends: './base' }) }, NULL, 'null'],
    [{ 'base.json': options({ strict: true }) }, NULL, /TS2322/],
    [
      { 'base.json': options({ strict: false }), 'tsconfig.json': options({ strict: true }, { extends: './base.json' }) },
      NULL,
      /TS2322/,
    ],
  ],
  'files that it extends, one of a package': [
    [
      {
        'node_modules/@tsc/base/package.json': '{"name":"@tsc/base"}',
        'node_modules/@tsc/base/tsconfig.json': options({ strict: false }),
        'config/paths.json': options({ paths: { '@x/*': ['${configDir}/src/*'] } }),
        'src/a.ts': 'export const a = 5',
        'tsconfig.json': options({}, { extends: ['@tsc/base/tsconfig.json', './config/paths'] }),
      },
      'import { a } from "@x/a"; let n: number = null; [a, n]',
      '[ 5, null ]',
    ],
  ],
  'JSX of files': [
    [
      {
        'tsconfig.json': options({ jsx: 'react', jsxFactory: 'h' }),
        'c.tsx': 'function h(t: string, p: object | null, ...c: unknown[]) { return { t, c } }\nexport const el = <p>a</p>',
      },
      'import { el } from "./c.tsx"; el',
      "{ t: 'p', c: [ 'a' ] }",
    ],
    [
      {
        'tsconfig.json': options({ jsx: 'react-jsx', jsxImportSource: 'mini' }),
        'node_modules/mini/package.json': '{"name":"mini","exports":{"./jsx-runtime":"./j.js"}}',
        'node_modules/mini/j.js': 'exports.jsx = exports.jsxs = (t, p) => ({ t, p })',
        'd.tsx': 'export const el = <p>a</p>',
      },
      'import { el } from "./d.tsx"; el',
      "{ t: 'p', p: { children: 'a' } }",
    ],
  ],
  'that cannot be read': [
    [{ 'tsconfig.json': '{ "compilerOptions": {' }, '1', /NBS_TSCONFIG.*tsconfig\.json cannot be used/],
    [{ 'tsconfig.json': options({}, { extends: './gone.json' }) }, '1', /NBS_TSCONFIG.*gone\.json, which is not there/],
    [{ 'gone.json': options({ strict: false }) }, NULL, 'null'],
    [{ 'tsconfig.json': options({}, { extends: './tsconfig.json' }) }, '1', '1'],
    [{ 'tsconfig.json': '' }, '1', /NBS_TSCONFIG/],
    [{ 'tsconfig.json': '{ // a comment\n "compilerOptions": { "strict": false, }, }' }, NULL, 'null'],
  ],
};

describe('a tsconfig.json beside the notebook', () => {
  runFileCases(CASES);

  it('that changes keeps what the cells before have declared', async (t) => {
    const notebook = new TestNotebook();
    t.after(() => notebook.close());
    await notebook.value('class A { private n = 1; get() { return this.n } } const one = new A(); interface I { x: number }');
    await notebook.file('tsconfig.json', options({ strict: false }));
    assert.equal(await notebook.value('const i: I = null; one.get()'), '1');
    assert.match(await notebook.failure('one.gone'), /TS2339/);
  });
});
