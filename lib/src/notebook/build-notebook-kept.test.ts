/** What a module needs besides declarations, and what notes say about the rest. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildNotebook } from './index.js';

const build = (...sources: string[]) =>
  buildNotebook(
    { file: '/nb/lesson.ipynb', cells: sources.map((source, i) => ({ number: i + 1, source })), magics: [] },
    (n) => `/out/lesson.app${n === 0 ? '' : n + 1}.ts`,
  );
const only = (...sources: string[]): string => build(...sources).modules[0]?.text ?? '';
const chat = (word: string) => `const Chat = serve.deployment(class Chat { fetch() { return '${word}'; } });`;

test('a value and a type may have the same name', () => {
  const text = only(
    "import { z } from 'zod';\nconst Input = z.object({ text: z.string() }); type Input = z.infer<typeof Input>;",
    "const Color = { Red: 'red' } as const; type Color = (typeof Color)[keyof typeof Color];",
    'class Box { size = 1 }\ninterface Box { color: Color }',
    'const Chat = serve.deployment(class Chat { fetch(body: Input) { return [Input.parse(body), {} as Box]; } });\nserve.run(Chat.bind())',
  );
  for (const part of ['const Input =', 'type Input =', 'const Color =', 'type Color =', 'class Box', 'interface Box'])
    assert.ok(text.includes(part), `${part}\n${text}`);
});

test('values that are used only in typeof are kept', () => {
  for (const type of [
    'typeof DEFAULTS',
    'keyof typeof DEFAULTS',
    'T extends typeof DEFAULTS ? 1 : 2',
    'T extends 1 ? typeof DEFAULTS : 2',
  ]) {
    const chatOf = `const Chat = serve.deployment(class Chat { fetch(body: C<1>) { return body; } });\nserve.run(Chat.bind())`;
    const text = only('const DEFAULTS = { a: 1 };', `type C<T> = ${type};`, chatOf);
    assert.match(text, /const DEFAULTS = /, type);
  }
});

test('names that the module will not have are named in notes', () => {
  const { notes } = buildNotebook(
    {
      file: '/nb/lesson.ipynb',
      cells: [
        {
          number: 4,
          source: 'const Chat = serve.deployment(() => [helper(), files, out, _, comms, process.pid]); serve.run(Chat.bind())',
        },
      ],
      magics: [
        { cell: 1, text: '%run helpers.ts' },
        { cell: 2, text: 'files = !ls' },
        { cell: 3, text: '%%capture out' },
        { cell: 3, text: '%env MODEL_DIR=./m' },
        { cell: 3, text: '%env MODEL_DIR' },
      ],
    },
    () => '/nb/lesson.app.ts',
  );
  assert.deepEqual(notes, [
    'cell 4 uses helper, which no cell declares; if it is from %run helpers.ts of cell 1, import the file instead',
    'cell 4 uses files, which cell 2 makes with a line that is left out',
    'cell 4 uses out, which cell 3 makes with a line that is left out',
    'cell 4 uses _, which exists only in a notebook, and the module does not have it',
    'cell 4 uses comms, which exists only in a notebook, and the module does not have it',
    'cell 3: %env MODEL_DIR=./m is left out; set it in env of the application or the deployment',
  ]);
});

test('changes of what the whole program sees are kept', () => {
  const cells = [
    "import 'reflect-metadata';\nimport './own.ts';",
    "const folder = './m';\nprocess.env.MODEL_DIR = folder;",
    'globalThis.fetch = async () => new Response();',
    "Object.assign(process.env, { A: '1' });\nconsole.clear();",
    `${chat('x')} const handle = await serve.run(Chat.bind());`,
    'process.env.ANSWER = await handle.x.remote();',
    "process.env.LATE = '1';",
    "await serve.run(Chat.bind(), { name: 'two', routePrefix: '/two' });\nprocess.env.AFTER = '1';",
  ];
  const { modules, notes } = build(...cells);
  const text = modules[0]?.text ?? '';
  for (const part of [
    'import "reflect-metadata";',
    'import "../nb/own.ts";',
    "const folder = './m';",
    'process.env.MODEL_DIR =',
    'globalThis.fetch =',
    'Object.assign(process.env',
  ])
    assert.ok(text.includes(part), `${part}\n${text}`);
  assert.doesNotMatch(text, /console|ANSWER|AFTER/);
  assert.deepEqual(
    notes.filter((note) => note.startsWith('cell 6')),
    ['cell 6 changes process in a statement that uses the cluster, and is left out'],
  );
});

test('a function that may change its arguments is named in a note', () => {
  const cells = [
    'const labels: string[] = [];',
    'fill(labels);',
    'await load.all(labels, 1); console.log(labels); labels.at(0);',
  ];
  const { notes } = build(
    'function fill(list: string[]) { list.push("a"); }',
    ...cells,
    'serve.run(serve.deployment(() => labels).bind())',
  );
  assert.deepEqual(notes, [
    'cell 3: fill(…) is left out, although it may change labels',
    'cell 4: load.all(…) is left out, although it may change labels',
  ]);
});

test('a constant names the application that is deleted, and what is not followed is named in a note', () => {
  const { applications, notes } = build(
    `${chat('x')} const APP = 'a';`,
    "await serve.run(Chat.bind(), { name: APP }); await serve.run(Chat.bind(), { name: 'b', routePrefix: '/b' });",
    'await serve.delete(APP); await serve.delete(nameOf());',
    'async function again() { await serve.run(Chat.bind(), { name: "c", routePrefix: "/c" }); }',
  );
  assert.deepEqual(
    applications.map(({ name }) => name),
    ['b'],
  );
  assert.deepEqual(notes, [
    'cell 3 deletes the application a',
    'cell 3: serve.delete is left out, because the name of its application is only known when the cell runs',
    'cell 4: serve.run in a function is left out; call it outside of functions',
  ]);
});

test('a change of what the whole program sees is left out if it cannot run', () => {
  const { modules, notes } = buildNotebook(
    {
      file: '/nb/lesson.ipynb',
      cells: [
        "process.env.HF_TOKEN = await prompt('token');",
        'process.env.FIRST = files[0];',
        "const asked = await prompt('key');\nprocess.env.KEY = asked;",
        'process.env.LATER = String(() => display(1));',
        chat('x'),
        'serve.run(Chat.bind())',
      ].map((source, i) => ({ number: i + 1, source })),
      magics: [{ cell: 2, text: 'files = !ls' }],
    },
    () => '/nb/lesson.app.ts',
  );
  const text = modules[0]?.text ?? '';
  assert.doesNotMatch(text, /HF_TOKEN|FIRST|KEY|asked/);
  assert.match(text, /process\.env\.LATER/);
  assert.deepEqual(notes, [
    'cell 4 uses display, which exists only in a notebook, and the module does not have it',
    'cell 1 uses prompt, which the module does not have, in a statement that is left out',
    'cell 2 uses files, which the module does not have, in a statement that is left out',
    'cell 3 uses prompt, which the module does not have, in a statement that is left out',
  ]);
});

test('a statement that only asks for the type of a global is left out', () => {
  const text = only('console.log(typeof fetch);', 'delete process.env.OLD;', chat('x'), 'serve.run(Chat.bind())');
  assert.doesNotMatch(text, /typeof fetch/);
  assert.match(text, /delete process\.env\.OLD/);
});

test('a class and a type of its name from another cell do not stand in one module', () => {
  const use = (name: string, how: string) =>
    `const ${name} = serve.deployment(class ${name} { fetch() { ${how} } });\nserve.run(${name}.bind(), { name: '${name}', routePrefix: '/${name}' })`;
  for (const first of ['class Box { size = 1 }', 'enum Box { Small }']) {
    const asValue = use('A', 'return String(Box);');
    const asType = use('B', "const box: Box = { color: 'red' }; return box.color;");
    for (const cells of [
      [first, asValue, 'interface Box { color: string }', asType],
      ['type Box = { color: string };', asType, first, asValue],
    ]) {
      const { modules } = build(...cells);
      assert.equal(modules.length, 2, modules.map(({ text }) => text).join('\n---\n'));
      for (const { text } of modules) assert.equal(text.match(/(class|enum|interface|type) Box/g)?.length, 1, text);
    }
  }
});

test('changes in functions that run at once are kept', () => {
  for (const change of [
    'labels.forEach((label, i) => { index[label] = i; });',
    'labels.forEach((label) => seen.add(label));',
    'await Promise.all(labels.map(async (label) => { index[label] = (await import("node:fs")).statSync(label).size; }));',
    'const total = labels.reduce(function sum(n, label) { index[label] = n; return n + 1; }, 0);',
    '(() => { seen.add(labels[0]); })();',
    'labels?.filter((label) => label !== "").forEach((label) => { seen.delete(label); });',
    'await labels.slice().then((label) => { index[label] = 1; });',
  ]) {
    const cells = [
      'const labels: string[] = read();\nconst index: Record<string, number> = {};\nconst seen = new Set<string>();',
      change,
    ];
    const text = only(...cells, `${chat('x')} serve.run(Chat.bind(index, seen, labels))`);
    assert.ok(text.includes(change), `${change}\n${text}`);
  }
  const calls = 'labels.forEach((label) => model.load(label));';
  const { modules, notes } = build(
    'const labels = [""]; const model = open(); function open() {}',
    calls,
    `${chat('x')} serve.run(Chat.bind(model))`,
  );
  assert.ok(modules[0]?.text.includes(calls));
  assert.deepEqual(notes, ['cell 2: model.load(…) is in the module, because it may change model']);
});

test('a statement whose callback runs an application is not in the module', () => {
  for (const dot of ['.', '?.']) {
    const { modules, notes } = build(
      `${chat('x')} const handles: Record<string, unknown> = {};`,
      `['a', 'b']${dot}forEach((name) => { handles[name] = serve.run(Chat.bind(name), { name, routePrefix: null }); });`,
      'serve.run(Chat.bind(handles))',
    );
    for (const { text } of modules) assert.ok(!text.includes('serve.run'), text);
    assert.ok(
      notes.some((note) => note.startsWith('cell 2')),
      notes.join('\n'),
    );
  }
});

test('changes in functions that run later, and of names that only a callback has, are left out', () => {
  for (const other of [
    'setTimeout(() => { index.a = 1; });',
    'function fill() { index.a = 1; }',
    'const fillLater = () => { index.a = 1; };',
    'texts.forEach((index) => { index.a = 1; });',
    'texts.map((text) => [text, index.a]);',
  ]) {
    const text = only('const texts: string[] = [];\nconst index = {};', other, `${chat('x')} serve.run(Chat.bind(index))`);
    assert.ok(!text.includes(other), `${other}\n${text}`);
  }
});

test('the parts of one declaration are kept together', () => {
  const parts = [
    'interface Body { old: true }',
    'const step = 1;\nclass Counter { count = Counter.FIRST }\nnamespace Counter { export const FIRST = step; }',
    'enum Size { Small }\nenum Size { Large = 1 }',
    'function twice(x: number): number;\nfunction twice(x: string): string;\nfunction twice(x: unknown) { return x; }\nnamespace twice { export const n = 2; }',
    'interface Body { text: string }\ninterface Body { top?: number }',
    'namespace Api { export interface Query { q: string } }\nnamespace Api { export type Answer = string }',
  ];
  const built = build(
    ...parts,
    'const Chat = serve.deployment(class Chat { fetch(body: Body, query: Api.Query) { return [new Counter(), Size.Small, twice(1)]; } });\nserve.run(Chat.bind())',
  );
  const text = built.modules[0]?.text ?? '';
  for (const part of parts.slice(1).flatMap((cell) => cell.split('\n'))) assert.ok(text.includes(part), `${part}\n${text}`);
  assert.ok(text.indexOf('class Counter') < text.indexOf('namespace Counter'), text);
  assert.deepEqual(built.leftOut.slice(0, -1), ['cell 1: interface Body { old: true }']);
});

test('a module with JSX is compiled as its cells are', () => {
  const run =
    'const Page = serve.deployment(class Page { fetch() { return render(<p>{same(1)}</p>); } });\nserve.run(Page.bind())';
  const cells = ['const render = String;\nrender(<h1>hi</h1>);', 'const same = <T>(x: T) => <T>x;', run];
  const built = build(...cells);
  assert.equal(built.applications[0]?.module, '/out/lesson.app.tsx');
  assert.equal(built.modules[0]?.file, '/out/lesson.app.tsx');
  const text = built.modules[0]?.text ?? '';
  assert.match(text, /\/\*\* @jsxRuntime automatic \*\/[\s\S]*const same = \(x: T\) => \(x\);[\s\S]*render\(<p>/);
  assert.deepEqual([built.leftOut[0], built.notes], ['cell 1: render(<h1>hi</h1>);', []]);

  const plain = build('const render = String;\nrender(<h1>hi</h1>);', `${chat('x')} serve.run(Chat.bind(render))`);
  assert.equal(plain.modules[0]?.file, '/out/lesson.app.ts');
});

test('the functions for JSX that the tsconfig.json or a comment names are kept', () => {
  const h = 'const h = (tag: string) => tag;\nconst other = h;';
  const page = (name: string, comment = '') =>
    `${comment}const ${name} = serve.deployment(() => <p>hi</p>);\nserve.run(${name}.bind(), { name: '${name}', routePrefix: '/${name}' })`;
  const of = (compilerOptions: Readonly<Record<string, unknown>>, ...sources: string[]) =>
    buildNotebook(
      { file: '/nb/lesson.ipynb', cells: sources.map((source, i) => ({ number: i + 1, source })), magics: [], compilerOptions },
      () => '/nb/lesson.app.ts',
    );
  const classic = of({ jsx: 'react', jsxFactory: 'h' }, h, page('A'));
  assert.match(classic.modules[0]?.text ?? '', /\/\*\* @jsxRuntime classic \*\/ \/\*\* @jsx h \*\/[\s\S]*const h =/);
  assert.deepEqual(classic.notes, []);
  const comment = '/** @jsxRuntime classic */ /** @jsx other */\n';
  assert.match(of({ jsx: 'react-jsx' }, h, page('A', comment)).modules[0]?.text ?? '', /@jsx other[\s\S]*const other =/);
  assert.throws(
    () => of({ jsx: 'react', jsxFactory: 'h' }, h, page('A'), page('B', comment)),
    /NBS_CANNOT_BUILD|different functions/,
  );
});
