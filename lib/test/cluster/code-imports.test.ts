/** What cells import is there in a process that has run none of them. */
import { testShipped } from '../fixtures/code-shipped.js';

testShipped([
  [
    'named imports of node',
    [
      'import { createHash } from "crypto"; import { join as j } from "node:path"',
      'class A { f() { return j("a", createHash("sha1").update("x").digest("hex").slice(0, 4)) } }',
    ],
    async (A, t) => t.equal(new A().f(), 'a/11f6'),
  ],
  [
    'namespace and default imports',
    [
      'import * as path from "path"; import fs from "node:fs"',
      'class A { f() { return [path.basename("/a/b"), typeof fs.readFileSync] } }',
    ],
    async (A, t) => t.deepEqual(new A().f(), ['b', 'function']),
  ],
  [
    'type imports stay behind',
    [
      'import type { Stats } from "./no-such"; import { type Dirent, sep } from "node:path"',
      'class A { f(s?: Stats) { return sep } }',
    ],
    async (A, t) => t.equal(new A().f(), '/'),
  ],
  [
    'a CommonJS package',
    ['import { double } from "cjs-pkg"; import all from "cjs-pkg"', 'class A { f() { return [double(2), all.name] } }'],
    async (A, t) => t.deepEqual(new A().f(), [4, 'cjs']),
  ],
  [
    'a class of a package as base',
    ['import { Base } from "cjs-pkg"', 'class A extends Base { f() { return this.hi() } }'],
    async (A, t) => t.equal(new A().f(), 'base'),
  ],
  [
    'an ES module package',
    ['import hello, { triple } from "esm-pkg"', 'class A { f() { return [hello(), triple(2)] } }'],
    async (A, t) => t.deepEqual(new A().f(), ['esm', 6]),
  ],
  [
    'a package with import conditions alone',
    ['import { only } from "import-only"; import { a } from "import-only/sub/a"', 'class A { f() { return [only, a] } }'],
    async (A, t) => t.deepEqual(new A().f(), ['import', 'sub-a']),
  ],
  [
    'dynamic import()',
    [
      'class A { async f() { const { late } = await import("tla-pkg"); const name = "node:os"; return [late, typeof (await import(name)).cpus] } }',
    ],
    async (A, t) => t.deepEqual(await new A().f(), ['late', 'function']),
  ],
  [
    'await import() at the top level',
    [
      'const { late } = await import("tla-pkg"); const m = await import("esm-pkg")',
      'class A { f() { return [late, m.triple(1)] } }',
    ],
    async (A, t) => t.deepEqual(new A().f(), ['late', 3]),
  ],
  [
    'require',
    ['const { double } = require("cjs-pkg"); const os = require("os")', 'class A { f() { return [double(1), typeof os.cpus] } }'],
    async (A, t) => t.deepEqual(new A().f(), [2, 'function']),
  ],
  [
    'what is picked from an import',
    [
      'import fs from "node:fs"; const { readFile } = fs.promises; const exists = fs.existsSync',
      'class A { async f() { return [exists("/"), typeof await readFile("/dev/null", "utf8")] } }',
    ],
    async (A, t) => t.deepEqual(await new A().f(), [true, 'string']),
  ],
  [
    'a relative file, with what it imports',
    ['import Helper, { quadruple } from "./helper"', 'class A { f() { return [quadruple(2), new Helper().run()] } }'],
    async (A, t) => t.deepEqual(new A().f(), [8, 'deep of deep.ts']),
  ],
  [
    'functions of cells and of relative files, which are strict as in the notebook',
    ['import { self } from "./self"', 'function own(this: unknown) { return this } class A { f() { return [self(), own()] } }'],
    async (A, t) => t.deepEqual(new A().f(), [undefined, undefined]),
  ],
  [
    'relative files by .ts and .js',
    [
      'import { quadruple as a } from "./helper.ts"; import { quadruple as b } from "./esm-style.js"',
      'class A { f() { return [a(1), b(1)] } }',
    ],
    async (A, t) => t.deepEqual(new A().f(), [4, 4]),
  ],
  [
    'JSON',
    [
      'import data from "./data.json"; import { answer } from "./data.json" with { type: "json" }',
      'class A { f() { return [data.answer, answer] } }',
    ],
    async (A, t) => t.deepEqual(new A().f(), [42, 42]),
  ],
  [
    'a relative dynamic import',
    ['class A { async f() { return (await import("./helper")).quadruple(1) } }'],
    async (A, t) => t.equal(await new A().f(), 4),
  ],
  ['a relative require', ['class A { f() { return require("./data.json").answer } }'], async (A, t) => t.equal(new A().f(), 42)],
  [
    'text and comments that look like imports',
    [
      `class A {
        /** Reads the prices from './data/prices.csv', which require('./old.json') did. */
        f() { return "select * from './data/orders.parquet', import('./x.ts')" } // import a from './no-such'
      }`,
    ],
    async (A, t) => t.equal(new A().f(), "select * from './data/orders.parquet', import('./x.ts')"),
  ],
  [
    'imports with one name in two cells',
    [
      'import { join as x } from "node:path"; class B { f() { return x("a", "b") } }',
      'import { cpus as x } from "node:os"',
      'class A extends B { g() { return typeof x().length } }',
    ],
    async (A, t) => t.deepEqual([new A().f(), new A().g()], ['a/b', 'number']),
  ],
  [
    'a global that a later cell declares',
    [
      'class B { f() { return typeof structuredClone({}) } }',
      'const structuredClone = "mine"',
      'class A extends B { g() { return structuredClone } }',
    ],
    async (A, t) => t.deepEqual([new A().f(), new A().g()], ['object', 'mine']),
  ],
]);
