/** Values that change between two runs, and values that functions change. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildNotebook } from './index.js';

const build = (...sources: string[]) =>
  buildNotebook(
    { file: '/nb/lesson.ipynb', cells: sources.map((source, i) => ({ number: i + 1, source })), magics: [] },
    (n) => `/nb/lesson.app${n === 0 ? '' : n + 1}.ts`,
  );
const chat = 'const Chat = serve.deployment(class Chat { constructor(...all: unknown[]) {} });';
const served = (values: string): string => `${chat}\nserve.run(Chat.bind(${values}))`;

test('applications between whose runs a value changed are in modules of their own', () => {
  for (const change of [
    'n = 2;',
    'limits.max = 9;',
    "labels.push('cat');",
    "process.env.X = '1';",
    "import './x.ts';",
    'raise();',
  ]) {
    const run = (name: string) => `await serve.run(Chat.bind(n, limits, labels), { name: '${name}', routePrefix: '/${name}' });`;
    const { modules, applications } = build(
      'let n = 1; const limits = { max: 1 }; const labels: string[] = []; const raise = () => { n += 1; };',
      chat,
      run('a'),
      change,
      run('b'),
    );
    const written = change.replaceAll("'./x.ts'", '"./x.ts"');
    assert.deepEqual(
      modules.map(({ text }) => text.includes(written)),
      [false, true],
      change,
    );
    assert.deepEqual(
      applications.map(({ name, module }) => [name, module]),
      [
        ['a', '/nb/lesson.app.ts'],
        ['b', '/nb/lesson.app2.ts'],
      ],
    );
  }
});

test('applications share a module if the changes are above both runs, or of what only one of them needs', () => {
  const { modules } = build(
    'let n = 1; let m = 1; n = 2;',
    chat,
    "serve.run(Chat.bind(n), { name: 'a', routePrefix: '/a' })",
    'm = 2;',
    'console.log(n);',
    "serve.run(Chat.bind(n, m), { name: 'b', routePrefix: '/b' })",
  );
  assert.equal(modules.length, 1);
  assert.match(modules[0]?.text ?? '', /n = 2;[\s\S]*m = 2;/);
});

test('a value that a function computed with a name that is declared again stands below it, and is named in a note', () => {
  const before = (one: string, other: string, text: string): void =>
    assert.ok(text.includes(one) && text.indexOf(one) < text.indexOf(other), text);
  const direct = build(
    'const rate = 0.1;',
    'function train() { return rate * 2; }',
    'const model = train();',
    'const rate = 0.2;',
    served('model'),
  );
  assert.deepEqual(direct.notes, ['cell 3 ran with the rate of cell 1; the module has the one of cell 4']);
  before('const rate = 0.2;', 'const model = train();', direct.modules[0]?.text ?? '');
  const through = build(
    'const scale = () => 1;',
    'const fit = () => scale();\nclass Model { size = fit(); }',
    'const model = new Model();',
    'const scale = () => 2;',
    served('model'),
  );
  assert.deepEqual(through.notes, ['cell 3 ran with the scale of cell 1; the module has the one of cell 4']);
  before('const scale = () => 2;', 'const model = new Model();', through.modules[0]?.text ?? '');
});

test('a declaration stays below what names it only in code that did not run', () => {
  const cases: readonly (readonly string[])[] = [
    [
      'class Registry { names = []; describe() { return labels; } }',
      'const registry = new Registry();',
      'const labels = labelsFor(registry);\nfunction labelsFor(one: unknown) { return [one]; }',
      served('registry, labels'),
    ],
    [
      'class Router { route() { return table.max; } }\nconst limits = { max: 1 };',
      'const registry = new Router();\nlimits.max = 5;',
      'const labels = { max: limits.max };\nconst table = labels;',
      served('registry, labels'),
    ],
    // The one that the class has used cannot stand above it.
    [
      'const labels: unknown[] = [];\nclass Registry { describe() { return labels; } }',
      'const registry = new Registry();',
      'const labels = [registry];',
      served('registry, labels'),
    ],
  ];
  for (const cells of cases) {
    const text = build(...cells).modules[0]?.text ?? '';
    const at = (part: string): number => {
      assert.ok(text.includes(part), text);
      return text.indexOf(part);
    };
    assert.ok(at('const registry =') < at('const labels ='), text);
    if (text.includes('limits.max = 5')) assert.ok(at('limits.max = 5') < at('const labels ='), text);
  }
});

test('what moved code uses moves with it', () => {
  const text =
    build(
      'const scale = () => 1;\nconst fit = () => scale();',
      'const model = fit();',
      'const rate = 2;\nconst scale = () => rate;',
      served('model'),
    ).modules[0]?.text ?? '';
  assert.ok(text.indexOf('const rate =') < text.indexOf('const model ='), text);
});

test('a function is called in the module if it returns nothing and changes a value, or sets one that has none', () => {
  const cases: readonly (readonly [cell: string, call: string, name: string])[] = [
    [
      'let model: string | undefined;\nasync function load() { model = await open(); }\nasync function open() { return "m"; }',
      'await load();',
      'model',
    ],
    ['const labels: string[] = [];\nconst load = () => { labels.push("a"); };', 'load();', 'labels'],
    ['const limits = { max: 1 };\nfunction set() { limits.max = 2; }\nfunction load() { set(); }', 'load();', 'limits'],
    ['let model: string | null = null;\nfunction load() { model = "m"; return model; }', 'load();', 'model'],
  ];
  for (const [cell, call, name] of cases) {
    const { modules, notes } = build(cell, call, served(name));
    assert.ok(modules[0]?.text.includes(`\n${call}\n`), modules[0]?.text);
    assert.deepEqual(notes, [`cell 2: load(…) is in the module, because it may change ${name}`], cell);
  }
  const { modules, notes } = build('function load() { process.env.MODEL_DIR = "./m"; }', 'load();', served('1'));
  assert.match(modules[0]?.text ?? '', /function load[\s\S]*\nload\(\);/);
  assert.deepEqual(notes, ['cell 2: load(…) is in the module, because it may change process']);
});

test('a call that may only try a function, or that needs what a module does not have, is left out with a note', () => {
  const embed = 'const cache = new Map();\nfunction embed(text: string) { cache.set(text, 1); return 1; }';
  const cases: readonly (readonly [cell: string, call: string, name: string])[] = [
    [embed, 'embed("a");', 'cache'],
    [embed, 'console.log(embed("a"));', 'cache'],
    ['let shown: string | undefined;\nfunction embed() { shown = "m"; display(shown); }', 'embed();', 'shown'],
    [
      'let said = "";\nconst handle = await serve.run(Chat.bind());\nasync function embed() { said = await handle.x.remote(); }',
      'await embed();',
      'said',
    ],
    ['let count = 0;\nasync function embed() { count += 1; await serve.start({}); }', 'await embed();', 'count'],
  ];
  for (const [cell, call, name] of cases) {
    const { modules, notes } = build(`${chat}\n${cell}`, call, `serve.run(Chat.bind(${name}))`);
    assert.ok(!modules[0]?.text.includes(call), modules[0]?.text);
    assert.deepEqual(notes, [`cell 2: embed(…) is left out, although it may change ${name}`], cell);
  }
});

test('a function of a cell that declares the name itself changes its own', () => {
  const { modules, notes } = build('let n = 1;\nfunction up() { n += 1; }', 'let n = 5;', 'up();', served('n'));
  assert.doesNotMatch(modules[0]?.text ?? '', /up\(/);
  assert.deepEqual(notes, []);
});
