import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { TestNotebook } from './session-harness.js';

describe('magics', () => {
  const notebook = new TestNotebook();
  after(() => notebook.close());

  it("runs commands in the notebook's folder, between TypeScript lines too", async () => {
    await notebook.file('here.txt', 'content');
    assert.equal(
      (await notebook.run('!cat here.txt; echo err >&2')).text().split('').sort().join(''),
      'contenterr\n'.split('').sort().join(''),
    );
    const mixed = await notebook.run('console.log(`a\n!not a command`)\n!echo mid\nconst after = 1;\nconsole.log(after)');
    assert.equal(mixed.text(), 'a\n!not a command\nmid\n1\n');
    assert.equal(await notebook.value('after'), '1');
  });

  it('ends a line when its shell ends; background processes continue and print there', async () => {
    const run = await notebook.run('!(while [ ! -e go ]; do sleep 0.02; done; echo late) & echo begun');
    assert.equal(run.outcome.status, 'ok');
    assert.equal(run.text(), 'begun\n');
    await notebook.file('go', '');
    while (!run.text().includes('late')) await sleep(10);
    const loud = await notebook.run(
      '!(for n in $(seq 400); do [ -e stop ] && exit; echo tick; sleep 0.02; done; echo over) & echo begun',
    );
    assert.equal(loud.outcome.status, 'ok');
    await notebook.file('stop', '');
    assert.doesNotMatch(loud.text(), /over/);
    const all = await notebook.run('!yes line | head -c 3000000');
    assert.equal(all.text().length, 3_000_000);
  });

  it('finds commands of packages', async () => {
    await notebook.file('node_modules/.bin/greet', '#!/bin/sh\necho greetings');
    assert.equal(
      (await notebook.run('!sh node_modules/.bin/greet && chmod +x node_modules/.bin/greet && greet')).text(),
      'greetings\ngreetings\n',
    );
  });

  it('runs the commands above an import before the import is checked', async () => {
    const code =
      '!mkdir -p node_modules/made && echo "exports.m = 1" > node_modules/made/index.js && echo "export declare const m: number;" > node_modules/made/index.d.ts\nimport { m } from "made";\nm';
    assert.equal(await notebook.value(code), '1');
  });

  it('shows how a command failed', async () => {
    assert.match(await notebook.failure('!exit 3'), /NBS_COMMAND_FAILED.*exit code 3/);
    assert.equal((await notebook.run('1;\n!exit 4\nconsole.log("not reached")')).text(), '');
  });

  it('names the existing magics', async () => {
    assert.match(await notebook.failure('%nope'), /NBS_UNKNOWN_MAGIC.*%serve.*%%bash/);
    assert.match(await notebook.failure('%%nope\nx'), /NBS_UNKNOWN_MAGIC/);
    assert.match((await notebook.run('%lsmagic')).text(), /%serve/);
    assert.match(await notebook.failure('%serve nonsense'), /NBS_BAD_MAGIC.*%serve delete <app>/);
  });

  it('measures times', async () => {
    assert.match((await notebook.run('%time await new Promise((r) => setTimeout(r, 2))')).text(), /^took [\d.]+ ms\n$/);
    assert.equal(await notebook.value('%time const timed: number = 1 + 1;\ntimed'), '2');
    assert.equal(await notebook.value('%time 5'), '5');
    assert.match((await notebook.run('%%time\nconsole.log(1)')).text(), /^1\ntook/);
  });

  it('measures any statement of one line', async () => {
    const statements: readonly (readonly [code: string, value: string])[] = [
      ['let sum = 0;\n%time for (const x of [1, 2]) sum += x;\nsum', '3'],
      ['%time const one = 1, two = 2\none + two', '3'],
      ['%time const { three = 3 } = {} as { three?: number }; // a comment\nthree', '3'],
      ['%time 40 + 2 // a comment', '42'],
      ['%time function half(n: number) { return n / 2 }\nhalf(8)', '4'],
      ['let tries = 0;\n%time while (tries < 5) { tries += 1; await null }\ntries', '5'],
    ];
    for (const [code, value] of statements) {
      const { outcome, text } = await notebook.run(code);
      assert.equal(outcome.status === 'ok' && outcome.result?.data['text/plain'], value, code);
      assert.match(text(), /^took [\d.]+ ms\n$/, code);
    }
  });

  it('says the line of a magic that failed', async () => {
    await notebook.file('fails.ts', 'const inFile = 1;\n\nthrow new Error("in the file");');
    await notebook.value('const failing = "fails.ts"');
    for (const [code, line, told] of [
      ['1;\n\n!exit 3', 3, /exit code 3/],
      ['!true\n!exit 4', 2, /exit code 4/],
      ['// a comment\n%run fails.ts', 2, /at fails\.ts:3:7/],
      ['%run $failing', 1, /at fails\.ts:3:7/],
    ] as const) {
      const { outcome } = await notebook.run(code);
      assert.ok(outcome.status === 'error');
      assert.equal(outcome.line, line, code);
      assert.match(outcome.traceback.join('\n'), told);
    }
  });

  it('knows what the cell declares below, also if it is needed by a function alone', async () => {
    const { text, outcome } = await notebook.run("function check() {\n  !ok && console.log('no');\n}\nlet ok = true;\ncheck();");
    assert.deepEqual([text(), outcome], ['', { status: 'ok' }]);
    assert.match(
      await notebook.failure('function build() {\n  !echo made\n}'),
      /TS1308.*help: a line with ! or % waits for its end, so its function must be async/s,
    );
  });

  it('refuses values and cells that are too long for the system, with a code', async () => {
    assert.match(
      await notebook.failure('const big = "x".repeat(200_000);\n!echo $big'),
      /NBS_COMMAND_TOO_LONG.*write a long value/,
    );
    assert.match(await notebook.failure(`%%bash\n: ${'y'.repeat(200_000)}`), /NBS_COMMAND_TOO_LONG.*%%bash/);
  });

  it('runs whole cells', async () => {
    assert.equal((await notebook.run('%%bash\nx=3\necho $((x + 1))')).text(), '4\n');
    assert.deepEqual((await notebook.run('%%html\n<b>1</b>')).displays[0]?.bundle.data, { 'text/html': '<b>1</b>' });
  });

  it('does not treat an operator as a command', async () => {
    assert.equal(await notebook.value('const yes = true &&\n!false; yes'), 'true');
    assert.equal(await notebook.value('const m = 7\n % 4; [\n!true,\n]; m'), '3');
  });

  it('ends a command that is interrupted', async () => {
    const cell = notebook.run('!echo started; sleep 60');
    while (true) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      notebook.session.interrupt();
      const ended = await Promise.race([cell, new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), 50))]);
      if (ended === undefined) continue;
      assert.equal(ended.outcome.status === 'error' && ended.outcome.ename, 'KeyboardInterrupt');
      break;
    }
  });
});

