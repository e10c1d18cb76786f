/** Errors of shipped code show the user's cell, line and column. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { compileModule } from '../../dist/code/index.js';
import { makeFolder } from '../fixtures/code-folder.js';
import { Notebook } from '../fixtures/code-notebook.js';
import { FreshProcess } from '../fixtures/code-process.js';

// biome-ignore lint/suspicious/noExplicitAny: what the other process loads has no type here
type Loaded = any;

const { folder, remove } = makeFolder();
process.env.NBSERVE_CACHE = `${folder}/cache`;
const other = new FreshProcess();
after(async () => {
  await other.end();
  remove();
});

const CELLS = [
  `interface Opt { a: number }
export function helper(o: Opt): never {
  const text: string = 'no';
  throw new Error(text);
}`,
  `import { fails } from './helper';
class Chat {
  constructor(private readonly bad?: boolean) {
    if (bad) throw new TypeError('constructor');
  }
  sync() { helper({ a: 1 }); }
  async later(): Promise<void> {
    await Promise.resolve();
    helper({ a: 2 });
  }
  file() { fails(); }
  print() {
    console.error(new Error('printed'));
    [1].map(() => { throw new Error('in a callback'); });
  }
}`,
];

async function stackOf(check: (C: Loaded) => unknown): Promise<readonly string[]> {
  const notebook = new Notebook(folder);
  for (const cell of CELLS) await notebook.run(cell);
  const { error } = await other.run(await notebook.pack('Chat'), check);
  // The check itself runs in the other process, below the code that it tests.
  return (error?.stack ?? '').split('\n').filter((line) => !/runner|eval/.test(line));
}

test('in a helper of another cell', async () => {
  assert.deepEqual(await stackOf((C) => new C().sync()), [
    'Error: no',
    '    at helper (cell[1].ts:4:9)',
    '    at Chat.sync (cell[2].ts:6:12)',
  ]);
});

test('after an await', async () => {
  assert.deepEqual(await stackOf(async (C) => await new C().later()), [
    'Error: no',
    '    at helper (cell[1].ts:4:9)',
    '    at Chat.later (cell[2].ts:9:5)',
  ]);
});

test('in the constructor', async () => {
  assert.deepEqual(await stackOf((C) => new C(true)), ['TypeError: constructor', '    at new Chat (cell[2].ts:4:20)']);
});

test('in a file that a cell imports', async () => {
  assert.deepEqual(await stackOf((C) => new C().file()), [
    'Error: in helper',
    `    at fails (${folder}/helper.ts:6:9)`,
    '    at Chat.file (cell[2].ts:11:12)',
  ]);
});

test('in a callback, and as console.error prints it', async () => {
  const stack = await stackOf((C) => new C().print());
  assert.match(stack[1] ?? '', /at .*cell\[2\]\.ts:14:27/);
  assert.match(other.stderr, /Error: printed\n\s+at Chat\.print \(cell\[2\]\.ts:13:19\)/);
});

test('a class that was renamed and one with decorators keep their names', async () => {
  const notebook = new Notebook(folder);
  await notebook.run('class B { go() { throw new Error("b") } }');
  await notebook.run(
    'const d = (m: Function, c: unknown) => m; const k = (c: Function, x: unknown) => {}; @k class A extends B { static one = new A(); @d f() { this.go() } n() { return B } }',
  );
  await notebook.run('class B { go() {} }');
  const { error } = await other.run(await notebook.pack('A'), (A: Loaded) => new A().f());
  const lines = error?.stack.split('\n') ?? [];
  assert.deepEqual(lines.slice(1, 3), ['    at A.go (cell[1].ts:1:24)', '    at A.f (cell[2].ts:1:145)']);
});

test('a module shows its own file', async () => {
  const compiled = await compileModule(`${folder}/app.ts`);
  const ref = { kind: 'module', file: compiled.file, hash: compiled.hash, deployment: 'Model' } as const;
  const answered = await other.runRef(ref, (Model: Loaded) => new Model().answer(2));
  assert.deepEqual(answered, { value: '4 8 import 1' });
  const { error } = await other.runRef(ref, (Model: Loaded) => new Model().fails());
  assert.match(error?.stack.split('\n')[1] ?? '', new RegExp(`at Model.fails \\(${folder}/app.ts:10:11\\)`));
});

test('a module that changed after it was deployed, or has no such deployment', async () => {
  const compiled = await compileModule(`${folder}/app.ts`);
  const ref = { kind: 'module', file: compiled.file, hash: compiled.hash, deployment: 'Nope' } as const;
  const missing = await other.runRef(ref, () => 1);
  assert.match(missing.error?.message ?? '', /app\.ts has no deployment Nope; it has: Model, config/);
  const changed = await other.runRef({ ...ref, hash: '0'.repeat(64) }, () => 1);
  assert.equal(changed.error?.code, 'NBS_MODULE_FAILED');
  await assert.rejects(compileModule(`${folder}/broken.ts`), {
    code: 'NBS_MODULE_FAILED',
    message: /Could not resolve ".\/nowhere" \(broken\.ts:1\)/,
  });
});
