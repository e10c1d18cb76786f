import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { splitCell } from '../magics/index.js';
import { magicGrammar } from './magic-grammar.js';

const declared = new Set(['ready', 'start', 'items', 'count', 'time', 'who', 'f']);
const grammar = magicGrammar((name) => declared.has(name));
const isPlain = (source: string, by = grammar): boolean => splitCell(source, by).edits.length === 0;
/** No earlier cell has declared a name. */
const first = magicGrammar(() => false);

const name = fc.constantFrom(...declared);
/** An expression, with line breaks in front of its operators and in its brackets. */
const { expression } = fc.letrec<{ expression: string }>((tie) => {
  const space = fc.constantFrom(' ', '\n', '\n  ', ' // !ls\n', ' /* %who\n!ls */ ');
  const inner = tie('expression');
  return {
    expression: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      name,
      fc.constantFrom('1', '"!x"', '/%/', '`\n!ls\n%who\n`', 'null'),
      fc
        .tuple(inner, space, fc.constantFrom('%', '&&', '!==', '-', '??'), inner)
        .map(([a, s, op, b]) => `(${a})${s}${op} ${op === '-' ? '0' : ''}(${b})`),
      fc.tuple(name, space, name).map(([a, s, b]) => `${a}${s}%${b}`),
      fc.tuple(space, inner).map(([s, a]) => `(${s}!${a})`),
      fc.tuple(name, space, inner).map(([a, s, b]) => `${a}(${s}!${b},${s}!${a}${s})`),
      fc.tuple(space, inner, inner).map(([s, a, b]) => `[${s}!${a},${s}!${b}]`),
      fc.tuple(space, inner).map(([s, a]) => `({ a:${s}!(${a}) })`),
      fc.tuple(name, space, inner).map(([a, s, b]) => `\`\n!\${${s}!${a} }\n%${a} \${${b}}\n\``),
      fc.tuple(inner, space, inner).map(([a, s, b]) => `(${a} ?${s}!${b} :${s}!${a})`),
    ),
  };
});
const { statement } = fc.letrec<{ statement: string }>((tie) => ({
  statement: fc.oneof(
    { maxDepth: 3 },
    fc.tuple(name, expression).map(([a, b]) => `!${a} && (${b})`),
    fc.tuple(name, name).map(([a, b]) => `!${a}.b(\n  ${b},\n)`),
    name.map((a) => `!${a}`),
    expression.map((a) => `let x1 = !${a.startsWith('=') ? '1' : `(${a})`}`),
    fc.tuple(name, name).map(([a, b]) => `items[0] = !${a} || ${b}`),
    name.map((a) => `const y =\n!${a}`),
    fc.array(tie('statement'), { maxLength: 3 }).map((list) => `if (ready) {\n  ${list.join(';\n  ')}\n}`),
    fc.array(tie('statement'), { maxLength: 3 }).map((list) => `{\n${list.join(';\n\t')}\n}`),
    fc
      .array(tie('statement'), { maxLength: 2 })
      .map((list) => `const g = (flag: boolean) => {\n  !flag && 1;\n${list.join(';\n')}\n}`),
  ),
}));

