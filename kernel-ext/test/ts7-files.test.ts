import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { type FileCases, runFileCases, TestNotebook } from './session-harness.js';

const CASES: FileCases = {
  'await at their top, and so do those that use them': [
    [
      {
        'a.ts': 'export const x: number = await Promise.resolve(5); export default class { q = x }',
        'b.ts':
          'import D, * as all from "./a.ts"; export { x as "x-y" } from "./a.ts"; export * from "./a.ts"; export const y = all.x + new D().q',
      },
      'import { y, x, "x-y" as z } from "./b.ts"; [y, x, z]',
      '[ 10, 5, 5 ]',
    ],
    [{ 'a.ts': 'export const x = 7; export default class { q = 1 }' }, 'import { y } from "./b.ts"; y', '8'],
    [{}, 'import { x } from "./a.ts"; x', '7'],
    [
      { 't.ts': 'await 1;\nexport const boom = () => {\n  throw new Error("side");\n};' },
      'import { boom } from "./t.ts"; boom()',
      /t\.ts:3:9/,
    ],
    [{ 'r.ts': 'export const at = await 1' }, 'require("./r.ts")', /NBS_AWAITING_MODULE.*write await import/],
    [
      {
        'c1.ts':
          'import { two } from "./c2.ts"; export const one = await Promise.resolve(1); export const sum = () => one + two()',
        'c2.ts': 'import * as c1 from "./c1.ts"; await 0; export const two = () => c1.one + 1',
      },
      'import { sum } from "./c1.ts"; sum()',
      '3',
    ],
  ],
  'do what a cell can do': [
    [
      {
        'u.ts':
          'export const log: string[] = []; { using r = { [Symbol.dispose]() { log.push("d") } }; } for (using q of [{ [Symbol.dispose]() { log.push("f") } }]) log.push("b"); class S { static { using z = { [Symbol.dispose]() { log.push("s") } } } } await using top = { async [Symbol.asyncDispose]() { log.push("top") } };',
      },
      'import { log } from "./u.ts"; log.join()',
      "'d,b,f,s,top'",
    ],
    [
      {
        'r.ts':
          'import { createRequire } from "node:module"; const require = createRequire(import.meta.url); export const me = [require("node:path").sep, typeof __dirname, typeof module, require.main === module]',
      },
      'import { me } from "./r.ts"; me',
      "[ '/', 'string', 'object', false ]",
    ],
    [
      {
        'x.ts':
          'export { fn as "a b" }; function fn() { return 1 } export default class {} ; for (var i = 0; i < 2; i++); export { i }; export const s = "a\u2028b".length; export const __x = 2, __nbs = 3',
      },
      'import X, { "a b" as ab, i, s, __x, __nbs as other } from "./x.ts"; [ab(), i, s, __x, other, typeof X]',
      "[ 1, 2, 3, 2, 3, 'function' ]",
    ],
    [
      {
        'm.ts':
          'function meta(_: unknown, c: ClassFieldDecoratorContext) { c.metadata[c.name] = 1 } export class M { @meta a = 1; accessor b = 2 } export const m = M[Symbol.metadata]!.a; export enum E { A } export namespace N { export const q = 1 } export abstract class P { constructor(protected readonly z = 5) {} }',
      },
      'import { M, m, E, N, P } from "./m.ts"; [m, new M().b, E.A, N.q, new (class extends P { get() { return this.z } })().get()]',
      '[ 1, 2, 0, 1, 5 ]',
    ],
    [
      {
        'e.ts':
          'let e: unknown; try { using a = { [Symbol.dispose]() { throw new Error("1") } }; throw new Error("2") } catch (x) { e = x } export const ok = e instanceof SuppressedError; export const data = (await import(new URL("./n.json", import.meta.url).href, { with: { type: "json" } })).default',
        'n.json': '{"n":1}',
      },
      'import { ok, data } from "./e.ts"; [ok, data]',
      '[ true, { n: 1 } ]',
    ],
  ],
  'know where they are': [
    [
      {
        'lib/a.ts':
          'export const m = [import.meta.dirname, import.meta.filename, import.meta.url, import.meta.resolve("./b.ts")]',
      },
      'import { m } from "./lib/a.ts"; m.map((one) => one.replace(__dirname, "."))',
      "[ './lib', './lib/a.ts', 'file://./lib/a.ts', 'file://./lib/b.ts' ]",
    ],
    [{}, 'import.meta.resolve("./lib/a.ts") === new URL("./lib/a.ts", import.meta.url).href', 'true'],
    [{}, '[import.meta.resolve("fs"), import.meta.resolve("node:fs")]', "[ 'node:fs', 'node:fs' ]"],
  ],
  'can be imported by any specifier': [
    [
      { 'a.ts': 'export const x = 1', 'b.ts': 'export const load = (p: string) => import(p)' },
      '(await import(new URL("./a.ts", import.meta.url).href)).x',
      '1',
    ],
    [{}, 'const path = "./a.ts"; (await import(path)).x + (await import(__dirname + "/a")).x', '2'],
    [{}, 'import { load } from "./b.ts"; (await load("./a.ts")).x', '1'],
    [{ 'a.ts': 'export const x = 2' }, '(await import(path)).x', '2'],
    [
      { 'm.mts': 'export const x = 3', 'c.cts': 'export = { z: 4 }' },
      'import { x } from "./m.mjs"; import c from "./c.cts"; [x, c.z]',
      '[ 3, 4 ]',
    ],
    [{}, 'const r = require("./a.ts"); r.x', '2'],
  ],
  'are those that the ending means, if several have one name': [
    [
      {
        'd.ts': 'export const n = 1',
        'd.mjs': 'export const n = 2',
        'd.cjs': 'exports.n = 3',
        'd.jsx': 'export const n = 4',
        'e.ts': 'export const n = 5',
        'e.tsx': 'export const n = 6',
      },
      'import { n } from "./d.mjs"; n',
      '2',
    ],
    [{}, 'require("./d.cjs").n', '3'],
    [{}, 'const path = "./d.mjs"; (await import(path)).n', '2'],
    [{}, 'import { n as one } from "./d.js"; import { n as typed } from "./d.jsx"; [one, typed]', '[ 1, 1 ]'],
    [{}, 'import { n as five } from "./e.js"; import { n as six } from "./e.jsx"; [five, six]', '[ 5, 6 ]'],
    [{}, 'import.meta.resolve("./d.mjs").endsWith("/d.mjs")', 'true'],
    [{ 'd.mjs': 'export const n = 7' }, 'import { n } from "./d.mjs"; n', '7'],
    [{ 'd.mts': 'export const n = 8' }, 'import { n } from "./d.mjs"; n', '8'],
  ],
  'run again only if they have changed, or import one that has': [
    [
      {
        'model.ts': 'export class Model { #n = 1; static n(m: Model) { return m.#n } }',
        'train.ts': 'import { Model } from "./model.ts"; export const train = (m: Model) => Model.n(m)',
      },
      'import { Model } from "./model.ts"; const m = new Model()',
      '',
    ],
    [{}, 'import { train } from "./train.ts"; train(m)', '1'],
    [
      {
        'one.ts': 'export const one = Math.random()',
        'by.ts': 'await 1; import { one } from "./one.ts"; export const by = { one }',
        'other.ts': 'export const other = {}',
      },
      'import { by } from "./by.ts"; import { other } from "./other.ts"; const [before, same] = [by, other]',
      '',
    ],
    [
      { 'one.ts': 'export const one = 5' },
      'import { by } from "./by.ts"; import { other } from "./other.ts"; [by.one, by === before, other === same]',
      '[ 5, false, true ]',
    ],
  ],
  'that changed leave old names with their old types': [
    [{ 'a.ts': 'export const n: number = 1' }, 'import { n } from "./a.ts"', ''],
    [{ 'a.ts': 'export const n = "s"' }, 'n.toUpperCase()', /TS2339/],
    [{}, 'n.toFixed()', "'1'"],
    [{}, 'import { n } from "./a.ts"; n.toUpperCase()', "'S'"],
    [{}, 'n.toFixed()', /TS2551/],
  ],
  'that changed leave what was made of them, also through other files': [
    [
      {
        'lib/a.ts': 'export class A { a = 1 }',
        't.ts': 'export interface T { x: number }',
        'b.ts':
          'import { A } from "./lib/a.ts"; import type { T } from "./t.ts"; export const make = (): A => new A(); export const t = { x: 1 } as T',
      },
      'import { make, t } from "./b.ts"; const one = make(); const load = () => import("./b.ts")',
      '',
    ],
    [{ 'lib/a.ts': 'export class A { b = "s" }' }, 'one.b', /TS2339/],
    [{}, 'one.a + make().a', '2'],
    [{}, '(await load()).make().b', "'s'"],
    [{}, 'import { A } from "./lib/a.ts"; const two: A = one', /'A' \(lib\/a, before it changed\).*'A' \(lib\/a\)/],
    [{}, 'import { make } from "./b.ts"; make().b + one.a', "'s1'"],
    [{ 't.ts': 'export interface T { y: number }' }, 't.x', '1'],
    [{}, 't.y', /TS2339/],
    [{ 'b.ts': 'export const t = 9' }, 't.x', '1'],
    [{}, 'import { t } from "./b.ts"; t.toFixed()', "'9'"],
  ],
  'of JSON that changed leave old names with their old types': [
    [{ 'd.json': '{"n":1}' }, 'import d from "./d.json" with { type: "json" }', ''],
    [{ 'd.json': '{"m":"s"}' }, 'd.n.toFixed()', "'1'"],
    [{}, 'd.m', /TS2339/],
    [{}, 'import d from "./d.json" with { type: "json" }; d.m', "'s'"],
  ],
  'that throw are run again': [
    [
      { 't.ts': 'export const a = 1; if ((globalThis as any).bad !== false) throw new Error("not yet")' },
      'import { a } from "./t.ts"',
      /not yet/,
    ],
    [{}, 'import { a } from "./t.ts"', /not yet/],
    [{}, '(globalThis as any).bad = false; const { a } = await import("./t.ts"); a', '1'],
  ],
  'of JSON and JavaScript are read anew': [
    [
      { 'd.json': '{"n":1}', 'a.ts': 'import d from "./d.json" with { type: "json" }; export const n = d.n' },
      'import { n } from "./a.ts"; n',
      '1',
    ],
    [{ 'd.json': '{"n":2,"m":3}' }, 'import d from "./d.json"; import { n } from "./a.ts"; d.m + n', '5'],
    [
      { 'm.mjs': 'export const x = 1', 'c.cjs': 'exports.k = 1', 'j.js': 'module.exports = { k: 1 }' },
      'import { x } from "./m.mjs"; import c from "./c.cjs"; import j from "./j.js"; x + c.k + j.k',
      '3',
    ],
    [
      { 'm.mjs': 'export const x = 2', 'c.cjs': 'exports.k = 2', 'j.js': 'module.exports = { k: 2 }' },
      'import { x } from "./m.mjs"; import c from "./c.cjs"; import j from "./j.js"; x + c.k + j.k',
      '6',
    ],
  ],
  'with errors are read again when they are mended, also if a cell was refused meanwhile': [
    [{ 'a.ts': 'export const x: number = "s"' }, 'import { x } from "./a.ts"; x', /a\.ts:1:14 - TS2322/],
    [{ 'a.ts': 'export const y = 1' }, 'import { x } from "./a.ts"; x', /TS2305/],
    [{}, 'import { y } from "./a.ts"; y', '1'],
    [{ 'a.ts': undefined }, 'import { y } from "./a.ts"; y', /TS2307/],
    [{ 'a.ts': 'export const y = 2' }, 'import { y } from "./a.ts"; y', '2'],
  ],
  'that are only mentioned are left alone': [
    [
      { 'bad.ts': 'export const x: number = "s"' },
      '// import { x } from "./bad.ts"\n`import { x } from "./bad.ts"`.length',
      '28',
    ],
  ],
  'of which only types are exported are not run': [
    [
      { 'd.ts': 'export type T = 1; throw new Error("d has run")', 'only.d.ts': 'export type O = 1' },
      'export type * from "./d"; export type * as all from "./d"; export type * from "./only"; 5',
      '5',
    ],
    [{}, 'export * from "./d"', /d has run/],
  ],
  'of JSX': [
    [
      {
        'c.tsx':
          '/** @jsxRuntime classic */\n/** @jsx h */\nfunction h(t: string, p: object | null, ...c: unknown[]) { return { t, p, c } }\nexport const el = <div id="a">hi {1 + 1}</div>',
      },
      'import { el } from "./c"; el',
      "{ t: 'div', p: { id: 'a' }, c: [ 'hi ', 2 ] }",
    ],
  ],
  'by the paths of a tsconfig.json': [
    [
      {
        'tsconfig.json':
          '{ // a comment\n "compilerOptions": { "strict": false, "lib": ["es2023", "dom"], "paths": { "@lib/*": ["./src/*"], "@one": ["./src/one.ts"] }, }, }',
        'src/one.ts': 'export const one = 1',
        'src/two.ts': 'import { one } from "@one"; export const two = one + 1',
      },
      'import { one } from "@one"; import { two } from "@lib/two"; let s: string = null; const element: HTMLElement = null; one + two',
      '3',
    ],
  ],
  'by the best of several paths': [
    [
      {
        'tsconfig.json':
          '{ "compilerOptions": { "paths": { "@/*": ["./any/*"], "@/lib/*": ["./lib/*"], "@/lib/one": ["./only.ts"] } } }',
        'any/three.ts': 'export const three = 3',
        'lib/two.ts': 'export const two = 2',
        'only.ts': 'export const one = 1',
      },
      'import { one } from "@/lib/one"; import { two } from "@/lib/two"; import { three } from "@/three"; [one, two, three]',
      '[ 1, 2, 3 ]',
    ],
  ],
  'import the packages that cells can import': [
    [
      {
        'node_modules/imp/package.json': '{"name":"imp","type":"module","exports":{"import":"./i.js"}}',
        'node_modules/imp/i.js': 'export const i = 1',
        'node_modules/imp/i.d.ts': 'export declare const i: number',
        'node_modules/slow/package.json': '{"name":"slow","type":"module","exports":"./s.js"}',
        'node_modules/slow/s.js': 'export const s = await Promise.resolve(2)',
        'node_modules/slow/s.d.ts': 'export declare const s: number',
        'a.ts': 'import { i } from "imp"; export const a = i',
        'b.ts': 'import { s } from "slow"; import { a } from "./a.ts"; export const b = s + a',
        'c.ts': 'import { b } from "./b.ts"; export const c = b + 1',
      },
      'import { a } from "./a.ts"; a',
      '1',
    ],
    [{}, 'import { c } from "./c.ts"; c', '4'],
    [{ 'd.ts': 'import { s } from "slow"; export const d = s' }, 'import { d } from "./d.ts"; d', '2'],
    [{ 'a.ts': 'import { i } from "imp"; export const a = i * 10' }, 'import { c } from "./c.ts"; c', '13'],
    [{}, 'require("./d.ts")', /NBS_AWAITING_MODULE/],
  ],
  'of packages whose main is TypeScript, without its ending or for imports only': [
    [
      {
        'node_modules/w1/package.json': '{"name":"w1","exports":{"import":"./src/index.ts"}}',
        'node_modules/w1/src/index.ts': 'export const w: number = 1',
        'node_modules/w2/package.json': '{"name":"w2","main":"src/index"}',
        'node_modules/w2/src/index.ts': 'export const w: number = 2',
        'node_modules/w2/more.ts': 'export const more: number = 4',
        'node_modules/w3/package.json': '{"name":"w3"}',
        'node_modules/w3/index.ts': 'export const w: number = 3',
      },
      'import { w as w1 } from "w1"; import { w as w2 } from "w2"; import { more } from "w2/more"; import { w as w3 } from "w3"; [w1, w2, w3, more]',
      '[ 1, 2, 3, 4 ]',
    ],
  ],
  'of a package whose package.json is broken': [
    [
      { 'node_modules/broken/package.json': '{"name":', 'node_modules/broken/index.js': 'exports.b = 1' },
      'import { b } from "broken"; b',
      /broken\/package\.json/,
    ],
    [{}, '1 + 1', '2'],
  ],
  'with functions that are sent as text': [
    [
      { 'w.ts': 'export const outer = (): number => { const inner = () => 2; return inner() }; export default class {}' },
      'import Named, { outer } from "./w"; Named.name',
      "'default'",
    ],
    [
      { 'v.ts': 'export const outer = (): number => { const inner = () => 2; return inner() }' },
      'import { outer } from "./v"; import { runInNewContext } from "node:vm"; runInNewContext(`(${outer})()`)',
      '2',
    ],
  ],
  'that are not the main module': [
    [
      { 'm.ts': 'export const main = import.meta.main' },
      'import { main } from "./m"; [import.meta.main, main]',
      '[ true, false ]',
    ],
  ],
  'of packages whose main is TypeScript': [
    [
      {
        'node_modules/wp/package.json': '{"name":"wp","main":"./src/index.ts","types":"./src/index.ts"}',
        'node_modules/wp/src/index.ts': 'import { h } from "./h.js"; export const wp: number = h',
        'node_modules/wp/src/h.ts': 'export const h: number = 8',
      },
      'import { wp } from "wp"; wp',
      '8',
    ],
  ],
};

describe('files beside the notebook', () => {
  runFileCases(CASES);

  it('of a linked workspace', async (t) => {
    const notebook = new TestNotebook();
    t.after(() => notebook.close());
    await notebook.file('packages/wq/package.json', '{"name":"wq","type":"module","exports":"./src/index.ts"}');
    await notebook.file('packages/wq/src/index.ts', 'export const wq: number = 8');
    const link = join(notebook.folder, 'node_modules/wq');
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(notebook.folder, 'packages/wq'), link);
    assert.equal(await notebook.value('import { wq } from "wq"; wq'), '8');
  });
});