describe('cells without a check of their types', () => {
  it('are those behind %types off, until %types on', async (t) => {
    const notebook = new TestNotebook();
    t.after(() => notebook.close());
    await notebook.value('%types off');
    assert.equal(await notebook.value('const n: number = "text"; n'), "'text'");
    assert.match(await notebook.failure('missingName'), /ReferenceError/);
    assert.match(await notebook.failure('const = 1'), /TypeScriptError/);
    assert.match(await notebook.failure('import x from "./not-there"'), /Cannot find module|NBS_|ERR_/);
    assert.equal(await notebook.value('class A { a = 1 } new A().a'), '1');
    await notebook.value('%types on');
    assert.match(await notebook.failure('const m: number = "text"'), /TS2322/);
    assert.match(await notebook.failure('new A().b'), /TS2339/);
    assert.match(await notebook.failure('%types maybe'), /NBS_BAD_TYPES.*%types off and %types on/);
  });

  it('may use in functions what later cells declare, and send functions as text', async (t) => {
    const notebook = new TestNotebook();
    t.after(() => notebook.close());
    await notebook.value('%types off');
    await notebook.value(`function main() {
  const one = 1
  helper(one)
  return [helper(2), new Later().n, typeof Later, typeof nowhere, { helper }.helper(3), state.list.length]
}`);
    await notebook.value('enum E { A = 8 }\nconst compiled = () => helper(E.A)');
    assert.match(
      await notebook.failure('\nmain()'),
      /^ReferenceError: helper is not defined\n[\s\S]*at main \(cell\[2\]\.ts:3:3\)/,
    );
    await notebook.value('function helper(n) { return n * 2 }\nclass Later { n = 7 }\nconst state = { list: [] }');
    assert.equal(await notebook.value('main()'), "[ 4, 7, 'function', 'undefined', 6, 0 ]");
    assert.equal(await notebook.value('compiled()'), '16');
    await notebook.value('const helper = (n) => n * 3');
    assert.equal(await notebook.value('main()[0]'), '6');
    assert.equal(
      await notebook.value(
        "import { runInNewContext } from 'node:vm';\nrunInNewContext(`(${() => page.title + typeof absent})()`, { page: { title: 'sent' } })",
      ),
      "'sentundefined'",
    );
    await notebook.value('const calls = () => {\n  wrong(1)\n}, makes = () => new wrong()');
    await notebook.value('const wrong = 5');
    assert.match(await notebook.failure('calls()'), /^TypeError: wrong is not a function\n/);
    assert.match(await notebook.failure('makes()'), /^TypeError: wrong is not a constructor\n/);
    assert.match(await notebook.failure('wrong(1)'), /^TypeError: wrong is not a function\n/);
    await notebook.value("globalThis.tone = 'global';\nconst heard = () => tone");
    assert.equal(await notebook.value("const first = heard();\nconst tone = 'own';\nfirst + heard()"), "'globalown'");
    await notebook.value('%types on');
    await notebook.value('// @ts-nocheck\nconst go = () => step()');
    await notebook.value('const step = () => "gone on"');
    assert.equal(await notebook.value('go()'), "'gone on'");
  });

  it('are the rest of a cell that says so, and those with // @ts-nocheck', async (t) => {
    const notebook = new TestNotebook();
    t.after(() => notebook.close());
    assert.equal(await notebook.value('%types off\nconst n: number = "text"; n'), "'text'");
    await notebook.value('%types on');
    assert.equal(await notebook.value('// @ts-nocheck\nconst k: number = "text"; k'), "'text'");
    assert.equal(await notebook.value('/* a */\n// @ts-nocheck: why not\nconst l: number = "text"; l'), "'text'");
    assert.match(await notebook.failure('const l: number = 1\n// @ts-nocheck\nconst m: number = "text"'), /TS2322/);
    assert.match(await notebook.failure('const s = "// @ts-nocheck"; const m: number = "text"'), /TS2322/);
  });
});
