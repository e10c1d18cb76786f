import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { TestNotebook } from './session-harness.js';

describe('errors of cells', () => {
  const notebook = new TestNotebook();
  after(() => notebook.close());

  it('shows type errors with place, code and line', async () => {
    const { outcome } = await notebook.run('const ok = 1;\n  const s: number = "x";');
    assert.ok(outcome.status === 'error');
    assert.equal(outcome.ename, 'TypeScriptError');
    assert.match(outcome.evalue, /^cell\[1\]\.ts:2:9 - TS2322: Type 'string' is not assignable to type 'number'\.$/);
    assert.match(outcome.traceback.join('\n'), /> 2 \| {3}const s: number = "x";\n\s+\| {9}\^/);
  });

  it('shows positions of repaired lines', async () => {
    assert.match(await notebook.failure('const q = 1;\nexport const o = { q }, bad: string = q;'), /cell\[2\]\.ts:2:25 - TS2322/);
  });

  it('shows the cells and lines that an error came through', async () => {
    await notebook.value(
      'function thrower(): never {\n  // line 2\n  throw new TypeError("bad thing")\n}\nfunction mid() {\n  thrower()\n}',
    );
    const traceback = await notebook.failure('type T = { a: number }\ninterface I { b: string }\nmid()');
    assert.match(traceback, /^TypeError: bad thing\n/);
    assert.match(traceback, /> 3 \| {3}throw new TypeError\("bad thing"\)/);
    assert.match(traceback, /at thrower \(cell\[3\]\.ts:3:9\)\n {4}at mid \(cell\[3\]\.ts:6:3\)\n {4}at cell\[4\]\.ts:3:1$/);
  });

  it('keeps line numbers with decorators, enums and async code', async () => {
    const code =
      'enum E { A }\nfunction d(m: () => Promise<void>, c: ClassMethodDecoratorContext) { return m }\nclass C {\n  constructor(private x: number) {}\n  @d async m() {\n    await null;\n    throw new Error("deep");\n  }\n}\nawait new C(E.A).m()';
    assert.match(await notebook.failure(code), /cell\[5\]\.ts:7:11/);
    assert.equal(await notebook.value('try { await new C(1).m() } catch (e) { /cell\\[5\\]\\.ts:7:11/.test(e.stack) }'), '');
    assert.equal(
      await notebook.value(
        'const caught = await new C(1).m().catch((e) => e.stack as string); /cell.5.\\.ts:7:11/.test(String(caught))',
      ),
      'true',
    );
  });

  it('shows causes and aggregates', async () => {
    const traceback = await notebook.failure(
      'throw new Error("outer", { cause: new AggregateError([new Error("inner one")], "many") })',
    );
    assert.match(traceback, /Caused by: AggregateError: many/);
    assert.match(traceback, /\[error\]: Error: inner one/);
    assert.doesNotMatch(traceback, /node:|kernel-ext/);
  });

  it('shows both errors if a disposal fails after another error', async () => {
    const traceback = await notebook.failure(
      '{ using a = { [Symbol.dispose]() { throw new Error("disposal broke") } }; throw new Error("body broke") }',
    );
    assert.match(traceback, /^SuppressedError: /);
    assert.match(traceback, /\[error\]: Error: disposal broke/);
    assert.match(traceback, /\[suppressed\]: Error: body broke/);
  });

  it('shows the class of an error and its fields', async () => {
    await notebook.value(
      `class HttpError extends Error { constructor(message: string, readonly status: number) { super(message) } }
class Own extends TypeError { override name = 'OwnName' }
const large = Object.assign(new Error('large'), { request: Object.fromEntries([...'abcdef'].map((key) => [key, key.repeat(99)])) });`,
    );
    const { outcome } = await notebook.run('throw new HttpError("failed", 404)');
    assert.ok(outcome.status === 'error');
    assert.deepEqual([outcome.ename, outcome.evalue], ['HttpError', 'failed']);
    assert.match(outcome.traceback.join('\n'), /^HttpError: failed\n[\s\S]*\n {2}\{ status: 404 \}$/);
    const inner = await notebook.failure('throw new Own("outer", { cause: new HttpError("within", 500) })');
    assert.match(inner, /^OwnName: outer\n[\s\S]*Caused by: HttpError: within\n[\s\S]*\{ status: 500 \}/);
    assert.match(await notebook.failure('throw large'), /\{ request: \[Object\] \}/);
    for (const plain of [
      'throw new TypeError("plain")',
      'throw new Error("a", { cause: 1 })',
      'require("node:fs").readFileSync("none")',
      'require("node:assert").equal(1, 2)',
      'throw Object.assign(new Error("a"), { code: "ONE" })',
      'throw new AggregateError([1], "many")',
      'serve.deployment(5 as never)',
    ])
      assert.doesNotMatch(await notebook.failure(plain), /^ {2}\{/m, plain);
  });

  it('shows the error of a cell whatever its fields are', async () => {
    const conn = 'const conn = { get [Symbol.toStringTag](): string { throw new Error("closed") } };\n';
    const { outcome } = await notebook.run(`${conn}throw Object.assign(new Error('query failed'), { conn })`);
    assert.ok(outcome.status === 'error');
    assert.deepEqual([outcome.ename, outcome.evalue], ['Error', 'query failed']);
    assert.match(await notebook.failure('throw conn'), /^Thrown: \[cannot be shown: Error: closed\]/);
    assert.match(
      await notebook.failure('throw new Error("outer", { cause: conn })'),
      /^Error: outer\n[\s\S]*Caused by: \[cannot be/,
    );
  });

  it('shows the line of the cell that made code by eval or new Function', async () => {
    const made = 'enum E { A, B }\n\n\n\nconst f = new Function(\'throw new Error("made")\');\nf()';
    for (const code of [made, made.replace('enum E { A, B }', '')]) {
      const traceback = await notebook.failure(code);
      assert.match(traceback, /^[\s\S]*?cell\[\d+\]\.ts:5:11\)[\s\S]*?cell\[\d+\]\.ts:6:1$/);
      assert.match(traceback, /> 5 \| const f = new Function/);
    }
    assert.match(
      await notebook.failure('const first = new Function(\'throw new Error("first")\'); first()'),
      /cell\[\d+\]\.ts:1:15\)/,
    );
    const alone = `type Gone = 1;\nconst g = new Function('return new Error("alone").stack');`;
    await notebook.value(`${alone}\nlet stack = '';\nsetTimeout(() => { stack = g() });`);
    assert.equal(await notebook.value('await new Promise((done) => setTimeout(done, 5)); /:2:11\\)/.test(stack)'), 'true');
  });

  it('shows frames of another process unchanged', async () => {
    const traceback = await notebook.failure(
      'const e = new Error("in the replica"); e.stack = "Error: in the replica\\n    at Chat.fetch (cell[9].ts:7:11)\\n    at run (/x/nbserve/dist/replica.js:1:1)"; throw e',
    );
    assert.match(traceback, /at Chat\.fetch \(cell\[9\]\.ts:7:11\)$/);
  });

  it('shows lines of files that cells import', async () => {
    await notebook.file(
      'thrower.ts',
      'interface Gone {\n  a: number;\n}\n\nexport function fromFile(x: Gone): never {\n  throw new RangeError(`in the file ${x.a}`);\n}\n',
    );
    const traceback = await notebook.failure('import { fromFile } from "./thrower";\nfromFile({ a: 1 })');
    assert.match(traceback, /at fromFile \(\S*\/thrower\.ts:6:9\)\n {4}at cell\[\d+\]\.ts:2:1$/);
  });

  it('are none for what Node imports by an address', async () => {
    assert.equal(await notebook.value("(await import('data:text/javascript,export default 1')).default"), '1');
    await notebook.file('versioned.mjs', 'export const at = import.meta.url;');
    const ending = "const v = 'v=' + 1;\n(await import(`./versioned.mjs?${v}`)).at.endsWith('versioned.mjs?v=1')";
    assert.equal(await notebook.value(ending), 'true');
    await notebook.file('odd#name.mjs', 'export const odd = 1;');
    assert.equal(await notebook.value("const file = './odd#name.mjs';\n(await import(file)).odd"), '1');
    assert.match(await notebook.failure("const id = 'https://esm.sh/x';\nawait import(id)"), /URL/);
  });

  it('shows a thrown value that is not an error', async () => {
    const { outcome } = await notebook.run('throw { code: 1 }');
    assert.ok(outcome.status === 'error');
    assert.deepEqual([outcome.ename, outcome.evalue], ['Thrown', '{ code: 1 }']);
  });

  it('reports syntax errors at their place', async () => {
    assert.match(await notebook.failure('const a = 1;\nconst = 2;'), /cell\[\d+\]\.ts:2:7 - TS1134/);
    assert.equal(await notebook.value('1 + 1'), '2');
  });

  it('finds keys that are written down and do not exist, and leaves other keys alone', async () => {
    await notebook.value(
      "const user = { name: 'x' }, list = [1], map = new Map([['a', 1]]);\nconst load = async () => [1];\nlet key = 'name';",
    );
    for (const code of ["user['nmae'].length", 'load()[0]', "list['x']", 'user["nmae"]', "map['a']"])
      assert.match(await notebook.failure(code), /TS70\d\d/, code);
    for (const code of ['user[key]', "(globalThis as any)['x']", "globalThis['x']", 'map[key]'])
      assert.doesNotMatch(await notebook.value(code), /Error/, code);
  });

  it('does not end the process', async () => {
    assert.match(await notebook.failure('process.exit(1)'), /NBS_EXIT_IN_CELL/);
  });

  it('says what is wrong in code that the parser could guess', async () => {
    assert.match(await notebook.failure('console.log "x"'), /TS1005: ';' expected/);
    assert.match(await notebook.failure('let one = 1 let two = 2'), /TS1005/);
  });
});
