import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { TestNotebook } from './session-harness.js';

describe('lines of a command', () => {
  const notebook = new TestNotebook();
  after(() => notebook.close());

  it('are an array, at the top and in blocks', async () => {
    await notebook.file('a.txt', '');
    await notebook.file('b.txt', '');
    assert.equal(await notebook.value('const files = !ls *.txt\nfiles'), "[ 'a.txt', 'b.txt' ]");
    assert.equal(await notebook.value('files.map((one) => one.toUpperCase()).join()'), "'A.TXT,B.TXT'");
    assert.equal(
      await notebook.value('let n: string[] = [];\nif (files.length === 2) {\n  n = !echo one; echo two\n}\nn'),
      "[ 'one', 'two' ]",
    );
    assert.equal(await notebook.value('const [first] = !printf "x\\ny"\nfirst'), "'x'");
    // As in IPython, the assignment alone makes the name.
    assert.equal(await notebook.value('made = !printf "a\\nb"\nmade.concat(files.slice(0, 1))'), "[ 'a', 'b', 'a.txt' ]");
    assert.equal(await notebook.value('made = !echo c\n  again=!echo 1\nagain = !echo 2\n[made, again]'), "[ [ 'c' ], [ '2' ] ]");
    assert.equal(await notebook.value('const use = () => later.length;\nlater = !echo x\nuse()'), '1');
    assert.match(await notebook.failure('typed = !echo 1\ntyped.toFixed()'), /TS2339/);
    assert.match(await notebook.failure('if (files.length > 0) {\n  inner = !echo 1\n}'), /TS2304.*inner/);
    assert.match(await notebook.failure('const fixed: string[] = [];\nfixed = !echo 1'), /TS2588/);
    assert.equal(await notebook.value('const none = !true\nconst empty = !printf ""\nempty'), '[]');
    assert.match(await notebook.failure('const bad = !exit 3'), /NBS_COMMAND_FAILED.*exit code 3/);
    assert.match(await notebook.failure('const wrong: number = !echo 1'), /TS2322/);
  });

  it('end with half a character, which is not lost', async () => {
    assert.equal((await notebook.run("!printf 'caf\\351'")).text(), 'caf\ufffd');
    assert.equal((await notebook.run('process.stdout.write(Buffer.from([99, 0xc3]))')).text(), 'c\ufffd');
    assert.equal((await notebook.run("const half = !printf 'caf\\351'\nconsole.log(half)")).text(), "[ 'caf\ufffd' ]\n");
  });

  it('contain values of the notebook, which the shell never reads as code', async () => {
    await notebook.value('const dir = "a b; echo no"; const list = [1, 2]');
    assert.equal((await notebook.run('!echo "$dir" {list} {list.length + 1}')).text(), 'a b; echo no 1 2 3\n');
    assert.equal(
      (await notebook.run(`!echo '$dir' "{list[0]}" $((1 + 2)) {a,b}$HOME | head -c 30`)).text().slice(0, 15),
      '$dir 1 3 {a,b}/',
    );
    assert.equal((await notebook.run('!printf "%s" "$$dir" "{{dir}}"')).text(), '{dir}');
    assert.equal((await notebook.run('for (const name of ["x", "y"]) {\n  !echo in $name\n}')).text(), 'in x\nin y\n');
    assert.match(await notebook.failure('const gone = undefined;\n!echo {gone}'), /NBS_BAD_SHELL_VALUE/);
    assert.match(await notebook.failure('!echo {list.nothing}'), /TS2339/);
    const sizes = 'const sizes = ["a"].map((f) => f.length);\n!for f in one two; do echo "$f ${f}"; done';
    assert.equal((await notebook.run(sizes)).text(), 'one one\ntwo two\n');
    assert.equal((await notebook.run('const o = { date: 1 };\n!date > /dev/null')).outcome.status, 'ok');
    assert.equal((await notebook.run('!for input in a b; do echo "${input}"; done')).text(), 'a\nb\n');
  });

  it('continue behind a backslash', async () => {
    assert.equal((await notebook.run('!echo one \\\n  "two" \\\n three\nconsole.log(4)')).text(), 'one two three\n4\n');
    assert.equal(await notebook.value('const who = "me";\nconst both = !echo a \\\n  $who\nboth'), "[ 'a me' ]");
    assert.equal((await notebook.run('%env JOINED = \\\n  here')).text(), 'JOINED=here\n');
    assert.match(await notebook.failure('!echo one \\\n two\nnull.x'), /cell\[\d+\]\.ts:3:/);
    for (const [code, status] of Object.entries({
      '!echo one \\': 'incomplete',
      '%time !echo one \\': 'incomplete',
      // Two are the text of one.
      '!echo one \\\\': 'complete',
      '!ls\n`a\\': 'incomplete',
    }))
      assert.equal(notebook.session.isComplete(code).status, status, code);
    assert.match((await notebook.run('%time !echo one \\\n  two\nconsole.log(3)')).text(), /^one two\ntook [\d.]+ ms\n3\n$/);
    assert.match((await notebook.run('%timeit -n 1 -r 1 !echo one \\\n  two')).text(), /^one two\n/);
    assert.equal((await notebook.run('!echo a\\\\\nconsole.log(4)')).text(), 'a\\\n4\n');
  });

  it('whose time is measured say it also if they fail', async () => {
    const { outcome, text } = await notebook.run('%time !exit 3');
    assert.equal(outcome.status, 'error');
    assert.match(text(), /took [\d.]+ ms\n$/);
  });
});

