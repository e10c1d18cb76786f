import { describe } from 'node:test';
import { type CellCases, runCases } from './session-harness.js';

const CASES: CellCases = {
  'a library of today': [['[3, 1, 2].toSorted()'], '[ 1, 2, 3 ]'],
  'what Node 20 has of the library of 2024': [
    ['["a".isWellFormed(), typeof Atomics.waitAsync, /a/v.unicodeSets]'],
    "[ true, 'function', true ]",
  ],
  'web globals of Node': [['crypto.randomUUID().length'], '36'],
  'narrowing in filter (TypeScript 5.5)': [['[1, undefined].filter((x) => x !== undefined).map((x) => x.toFixed())'], "[ '1' ]"],
  'NoInfer (TypeScript 5.4)': [['function f<T>(a: T, b: NoInfer<T>) { return a } f("a", "b")'], /TS2345/],
  "today's Node": [['import { styleText } from "node:util"; typeof styleText'], "'function'"],
  'require made by hand': [
    [
      'import { createRequire } from "node:module"; const require = createRequire(import.meta.url)',
      'typeof require("node:fs").readFileSync',
    ],
    "'function'",
  ],
  'a name that the kernel uses itself': [['const exports = { z: 1 }; const module = 2', 'exports.z + module'], '3'],
  __dirname: [['typeof __dirname'], "'string'"],
  'names with two underscores': [['const __x = 1', '__x'], '1'],
  'var of a loop': [['for (var i = 0; i < 3; i++) {}', 'i'], '3'],
  'var of blocks': [
    ['if (true) { var a = 1 } try { throw 2 } catch { var b = 2 } switch (1 as number) { case 1: var c = 3 }', '[a, b, c]'],
    '[ 1, 2, 3 ]',
  ],
  'var of an inner function stays there': [['function f() { var inner = 1; return inner }', 'inner'], /TS2304/],
  'an anonymous default export': [
    ['export default { a: 1 }', 'export default class {}', 'export default function () {}', '1'],
    '1',
  ],
  'a default export of a function': [['export default async () => 1', 'export default (1 + 2)', 'export default `a`', '1'], '1'],
  'export import': [['export import fs = require("node:fs")', 'typeof fs.readFileSync'], "'function'"],
  'the main module': [['require.main === module'], 'true'],
  'names of CommonJS that the cell declares by var': [['var module = 1; var exports = 2', 'module + exports'], '3'],
  'aliases of members': [
    [
      'namespace A { export const x = 1; export interface I { n: number } }\nimport y = A.x; import I = A.I',
      'const one: I = { n: y }; one.n',
    ],
    '1',
  ],
  'aliases of members of an earlier cell': [
    [
      'namespace A { export const x = 2; export interface I { n: number } export namespace B { export const z = 3 } }',
      'export import y = A.x; import I = A.I; import z = A.B.z',
      'const one: I = { n: y + z }; one.n',
    ],
    '5',
  ],
  'exports of CommonJS': [['module.exports = { a: 1 }; exports.b = 2', 'const module = 1, exports = 2; module + exports'], '3'],
  'a named default export': [['export default class Named { q = 1 }', 'new Named().q'], '1'],
  'exports of a list': [['const e1 = 5; const e2 = 6; export { e1, e2 as other }', 'e1 + e2'], '11'],
  'import = require': [['import fs = require("node:fs"); typeof fs.readFileSync'], "'function'"],
  'a decorator factory of an earlier cell': [
    [
      'function dec(x: string) { return (m: (this: object) => string, _: ClassMethodDecoratorContext) => function (this: object) { return x + m.call(this) } }',
      'class D { @dec("p") say() { return "q" } }',
      'new D().say()',
    ],
    "'pq'",
  ],
  'using in for…of': [
    ['const log: string[] = []', 'for (using r of [{ [Symbol.dispose]() { log.push("gone") } }]) log.push("body")', 'log.join()'],
    "'body,gone'",
  ],
  'using in a static block': [
    [
      'const log: string[] = []',
      'class S { static { using r = { [Symbol.dispose]() { log.push("gone") } }; log.push("body") } }',
      'log.join()',
    ],
    "'body,gone'",
  ],
  'an accessor': [['class A { accessor v = 1 }', 'new A().v'], '1'],
  'a line separator in a text': [['"a\u2028b".length'], '3'],
  'the line of an error behind one': [['const s = "\u2028";\nthrow new Error(s)'], /cell\[1\]\.ts:2:7/],
  'the line of an error behind one, in compiled code': [
    ['enum E { A }; const s = "\u2028";\nthrow new Error(s)'],
    /cell\[1\]\.ts:2:7/,
  ],
  'a function in a constant sees the name of now': [
    ['let x = 1', 'const get = () => x', 'let x = "s"', 'get().toUpperCase()'],
    "'S'",
  ],
  'and its type is that of now': [['let x = 1', 'const get = () => x', 'let x = "s"', 'get().toFixed()'], /TS2551/],
  'an annotated variable looks its type up again': [
    [
      'interface C { port: number }',
      'let c: C = { port: 1 }',
      'interface C { port: number; host: string }',
      'c = { port: 1, host: "h" }',
      'c.host',
    ],
    "'h'",
  ],
  'an old instance keeps its class': [['class A { a = 1 }', 'const one = new A()', 'class A { b = 2 }', 'one.b'], /TS2339/],
  'a type imported without the word': [
    ['import { Readable, ReadableOptions } from "node:stream"', 'const o: ReadableOptions = {}; typeof Readable + typeof o'],
    "'functionobject'",
  ],
  'a missing package': [['import React from "react-that-is-not-there"'], /TS2307/],
};

/** What Node 20 does not have. */
const NEWER: CellCases = {
  'Array.fromAsync': [['await Array.fromAsync([1, 2])'], '[ 1, 2 ]'],
};

describe('TypeScript as people write it', () => {
  runCases(CASES);
  if (Number.parseInt(process.versions.node, 10) >= 22) runCases(NEWER);
});
