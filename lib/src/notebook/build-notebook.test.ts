import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildNotebook } from './index.js';

const build = (...sources: string[]) =>
  buildNotebook(
    { file: '/nb/lesson.ipynb', cells: sources.map((source, i) => ({ number: i + 1, source })), magics: [] },
    (n) => `/out/lesson.app${n === 0 ? '' : n + 1}.ts`,
  );
/** The module without its first lines and comments. */
const code = (text = ''): string =>
  text
    .replaceAll(/^\/\/.*\n/gm, '')
    .replaceAll(/\n{2,}/g, '\n')
    .trim();
const only = (...sources: string[]): string => code(build(...sources).modules[0]?.text);
const message = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    return `${(error as { code: string }).code} ${(error as Error).message}`;
  }
  return assert.fail('it was built');
};

const chat = (word: string) => `const Chat = serve.deployment(class Chat { fetch() { return '${word}'; } });`;

test('of a name that several cells declare, an application has the last one above its run', () => {
  const text = only(chat('one'), chat('two'), 'await serve.run(Chat.bind());', chat('three'));
  assert.equal(text, `import { serve } from 'nbserve';\n${chat('two')}\nexport const defaultApp = Chat.bind();`);
});

test('the last run of an application counts, and one that is deleted does not; shutdown is the end of the lesson', () => {
  const { applications, notes } = build(
    chat('one'),
    "const a = await serve.run(Chat.bind(), { name: 'a', routePrefix: '/a' });",
    "await serve.run(Chat.bind(), { name: 'b', routePrefix: '/b' }); await serve.run(Chat.bind(), { name: 'a', routePrefix: null })",
    "await serve.delete('b'); await serve.shutdown();",
  );
  assert.deepEqual(applications, [{ name: 'a', routePrefix: null, module: '/out/lesson.app.ts', export: 'aApp' }]);
  assert.deepEqual(notes, ['cell 4 deletes the application b']);
});

test('options may be constants of the notebook: the object, a part of it, or a text', () => {
  const { applications } = build(
    chat('one'),
    "const NAME = 'a' as const; const options = { name: NAME, routePrefix: `/a` };",
    'await serve.run(Chat.bind(), options);',
    "await serve.run(Chat.bind(), { ...options, name: 'b', routePrefix: '/b' });",
    "const options = { name: 'c', routePrefix: null };",
    'await serve.run(Chat.bind(), options);',
  );
  assert.deepEqual(
    applications.map(({ name, routePrefix }) => [name, routePrefix]),
    [
      ['a', '/a'],
      ['b', '/b'],
      ['c', null],
    ],
  );
});

test('types, functions and changed variables that the application needs are kept, and nothing else', () => {
  const text = only(
    'interface Unused {}\ninterface Body { text: Text }\ntype Text = string;',
    "import { a, b as c, type D } from './lib/tools';\nimport type { E } from 'e';",
    'const limits = { low: 1 };\nlet count = 1;\nconst other = compute();',
    'limits.low = 2;\ncount += 1;\nother.x = 1;\nconsole.log(limits);',
    'function helper(value: number): D { return c(value, limits.low, count); }',
    'const Chat = serve.deployment(class Chat { fetch(body: Body) { return helper(body.text.length); } });\nawait serve.run(Chat.bind());',
  );
  assert.equal(
    text,
    `import { serve } from 'nbserve';
interface Body { text: Text }
type Text = string;
import { b as c } from "../nb/lib/tools";
import { type D } from "../nb/lib/tools";
const limits = { low: 1 };
let count = 1;
limits.low = 2;
count += 1;
function helper(value: number): D { return c(value, limits.low, count); }
const Chat = serve.deployment(class Chat { fetch(body: Body) { return helper(body.text.length); } });
export const defaultApp = Chat.bind();`,
  );
});

test('what a statement uses when it runs stands above it, also if the last declaration is in a later cell', () => {
  const text = only(
    'const make = () => 1;',
    'const made = make();',
    'const make = () => 2;',
    `${chat('x')}\nserve.run(Chat.bind(made))`,
  );
  assert.ok(text.indexOf('const make = () => 2;') < text.indexOf('const made = make();'), text);
  assert.doesNotMatch(text, /=> 1/);
});

test('if a statement ran with an earlier declaration, the user is told', () => {
  assert.deepEqual(build('const n = 1;', 'const m = n;', 'const n = 2;', `${chat('x')}\nserve.run(Chat.bind(n, m))`).notes, [
    'cell 2 ran with the n of cell 1; the module has the one of cell 3',
  ]);
});