describe('TypeScript that looks like a magic', () => {
  const notebook = new TestNotebook();
  after(() => notebook.close());

  it('stays TypeScript', async () => {
    const cases: Readonly<Record<string, string>> = {
      'const ready = false;\n!ready && console.log("on"); ready': 'false',
      'const on = true\nconst off = !on\noff': 'false',
      'const m = 7, b = 4\nconst rest = m\n%b\nrest': '3',
      'function f(flag: boolean) {\n  !flag && console.log(1);\n  return !flag;\n}\nf(false)': 'true',
      'const t = `\n!ls\n%who\n`\nt.length': '10',
      '/*\n!ls\n%who\n*/ 5': '5',
      '!function () { return 1 }(); 6': '6',
      '!ready && [\n  1,\n].map((x) => x); 8': '8',
      'const list = [\n  !ready,\n  !on,\n]; list.length': '2',
      'const o = { a:\n  !ready };\no.a': 'true',
      '!/x/.test("y") && 3; 9': '9',
    };
    for (const [code, value] of Object.entries(cases)) assert.equal(await notebook.value(code), value, code);
  });
});

describe('%timeit', () => {
  const notebook = new TestNotebook();
  after(() => notebook.close());

  it('says how long code takes', async () => {
    const told = /^[\d.]+ (ns|μs|ms) ± [\d.]+ (ns|μs|ms) per loop \(mean ± std\. dev\. of 2 runs, 10 loops each\)\n$/;
    assert.match((await notebook.run('%timeit -n 10 -r 2 Math.sqrt(2)')).text(), told);
    assert.match((await notebook.run('%timeit -n10 -r2 await Promise.resolve(1);')).text(), told);
    assert.match((await notebook.run('%%timeit -n 10 -r 2\nlet sum = 0;\nfor (let i = 0; i < 10; i++) sum += i;')).text(), told);
    assert.equal(await notebook.value('let calls = 0;\n%timeit -n 3 -r 2 calls += 1\ncalls'), '7');
    assert.match(await notebook.failure('%timeit -n many 1'), /NBS_BAD_TIMEIT.*-n <loops>/);
    assert.match((await notebook.run('const x = 1;\n%timeit -n 10 -r 2 -x')).text(), told);
    assert.match(await notebook.failure('%timeit missing()'), /TS2304/);
  });

  it('measures commands too, as %time does', async () => {
    const word = 'w';
    await notebook.value(`const word = '${word}'`);
    assert.match((await notebook.run('%time !echo $word')).text(), /^w\ntook [\d.]+ m?s\n$/);
    assert.match((await notebook.run('%timeit -n 1 -r 2 !true')).text(), /per loop .*2 runs, 1 loops? each/);
    assert.equal(await notebook.value('const yes = true;\nlet no;\n%time no = !yes\nno'), 'false');
    assert.match((await notebook.run('%time !yes')).text(), /^took/);
  });
});
