import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { TestNotebook } from './session-harness.js';

/** A runtime for JSX with types, as React has one. It renders to text. */
const MINI = {
  'node_modules/mini/package.json': JSON.stringify({
    name: 'mini',
    exports: { '.': './index.js', './jsx-runtime': { types: './jsx-runtime.d.ts', default: './jsx-runtime.js' } },
  }),
  'node_modules/mini/index.js':
    'exports.createElement = (tag, p, ...children) => require("./jsx-runtime").jsx(tag, { ...p, children });',
  'node_modules/mini/jsx-runtime.js': `const text = (x) => Array.isArray(x) ? x.map(text).join('') : x === undefined ? '' : String(x);
exports.Fragment = ({ children }) => text(children);
exports.jsx = exports.jsxs = (tag, { children, ...rest }) => typeof tag === 'function' ? tag({ children, ...rest })
  : '<' + tag + Object.entries(rest).map(([k, v]) => ' ' + k + '=' + v).join('') + '>' + text(children) + '</' + tag + '>';`,
  'node_modules/mini/jsx-runtime.d.ts': `export namespace JSX {
  type Element = string;
  interface ElementChildrenAttribute { children: {} }
  interface IntrinsicAttributes { key?: number }
  interface IntrinsicElements { p: { id?: string; children?: unknown }; b: { children?: unknown }; ul: { children?: unknown }; li: { key?: number; children?: unknown } }
}
export function jsx(tag: unknown, props: object): string;
export const jsxs: typeof jsx;
export const Fragment: unknown;`,
};

const AUTOMATIC = JSON.stringify({ compilerOptions: { jsx: 'react-jsx', jsxImportSource: 'mini' } });

describe('JSX in cells', () => {
  const notebook = new TestNotebook();
  const show = async (code: string, shown: string): Promise<void> => assert.equal(await notebook.value(code), shown, code);
  before(async () => {
    for (const [path, text] of Object.entries(MINI)) await notebook.file(path, text);
    await notebook.file('tsconfig.json', AUTOMATIC);
  });
  after(() => notebook.close());

  it('is recognised without a setting, with the names of earlier cells', async () => {
    await show(
      'const who: string = "you"; const Lib = { Bold: ({ children }: { children: unknown }) => <b>{children}</b> };',
      '',
    );
    await show('<p id={who}>hi {who}</p>', "'<p id=you>hi you</p>'");
    await show('function Row({ n, children }: { n: number; children?: unknown }) { return <li>{n}{children}</li> }', '');
    await show(
      '<ul>{[1, 2].map((n) => <Row key={n} n={n}><Lib.Bold>!</Lib.Bold></Row>)}</ul>',
      "'<ul><li>1<b>!</b></li><li>2<b>!</b></li></ul>'",
    );
    await show('<><b>a</b>{who}</>', "'<b>a</b>you'");
  });

  it('is checked', async () => {
    assert.match(await notebook.failure('<p id={1}>a</p>'), /TS2322.*number.*string/s);
    assert.match(await notebook.failure('<Row n="1" />'), /TS2322/);
    assert.match(await notebook.failure('<Gone />'), /TS2304|TS2552/);
    assert.match(await notebook.failure('<q>a</q>'), /TS2339.*'q' does not exist/);
  });

  it('has the types of components that are declared again', async () => {
    await show('const list = () => <Row n={1} />; list()', "'<li>1</li>'");
    await show('function Row({ n, unit }: { n: number; unit?: string }) { return <li>{n}{unit}</li> }', '');
    await show('list() + <Row n={2} unit="s" />', "'<li>1</li><li>2s</li>'");
    await show('function Row({ name }: { name: string }) { return <li>{name.trim()}</li> }', '');
    assert.match(await notebook.failure('list()'), /declared anew/);
  });

  it('does not change code that is TypeScript without JSX', async () => {
    await show('const asserted = <number>(<unknown>1); asserted.toFixed(1)', "'1.0'");
    await show('const same = <T>(x: T) => x; same(1) + 1 < 3 && 4 > 2', 'true');
  });

  it('shows the place of an error, also behind JSX', async () => {
    const failure = await notebook.failure('const el = <p>a</p>;\nconst f = () => {\n  throw new Error(`in ${el}`);\n};\nf()');
    assert.match(failure, /cell\[\d+\]\.ts:3:9/);
  });

  it('imports, awaits and decorates in the same cell', async () => {
    await show(
      'import { basename } from "node:path"; const got = await Promise.resolve("x/y"); enum E { A = 1 }\n<p>{basename(got)}{E.A}</p>',
      "'<p>y1</p>'",
    );
  });

  it('works in a cell with a directive, and in one with an @', async () => {
    await show("'use client';\n<p>a</p>", "'<p>a</p>'");
    await show('const Mail = () => <p>a@b.c</p>;\n<Mail />', "'<p>a@b.c</p>'");
    await show(
      'const named = (c: unknown, context: ClassDecoratorContext) => {};\n@named class Page { static text = <p>b</p> }\nPage.text + Page.name',
      "'<p>b</p>Page'",
    );
  });

  it('is completed and is known to be complete or not', async () => {
    const code = '<p>{who.toUpp}</p>';
    assert.deepEqual(notebook.session.complete(code, code.indexOf('}')).matches, ['toUpperCase']);
    assert.equal(notebook.session.isComplete('<p>a</p>').status, 'complete');
    assert.equal(notebook.session.isComplete('const x = <p>').status, 'incomplete');
    assert.equal(notebook.session.isComplete('<p>{(</p>').status, 'invalid');
  });

  it('is told from comparisons if the types of a cell are not checked', async () => {
    await notebook.value(`// @ts-nocheck
const bold = <b/>;
const turns = () => { let n = 0; for (let i = 0; i<limit; i++) n += 1; return n };
const tagged = () => < Late.Bold >x</ Late.Bold >;`);
    assert.match(await notebook.failure('turns()'), /^ReferenceError: limit is not defined/);
    await notebook.value('// @ts-nocheck\nconst limit = 3, Late = { Bold: ({ children }) => <b>{children}</b> };');
    await show('turns()', '3');
    await show('// @ts-nocheck\ntagged()', "'<b>x</b>'");
  });

  it('says which package is missing', async () => {
    await notebook.file('tsconfig.json', '{}');
    assert.match(await notebook.failure('<p>a</p>'), /TS2875[\s\S]*!npm install react/);
  });

  it('uses the functions that a comment or the tsconfig.json names, also of an earlier cell', async () => {
    await show('function h(t: string, p: object | null, ...c: unknown[]) { return { t, c } }', '');
    await show('/** @jsxRuntime classic */\n/** @jsx h */\n<p>a</p>', "{ t: 'p', c: [ 'a' ] }");
    await notebook.file('tsconfig.json', JSON.stringify({ compilerOptions: { jsx: 'react', jsxFactory: 'h' } }));
    await show('<p>b</p>', "{ t: 'p', c: [ 'b' ] }");
    await notebook.file('tsconfig.json', JSON.stringify({ compilerOptions: { jsx: 'react', lib: ['es2023'] } }));
    await show('const React: any = require("mini")', '');
    await show('<p>c</p>', "'<p>c</p>'");
  });
});
