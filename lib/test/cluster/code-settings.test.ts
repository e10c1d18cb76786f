/** What a notebook's tsconfig.json says, and the files that it finds by it, are the same in a process that has run no cell. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { testShipped } from '../fixtures/code-shipped.js';

testShipped(
  [
    [
      'decorators of before',
      [
        'const labels: Record<string, string> = {}; const label = (text: string) => (_: object, key: string) => { labels[key] = text }',
        'class A { @label("Number") id = 1; all() { return labels } }',
      ],
      async (A, t) => t.deepEqual(new A().all(), { id: 'Number' }),
    ],
    [
      'decorators of parameters',
      [
        'const at = (Made: any, _: unknown, index: number) => { Made.index = index }',
        'class A { constructor(@at private n = 3) {} f() { return [(A as any).index, this.n] } }',
      ],
      async (A, t) => t.deepEqual(new A().f(), [0, 3]),
    ],
    [
      'decorators of before in a file',
      ['import { Entity, labels } from "./lib/entity"', 'class A { all() { return [new Entity().id, labels] } }'],
      async (A, t) => t.deepEqual(new A().all(), [1, { id: 'Number' }]),
    ],
    [
      'files by `paths`, which import a package whose main file is TypeScript',
      ['import { price } from "@lib/prices"', 'class A { f() { return price("tea") } }'],
      async (A, t) => t.equal(new A().f(), '3 EUR a'),
    ],
    [
      'such files by require and by import()',
      [
        'class B { async f() { return [require("@lib/currency").currency, (await import("@lib/currency")).currency] } }',
        'class A extends B {}',
      ],
      async (A, t) => t.deepEqual(await new A().f(), ['EUR', 'EUR']),
    ],
    [
      'a package whose main file is TypeScript',
      ['import { low } from "ws-pkg"', 'class A { f() { return low("ABC") } }'],
      async (A, t) => t.equal(new A().f(), 'abc'),
    ],
    [
      'a package that only the folder of the importing file has',
      ['import { near } from "./near/uses"; import { name } from "cjs-pkg"', 'class A { f() { return [near, name] } }'],
      async (A, t) => t.deepEqual(new A().f(), ['near', 'cjs']),
    ],
    [
      'files that await at their top level',
      [
        'import late, { waited } from "./waits"; import { own } from "./uses-waits"',
        'class A { async f() { return [late, waited, own, (await import("./uses-waits")).late] } }',
      ],
      async (A, t) => t.deepEqual(await new A().f(), ['late/', 4, 1, 'late/']),
    ],
    [
      'an error in such a file',
      ['import { fails } from "./waits"', 'class A { f() { try { fails() } catch (error) { return (error as Error).stack } } }'],
      async (A, t) => t.equal(/waits\.ts:7:9/.test(new A().f()), true),
    ],
    [
      'the place of a file',
      ['import { place } from "./lib/place"', 'class A { f() { return [...place, __dirname] } }'],
      async (A, t) => {
        const [folder, file, again, other, top] = new A().f() as [string, string, string, string, string];
        t.equal(folder, `${top}/lib`);
        t.deepEqual([file, again, other], [`${folder}/place.ts`, folder, `file://${folder}/deep.ts`]);
      },
    ],
    [
      'import.meta in a cell',
      [
        'class A { f() { const { dirname, filename, url } = import.meta; return [dirname === __dirname, url === `file://${filename}`, import.meta.resolve("fs"), import.meta.resolve("./x.ts") === `file://${dirname}/x.ts`] } }',
      ],
      async (A, t) => t.deepEqual(new A().f(), [true, true, 'node:fs', true]),
    ],
    [
      'JSX of several cells, with code that would be no TypeScript in a file with JSX',
      [
        'function h(tag: any, props: any, ...children: any[]): any { return typeof tag === "function" ? tag({ ...props, children }) : `<${tag}>${children.join("")}</${tag}>` }',
        'const same = <T>(x: T): T => x; function asserted(x: unknown) { return <number>(<unknown>x) + 1 }',
        'const Lib = { Bold: ({ children }: any) => <b>{children}</b> }; const Row = ({ n }: { n: number }) => <li>{n}</li>',
        'class A { page() { return <ul><Row n={same(asserted(1))} /><Lib.Bold>{/* none */}a &amp; b</Lib.Bold></ul> } }',
      ],
      async (A, t) => t.equal(new A().page(), '<ul><li>2</li><b>a & b</b></ul>'),
    ],
    [
      'JSX in an expression that is deployed',
      ['const h = (tag: string) => tag', 'const A = serve.deployment(class A { page() { return <p></p> } })'],
      async (A, t) => t.equal(new A().page(), 'p'),
    ],
    [
      'JSX whose function a comment names',
      ['const el = (tag: string, _: null, text: string) => tag + text', '/** @jsx el */\nclass A { page() { return <p>a</p> } }'],
      async (A, t) => t.equal(new A().page(), 'pa'),
    ],
    [
      'JSX of a file',
      ['import { page, text } from "./lib/page"', 'class A { f() { return [page, JSON.parse(text).answer] } }'],
      async (A, t) => {
        const [page, answer] = new A().f() as [{ tag: string; props: { id: string }; children: string[] }, number];
        t.deepEqual([page.tag, page.props.id, answer], ['p', 'a', 42]);
        t.equal(/lib\/page\.tsx$/.test(page.children[0] as string), true);
      },
    ],
    [
      'JSX of a JavaScript file that asks for its place',
      ['import { paragraph, at } from "./lib/script.js"', 'class A { f() { return [paragraph, at === `${__dirname}/lib`] } }'],
      async (A, t) => t.deepEqual(new A().f(), ['p', true]),
    ],
    [
      'a directive below comments, in a file that asks for its place',
      ['import { isStrict, at } from "./lib/strict.cjs"', 'class A { f() { return [isStrict, at === `${__dirname}/lib`] } }'],
      async (A, t) => t.deepEqual(new A().f(), [true, true]),
    ],
  ],
  (root) => ({
    compilerOptions: () => ({ experimentalDecorators: true, jsx: 'react', jsxFactory: 'h' }),
    fileOf: (folder, specifier) => {
      if (specifier === 'ws-pkg') return join(root, 'workspace/ws-pkg/src/index.ts');
      const path = specifier.startsWith('@lib/') ? join(root, 'lib', specifier.slice(5)) : join(folder, specifier);
      if (!/^(@lib\/|\.)/.test(specifier)) return undefined;
      return [path, `${path}.ts`, `${path}.tsx`, path.replace(/\.js$/, '.ts')].find(
        (file) => /\.tsx?$/.test(file) && existsSync(file),
      );
    },
  }),
);