describe('TypeScript with ! and %', () => {
  it('is never taken for magics, however its lines are broken', () => {
    fc.assert(
      fc.property(fc.array(statement, { minLength: 1, maxLength: 4 }), (statements) => {
        const source = statements.join(';\n');
        fc.pre(grammar.places(source) !== undefined);
        assert.ok(isPlain(source), source);
      }),
      { numRuns: 1000 },
    );
  });

  it('is never taken for magics in a function above the names that it uses', () => {
    fc.assert(
      fc.property(fc.array(statement, { minLength: 1, maxLength: 3 }), (statements) => {
        const source = `function later() {\n${statements.join(';\n')}\n}\nlet ${[...declared].join(', ')};`;
        fc.pre(grammar.places(source) !== undefined);
        assert.ok(isPlain(source, first), source);
      }),
      { numRuns: 500 },
    );
  });

  it('is never taken for magics in the files of this package', () => {
    const folder = new URL('../../src/', import.meta.url).pathname;
    for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      if (!file.endsWith('.ts')) continue;
      const source = readFileSync(join(folder, file), 'utf8');
      assert.ok(isPlain(source), file);
      // The same lines broken in front of each operator.
      assert.ok(isPlain(source.replace(/ (&& !|\|\| !|% )/g, '\n$1')), file);
    }
  });

  it('may be JSX with lines like magics', () => {
    for (const source of [
      'const a = <p>\n  hello\n  !important\n  %who\n</p>;',
      'const a = <div>{\n  !ready && <p/>\n}</div>',
      'const a = <A b={\n!ready}>\n!ls -la\n</A>',
    ])
      assert.ok(isPlain(source), source);
    const mixed = splitCell('!npm install x\nconst a = <p>\n!no\n</p>;\n!ls -la', grammar);
    assert.deepEqual([mixed.leading.length, mixed.inner.map(({ pieces }) => pieces.join())], [1, ['ls -la']]);
  });

  it('may be a part of a class or of a function', () => {
    const parts = ['!this.#ready', '!this.#in.has(1) || (!ready && (await f(2)))', '!super.ready', '!super.f() && !ready'];
    for (const part of [...parts, '!(#ready in this)', '!new.target', '!new.target.name', '!import.meta.url']) {
      const source = `class A extends B {\n  async f() {\n    const a = ${part};\n    return (\n${part});\n  }\n}`;
      assert.ok(isPlain(source), part);
    }
  });

  it('is told from magics by its names', () => {
    const magics: Readonly<Record<string, number>> = {
      '!date': 1,
      '!ls -la': 1,
      '!ready': 0,
      '!git -v; ready': 1,
      'const out = !git - v': 1,
      'const out = !isThere(1)': 0,
      'ready\n%serve': 1,
      'ready\n%time': 0,
      'ready;\n%time f()': 1,
      'ready\n%time f() await': 1,
      '// a comment on pwd\n!pwd': 1,
      '"pwd";\n!pwd': 1,
      'let pwd;\n!pwd': 0,
      'if (ready) {\n  !cd /tmp && ls\n}': 1,
      "function g() {\n  !ok && console.log('no');\n}\nlet ok = true;": 0,
      'function g() {\n  hidden = !visible;\n}\nlet hidden, visible;': 0,
      "!ls -la\nfunction g() {\n  !ok && console.log('no');\n}\nconst { a: [ok] } = await f('it');": 1,
      // At the top, a name does not exist above its declaration.
      '!date\nconst date = 1;': 1,
      '!check\nfunction check() {}': 0,
      // Nor does a name that only another scope has, or that is a property.
      'const o = { date: 1 };\n!date': 1,
      'const { date: day } = o;\n!date': 1,
      'f((date) => date + 1);\n!date': 1,
      'for (const date of items) {\n  !date && f(date)\n}': 0,
      'for (const date of items) {\n  f(date)\n}\n!date': 1,
      'files = !ls\n!files.length && f()': 1,
      // An assignment to a name of its function says nothing about the top.
      'function g() {\n  let date;\n  date = 1;\n}\n!date': 1,
      'function g() { let date; date = 1; }\n!date': 1,
      'function g(date) {\n  items.map(() => { date += 1 });\n}\n!date': 1,
      'function g() {\n  if (ready) { var date = 1 }\n  date = 2;\n}\n!date': 1,
      'if (ready) { let date; date = 1 }\ndate = 2;\n!date': 0,
      'interface date {}\n!date': 1,
      'try { f() } catch (date) {\n  !date && f()\n}': 0,
      '!curl x \\\n  -d y\n%pwd': 2,
      'ready;\nconst out = !curl x \\\n  -d y\n!ls': 2,
      // A line that begins with `?` may belong to what stands above it.
      '!npm install x\nconst a = ready\n  ? who\n  : start': 1,
      '!npm install x\nconst a = ready\n  ?? start': 1,
      '!npm install x\ntype A<T> = T extends string\n  ? T\n  : T[]': 1,
      '!npm install x\nconst a = 3\n?ready': 2,
      '!npm install x\nconst a = 3;\n??ready': 2,
      // The slash of a tag begins no regular expression.
      'const list = items.map((one) => <li key={one}>{one}</li>);\n!ls -la': 1,
      'const row = f(<Row n={1} />);\n!ls -la': 1,
      '!ls -la\ninterface I {\n  a: string\n  b?\n}': 1,
      [`!ls -la\n!function () {\n${'  f(1);\n'.repeat(400)}}();`]: 1,
      [`!function () {\n${'  f(1);\n'.repeat(400)}}();`]: 0,
    };
    for (const [source, count] of Object.entries(magics)) {
      const { leading, inner, edits } = splitCell(source, grammar);
      assert.equal(/%time/.test(source) ? Math.sign(edits.length) : leading.length + inner.length, count, source);
    }
  });

  it('have values of the names that their place has, and the rest is left to the shell', () => {
    const values = (source: string, by = grammar): string[] =>
      splitCell(source, by).edits.flatMap(({ start, text }, i, all) =>
        /\($/.test(text) ? [source.slice(all[i]?.end ?? start, all[i + 1]?.start)] : [],
      );
    const cases: Readonly<Record<string, string[]>> = {
      'const sizes = items.map((f1) => f1.length);\n!for f1 in *.txt; do wc -l $f1 ${f1}; done': [],
      'for (const f1 of items) {\n  !wc -l $f1 {f1.length}\n}': ['f1', 'f1.length'],
      'const o = { dir: 1 };\n!ls $dir': [],
      'function g() {\n  let sum = 0;\n  for (const x of items) sum += x;\n  return sum;\n}\n!for i in 1 2; do sum=$((sum+i)); echo $sum; done':
        [],
      'const { dir } = { dir: 1 };\n!ls $dir ${dir}': ['dir', 'dir'],
      'let a1;\n!for input in a b; do echo "${input}" {URL} {process.pid}; done': ['process.pid'],
      'const URL = 1;\n!curl ${URL}': ['URL'],
      '!ls {ready} \\\n  {count}': ['ready', 'count'],
    };
    for (const [source, found] of Object.entries(cases)) assert.deepEqual(values(source), found, source);
  });

  it('declares the name that gets the lines of a command, whatever texts stand above', () => {
    for (const above of [
      '',
      "console.log('a');",
      'const t = `a${`b`}`;',
      'const r = /[/"]/g;',
      'const a = "\'";',
      'function g() {\n  let files;\n}',
    ])
      assert.match(JSON.stringify(splitCell(`${above}\nfiles = !ls -la`, grammar).edits), /"let "/, above);
    for (const above of ['let files;', 'if (ready) { var files; }', 'const { files } = f();'])
      assert.doesNotMatch(JSON.stringify(splitCell(`${above}\nfiles = !ls -la`, grammar).edits), /"let "/, above);
  });
});