test('an application made of names that only a block knows is left out, and the user is told', () => {
  const cells = [
    'if (ready) { const bound = Chat.bind(); await serve.run(bound, { name: "own", routePrefix: "/own" }); }',
    'for (const n of [1, 2]) await serve.run(Chat.bind(n), { name: "each", routePrefix: "/each" });',
    'try { load(); } catch (failed) { serve.run(Chat.bind(failed), { name: "failed", routePrefix: "/failed" }); }',
    '{ const options = { x: 1 }; serve.run(Chat.options(options).bind(), { name: "block", routePrefix: "/block" }); }',
  ];
  const { applications, notes } = build(chat('x'), 'const ready = true;', 'await serve.run(Chat.bind());', ...cells);
  assert.deepEqual(
    applications.map(({ name }) => name),
    ['default'],
  );
  assert.deepEqual(
    notes,
    ['bound', 'n', 'failed', 'options'].map(
      (name, at) => `cell ${at + 4}: serve.run uses ${name}, declared in a block; declare it at the top of a cell`,
    ),
  );
});

test('applications that need different declarations of one name are in different modules', () => {
  const { modules, applications } = build(
    chat('one'),
    "serve.run(Chat.bind(), { name: 'a', routePrefix: '/a' })",
    chat('two'),
    "serve.run(Chat.bind(), { name: 'b', routePrefix: '/b' })",
  );
  assert.deepEqual(
    applications.map(({ name, module }) => [name, module]),
    [
      ['a', '/out/lesson.app.ts'],
      ['b', '/out/lesson.app2.ts'],
    ],
  );
  assert.match(modules[0]?.text ?? '', /'one'/);
  assert.match(modules[1]?.text ?? '', /'two'/);
});

test('what a declaration of several names needs of itself is in the module', () => {
  const list = (cell: string, served: string): string =>
    only(
      "import { serve } from 'nbserve'; const labels: string[] = [];",
      cell,
      `const Chat = serve.deployment(() => ${served});`,
      'await serve.run(Chat.bind());',
    );
  const has = (text: string, part: string): void => assert.ok(text.includes(part), text);
  const change = "const n = labels.push('cat'), m = n * 2;";
  has(list(change, 'labels'), "{ const n = labels.push('cat'), m = n * 2; }");
  has(list(change, '[labels, m]'), "const n = labels.push('cat');\nconst m = n * 2;");
  has(list(change, '[labels, n]'), "const n = labels.push('cat');\n{ const m = n * 2; }");
  has(list('const a = 1, B = a + 1, c = 3;', 'B'), 'const a = 1;\nconst B = a + 1;\nconst Chat');
});

test('a trial of an imported module, and a guessed change that uses a handle, are left out', () => {
  const { modules, notes } = build(
    "import { serve } from 'nbserve'; import * as tf from './tf.ts'; const tok = tf.load();",
    'const Chat = serve.deployment(class Chat { run() { return [tok, tf.sum()]; } }); const h = await serve.run(Chat.bind());',
    'const y = tf.add(1, 2);',
    'const say = () => h.run.remote(); tok.count(await say());',
    'await serve.run(Chat.bind());',
  );
  assert.doesNotMatch(modules[0]?.text ?? '', /tf\.add|count/);
  assert.deepEqual(notes, [
    'cell 3: tf.add(…) is left out',
    'cell 4: tok.count(…) is left out, because it uses a result of a call that changes the cluster',
  ]);
});

test('of a destructuring, a name that another cell declares again is left out', () => {
  const text = only('const { a, b } = load();', 'const b = 2;', `${chat('x')}\nawait serve.run(Chat.bind(a, b));`);
  assert.match(
    text,
    /const \{ a \} = await \(async \(\) => \{\n {2}const \{ a, b \} = load\(\);\n {2}return \{ a \};\n\}\)\(\);\nconst b = 2;/,
  );
});

test('.deploy(), exported declarations, and names of applications that are no identifiers', () => {
  const one = build(`export ${chat('x')}`, 'await Chat.deploy();');
  assert.deepEqual(one.applications, [{ name: 'Chat', routePrefix: '/Chat', module: '/out/lesson.app.ts', export: 'ChatApp' }]);
  assert.match(one.modules[0]?.text ?? '', /\nconst Chat = [\s\S]*export const ChatApp = Chat\.bind\(\);/);
  const odd = build(chat('x'), "serve.run(Chat.bind(), { name: '1-a.b' }); const _1ABApp = 1;");
  assert.equal(odd.applications[0]?.export, '_1ABApp');
});

