import { describe } from 'node:test';
import { type FileCases, runFileCases } from './session-harness.js';

const COUNTER = 'export let n = 0; export const inc = () => { n++ }; export default class D { v = n }';

const CASES: FileCases = {
  'a variable of a file changes in the cell that imports it, and in later ones': [
    [
      { 'x.ts': COUNTER },
      'import D, { n, inc as up } from "./x"; up(); up(); const at = n; const o = { n }; at + o.n + new D().v',
      '6',
    ],
    [{}, 'up()', ''],
    [{}, 'const get = () => n; [n, get()].join()', "'3,3'"],
    [{}, 'let n = 9; up(); n', '9'],
  ],
  'a call below a line without a semicolon': [
    [{ 'x.ts': COUNTER }, 'import { n, inc } from "./x"\nconst before = n\ninc()\nn - before', '1'],
  ],
  'a variable with a name that is a text, and exports of other files': [
    [
      { 'y.ts': 'let z = 1; export { z as "a b" }; export const inc = () => { z++ }' },
      'import { "a b" as ab, inc } from "./y"; inc(); ab',
      '2',
    ],
    [{ 'x.ts': 'export * from "./z"', 'z.ts': COUNTER }, 'import { n, inc as more } from "./x"; more()', ''],
    [{}, 'n', '1'],
  ],
  'a file that awaits': [
    [{ 'x.ts': `await 1; ${COUNTER}` }, 'import { n, inc } from "./x"; inc()', ''],
    [{}, 'n', '1'],
  ],
  'decorators, base classes, template tags and types of such a file': [
    [
      {
        'x.ts':
          'export let base = 1; export class A { v = base; static s = 2 } export type T = number; export const tag = (s: TemplateStringsArray) => s[0]; export const pre = (p: string) => (m: () => string, _: ClassMethodDecoratorContext) => () => p + m()',
      },
      'import { A, tag, type T, pre, base } from "./x"; class B extends A { w: T = base! ; @pre("q") b() { return tag`hi` } } enum E { A = 1 } export { base }; new B().b() + (base as number) + B.s + E.A',
      "'qhi121'",
    ],
  ],
  'decorators that are the default export of such a file, or members of it': [
    [
      {
        'x.ts':
          'export default function named(v: Function, _: ClassDecoratorContext) { log.push(v.name) } const log: string[] = []; const marks = { default: named, by: (_: string) => named }; export { log, marks }',
      },
      'import named, { log, marks } from "./x"; @named class A {} @marks.default class B {} @marks.by("x") @(named) class C {} log.join()',
      "'A,B,C,C'",
    ],
  ],
  'functions for JSX': [
    [
      {
        'h.ts':
          'const h = (tag: string, props: object | null, ...children: unknown[]) => [tag, ...children].join(); const React: any = { createElement: h }; export { h, React }',
      },
      '/** @jsxRuntime classic */\n/** @jsx h */\nimport { h } from "./h";\n<p>a</p>',
      "'p,a'",
    ],
    [
      { 'tsconfig.json': '{ "compilerOptions": { "jsx": "react", "lib": ["es2023"] } }' },
      'import { React } from "./h"; <p>b</p>',
      "'p,b'",
    ],
  ],
  'the place of an error behind such a name': [
    [
      { 'x.ts': 'export let base = 1; export function f(): never { throw new Error("z") }' },
      'import { base, f } from "./x"\nconst a = [base,\n  f()]',
      /cell\[1\]\.ts:3:3/,
    ],
  ],
  'a parameter of the same name is not the import': [
    [{ 'x.ts': 'export let z = 1' }, 'import { z } from "./x"; function f(z: number) { return z } f(5) + z', '6'],
  ],
  'a file that a shell can run': [
    [{ 'x.ts': '#!/usr/bin/env node\nexport const x = 1' }, 'import { x } from "./x"; x', '1'],
    [{}, '#!/usr/bin/env -S deno run\nconst h = 1\nthrow new Error("a")', /cell\[2\]\.ts:3:7/],
  ],
  'a variable with the name of the prototype': [
    [{}, 'let __proto__ = 7; __proto__ + 1', '8'],
    [{}, '__proto__ = 8; Object.keys({ __proto__ }).join() + __proto__', "'__proto__8'"],
  ],
};

describe('files beside the notebook whose exports change', () => runFileCases(CASES));