test('a decorated class and the comment above it stay whole', () => {
  const source = `/** What it does. */\nconst Typed = serve.deployment(class Typed {\n  /** Adds. */\n  @serve.post('/add')\n  async add(body: { a: number }) { return body.a; }\n});`;
  assert.match(
    only(source, 'serve.run(Typed.bind())'),
    new RegExp(source.replaceAll(/[/*()@.{}[\]]/g, '\\$&').replaceAll('\n', '\\n')),
  );
});

test('what cannot be built is a coded error that names the cell', () => {
  assert.match(
    message(() =>
      build(
        chat('x'),
        'const handle = await serve.run(Chat.bind());',
        "const Two = serve.deployment(class Two { fetch() { return handle.x.remote(); } });\nserve.run(Two.bind(), { name: 'two', routePrefix: '/two' })",
      ),
    ),
    /^NBS_CANNOT_BUILD lesson\.ipynb, cell 3: application two uses Two uses handle, which is a result of serve\.run/,
  );
  assert.match(
    message(() => build(chat('x'), 'let options = { name: "a" };\nserve.run(Chat.bind(), options)')),
    /^NBS_NOTHING_TO_BUILD lesson\.ipynb runs no application: .*; cell 2: the options of serve\.run are neither written at the call nor a constant of the notebook$/,
  );
  assert.match(
    message(() => build(chat('x'), 'async function go() { await serve.run(Chat.bind()); }\nawait go();')),
    /NBS_NOTHING_TO_BUILD/,
  );
  assert.match(
    message(() => build('this is no TypeScript {')),
    /NBS_NOTHING_TO_BUILD .*cell 1 cannot be read as TypeScript/,
  );
});

test('methods that change a value are kept, and those that may only read it are not', () => {
  const cells = [
    'const labels: string[] = [];\nconst map = new Map<string, number>();\nconst model = open();\nfunction open() {}\nconst limits = { low: 0 };',
    "labels.push('cat');",
    "map?.set('a', 1)!;",
    'await model.load();',
    'Object.assign(limits, { low: 1 });',
    'labels.join(); labels.map((one) => one.length); console.log(labels, await model.predict(1)); const made = labels.slice();',
    `const Chat = serve.deployment(class Chat { fetch() { return [labels, map, model, limits]; } });\nserve.run(Chat.bind())`,
  ];
  const text = only(...cells);
  for (const kept of [cells[1], cells[2], cells[3], cells[4]]) assert.ok(text.includes(kept as string), `${kept}\n${text}`);
  assert.doesNotMatch(text, /join|console|slice/);
  assert.deepEqual(build(...cells).notes, ['cell 4: model.load(…) is in the module, because it may change model']);
  const log = "import fs from 'node:fs';";
  assert.deepEqual(build(log, "fs.rmSync('x');", `${chat('x')} serve.run(Chat.bind(fs))`).notes, [
    'cell 2: fs.rmSync(…) is left out',
  ]);
});

test('changes in statements of every kind are kept', () => {
  for (const change of [
    'try { n.a = 1; } catch {}',
    'while (n.a < 3) n.a += 1;',
    'do { n.a += 1; } while (n.a < 3);',
    'switch (n.a) { case 0: n.a = 1; }',
    '{ n.a = 1; }',
    'try { await n.load(); } finally {}',
    'if (n.a === 0) { n.list.push(1); }',
  ])
    assert.ok(only('const n = make();', change, `${chat('x')} serve.run(Chat.bind(n))`).includes(change), change);
  const text = only('let n = 1;', 'const before = n++, other = 1;', `${chat('x')} serve.run(Chat.bind(n))`);
  assert.match(text, /let n = 1;\n\{ const before = n\+\+, other = 1; \}/);
  const used = only('let n = 1;', 'const before = n++;', `${chat('x')} serve.run(Chat.bind(n, before))`);
  assert.match(used, /let n = 1;\nconst before = n\+\+;/);
});

test('classes, enums and imports that are used only as types are kept', () => {
  const text = only(
    "import { Foo, type Bar } from './foo.ts';\nimport { Used } from './used.ts';",
    'class Point { constructor(readonly x: number) {} }\nenum Size { Small }\nclass Unused {}',
    'interface Body { at: Point; foo: Foo; size?: Size }',
    'const Chat = serve.deployment(class Chat { /** Unused */ fetch(body: Body, bar: Bar, used: Used) { return new Used(); } });\nserve.run(Chat.bind())',
  );
  assert.match(text, /import type \{ Foo \} from "\.\.\/nb\/foo\.ts"/);
  assert.match(text, /import \{ type Bar \}/);
  assert.match(text, /import \{ Used \} from/);
  assert.match(text, /class Point/);
  assert.match(text, /enum Size/);
  assert.doesNotMatch(text, /class Unused/);
});

test('a module in another folder imports the same files, and other paths are named in notes', () => {
  const built = build(
    "const Chat = serve.deployment(class Chat { async fetch() { return (await import('./tools.ts')).go(); } }, { runtimeEnv: { workingDir: './data' } });",
    'serve.run(Chat.bind())',
  );
  assert.match(built.modules[0]?.text ?? '', /import\("\.\.\/nb\/tools\.ts"\)/);
  assert.deepEqual(built.notes, ['cell 1 names "./data", which is looked for in /out if it is a file']);
});

test('the options of serve.start are those of the cluster', () => {
  const built = build(
    'const PORT = 8123;',
    "await serve.start({ port: PORT, host: '0.0.0.0', grpc: { port: 0, protos: ['a.proto'] }, address: 'x', spareReplicas: count() });",
    `${chat('x')} serve.run(Chat.bind())`,
  );
  assert.deepEqual(built.cluster, { port: 8123, host: '0.0.0.0', grpc: { port: 0, protos: ['a.proto'] } });
  assert.deepEqual(built.notes, [
    'cell 2: the option address of serve.start is not in the configuration',
    'cell 2: the option spareReplicas of serve.start is not in the configuration',
    'the files that cluster names are looked for in /out',
  ]);
});
