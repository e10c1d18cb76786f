import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { TestNotebook } from './session-harness.js';

describe('magics about the notebook', () => {
  const notebook = new TestNotebook();
  after(() => notebook.close());
  const printed = async (code: string): Promise<string> => (await notebook.run(code)).text();

  it('change the folder and the environment of commands', async () => {
    await notebook.file('sub folder/in.txt', 'inside');
    assert.equal(await printed('%cd sub folder\n!cat in.txt'), `${join(notebook.folder, 'sub folder')}\ninside`);
    assert.equal(await printed('const up = "..";\n%cd {up}\n%pwd'), `${notebook.folder}\n${notebook.folder}\n`);
    assert.match(await notebook.failure('%cd nowhere'), /NBS_MAGIC_FILE.*nowhere is not a folder/);
    await printed('%cd sub folder');
    assert.equal(await printed('%cd -'), `${notebook.folder}\n`);
    assert.equal(await printed('%cd -\n%cd -'), `${join(notebook.folder, 'sub folder')}\n${notebook.folder}\n`);
    assert.equal(
      await printed('%env NBS_TEST_A=one two\n!echo $NBS_TEST_A\n%env NBS_TEST_A'),
      'NBS_TEST_A=one two\none two\none two\n',
    );
    await notebook.value('!mkdir short\n%cd short\n!rmdir ../short');
    assert.match(await notebook.failure('!ls'), /NBS_FOLDER_GONE.*short is gone; %cd <folder> chooses another/);
    assert.equal(await printed('%cd ..'), `${notebook.folder}\n`);
    assert.match(await notebook.failure('%env NBS_TEST_NONE'), /NBS_BAD_ENV.*not set/);
    assert.match(await notebook.failure('%env 1=2'), /NBS_BAD_ENV/);
  });

  it('say what is wrong with what stands behind their names', async () => {
    for (const magic of ['%run', '%load', '%%writefile'])
      assert.match(await notebook.failure(magic), /NBS_NO_FILE_NAMED.*needs the name of a file/);
    assert.match(await notebook.failure('%%capture 1bad\n1'), /NBS_BAD_CAPTURE.*1bad/);
    assert.match(await notebook.failure('%%capture a b\n1'), /NBS_BAD_CAPTURE/);
    const unknown = await notebook.failure('%nosuch');
    assert.match(unknown, /there are !command, name = !command, name\?, %serve, /);
    assert.match(await notebook.failure('%%bash\necho one\nexit 3'), /NBS_COMMAND_FAILED.*: %%bash ended with exit code 3/);
    assert.match(await notebook.failure('!exit 3'), /NBS_COMMAND_FAILED.*: !exit 3 ended with exit code 3/);
  });

  it('list the names and forget them', async () => {
    await notebook.value('const n = 5; class A {} ; let words = ["a"]; function go() {}');
    assert.match(await printed('%who'), /A {2}go {2}n/);
    assert.equal(await printed('%who class'), 'A\n');
    assert.match(await printed('%whos'), /^n +number +5$/m);
    assert.match(await notebook.failure('const inside = 1;\n%reset'), /NBS_RESET_IN_CODE/);
    await notebook.value('%reset');
    assert.match(await printed('%who'), /no such names/);
    assert.match(await notebook.failure('n'), /TS2304/);
    assert.equal(await notebook.value('const n = "new"; n'), "'new'");
  });

  it('show the history', async () => {
    await notebook.value('"find me"');
    assert.match(await printed('%history -l 2'), /^"find me"\n%history -l 2\n$/);
    assert.match(await printed('%history -n 1'), /^1: %cd sub folder/);
    assert.match(await printed('%history -g find'), /"find me"/);
    assert.match(await notebook.failure('%history -z'), /NBS_BAD_HISTORY/);
  });

  it('run and write files', async () => {
    await notebook.value('%%writefile part.ts\nexport const fromFile: number = 4;\nconsole.log("ran");');
    assert.equal(readFileSync(join(notebook.folder, 'part.ts'), 'utf8').split('\n').length, 3);
    await notebook.value('%%writefile -a part.ts\nconst more = fromFile + 1;');
    assert.equal(await printed('%run part.ts'), 'ran\n');
    assert.equal(await notebook.value('more'), '5');
    await notebook.file(
      'other.ipynb',
      JSON.stringify({
        cells: [
          { cell_type: 'code', source: ['const q = 1;'] },
          { cell_type: 'code', source: 'const r = q + 1' },
        ],
      }),
    );
    assert.equal(await notebook.value('%run other.ipynb\nr'), '2');
    const sources = ['function breaks() {\n  throw new Error("in a helper");\n}', 'const besides = 1;\n\n\n'];
    const helpers = sources.map((source) => ({ cell_type: 'code', source }));
    await notebook.file('helpers.ipynb', JSON.stringify({ cells: helpers }));
    await notebook.value('%run helpers.ipynb\nconst below = 2;');
    assert.match(
      await notebook.failure('// above\nbreaks()'),
      /throw new Error\("in a helper"\)[\s\S]*at breaks \(cell\[\d+\.1\]\.ts:2:9\)[\s\S]*at cell\[\d+\]\.ts:2:1/,
    );
    await notebook.file('windows.ts', '!echo a \\\r\n  b\r\n');
    assert.equal(await printed('%run windows.ts'), 'a b\n');
    const bash = { cell_type: 'code', source: ['%%time\r\n', '%%bash\r\n', 'echo "a b" | wc -c\r\n'] };
    await notebook.file('windows.ipynb', JSON.stringify({ cells: [bash] }));
    assert.match(await printed('%run windows.ipynb'), /^4\ntook/);
    assert.match(await notebook.failure('%run none.ts'), /NBS_MAGIC_FILE.*cannot be read/);
    assert.match(await notebook.failure('1;\n%run part.ts'), /NBS_ABOVE_CODE/);
    await notebook.file('self.ts', '%run self.ts');
    assert.match(await notebook.failure('%run self.ts'), /NBS_RUNS_ITSELF/);
    await notebook.value('const nothing = undefined;');
    for (let i = 0; i < 20; i += 1) assert.match(await notebook.failure('%run $nothing'), /NBS_BAD_SHELL_VALUE/);
    assert.equal(await printed('%run part.ts'), 'ran\n');
    assert.match(await notebook.failure('%load part.ts'), /NBS_NO_FRONT_END/);
    await notebook.value("const dir = 'made here', file = 'a.txt';\n!mkdir -p \"$dir\"");
    assert.equal(await printed('%%writefile {dir}/$file\n$file {dir}'), 'Writing made here/a.txt\n');
    assert.equal(readFileSync(join(notebook.folder, 'made here/a.txt'), 'utf8'), '$file {dir}\n');
    assert.equal(await printed('%%writefile {dir}/{{dir}}.txt\n1'), 'Writing made here/{dir}.txt\n');
    assert.equal(await printed('%%writefile {{dir}}.txt\n1'), 'Writing {dir}.txt\n');
    assert.match(await notebook.failure('%%writefile no/such/file\nx'), /NBS_MAGIC_FILE.*cannot be written/);
  });

  it('capture what a cell prints and displays', async () => {
    const run = await notebook.run('%%capture kept\nconsole.log("quiet");\ndisplay.html("<b>1</b>");\n7');
    assert.deepEqual([run.text(), run.displays.length, run.outcome], ['', 0, { status: 'ok' }]);
    assert.equal(await notebook.value('kept.stdout + kept.outputs.length'), "'quiet\\n2'");
    assert.equal(await printed('kept.show()'), 'quiet\n');
    await notebook.value('%%capture commands\n!echo one\nconsole.log("two");\n!echo three');
    assert.equal(await notebook.value('commands.stdout'), "'one\\ntwo\\nthree\\n'");
    await notebook.value('%%capture updated\nconst place = display.html("one");\nawait place.update("two");');
    assert.equal(await notebook.value("updated.outputs.map((one) => one.data['text/plain'])"), `[ "'two'" ]`);
    // What it prints later is not kept.
    const late = await notebook.run('%%capture\nsetTimeout(() => console.log("late"));');
    await notebook.value('await new Promise((resolve) => setTimeout(resolve, 5))');
    assert.equal(late.text(), 'late\n');
    assert.match(await notebook.failure('%%capture\nthrow new Error("loud")'), /loud/);
    const cells = [{ cell_type: 'code', source: '%%capture\nconsole.log("captured")' }];
    await notebook.file('captures.ipynb', JSON.stringify({ cells }));
    assert.equal(await printed('%run captures.ipynb\nconsole.log("after")'), 'after\n');
  });

  it('measure and capture a cell for another program', async () => {
    assert.match(await printed('%%time\n%%bash\necho $((1 + 2))'), /^3\ntook [\d.]+ m?s\n$/);
    assert.equal(await printed('%%capture fromBash\n%%bash -e\necho captured'), '');
    assert.equal(await notebook.value('fromBash.stdout'), "'captured\\n'");
    assert.equal(await printed('%%capture\n\n%%time\n%%sh\necho captured'), '');
    for (const above of ['%pwd', '// why', 'console.log(1)', '%%timeit'])
      assert.match(
        await notebook.failure(`${above}\n%%bash\necho no`),
        /NBS_CELL_MAGIC_BELOW.*: %%bash must be the first line of its cell/,
        above,
      );
    assert.match(await notebook.failure('%%time\n%%nosuch'), /NBS_UNKNOWN_MAGIC/);
  });

  it('explain names', async () => {
    await notebook.value('/** Adds one. */\nfunction increment(n: number) { return n + 1 }');
    const { displays } = await notebook.run('increment?');
    assert.match(String(displays[0]?.bundle.data['text/plain']), /increment\(n: number\): number\n\nAdds one/);
    assert.equal((await notebook.run('?increment')).displays.length, 1);
    const same = await notebook.run('/** How fast. */\nconst rate = 3;\nrate?');
    assert.match(String(same.displays[0]?.bundle.data['text/plain']), /const rate(: 3| = 3)[\s\S]*How fast/);
    for (const help of ['%timeit?', '?%timeit', '%%timeit?', '%%bash?\n'])
      assert.match(String((await notebook.run(help)).displays[0]?.bundle.data['text/plain']), /^%%?(timeit|bash) .*-/, help);
    assert.equal(await notebook.value('const left = 7, right = 0\nleft\n%right?\n1 : 2'), '2');
    for (const none of ['nothingLikeIt?', '%nothingLikeIt?']) assert.match(await notebook.failure(none), /NBS_NO_HELP/);
    assert.equal(await notebook.value('const yes = true;\nyes?\n1 : 2'), '1');
  });

  it('keep results', async () => {
    await notebook.value('6 * 7');
    assert.equal(await notebook.value('_ + 1'), '43');
    assert.equal(await notebook.value('__ + _'), '85');
    assert.equal(await notebook.value('const [_, second] = [1, 2]; _'), '1');
    const { outcome } = await notebook.run('["in Out"][0]');
    assert.equal(outcome.status, 'ok');
    const count = Number(/cell\[(\d+)/.exec(await notebook.value('import.meta.filename'))?.[1]) - 1;
    assert.equal(await notebook.value(`Out[${count}]`), "'in Out'");
  });

  it('may be your own', async () => {
    await notebook.value(
      'magics.register("twice", { line: (args) => args + args, cell: async (args, body, { print }) => print(args + body.length) })',
    );
    assert.equal((await notebook.run('const s = "ab";\n%twice $s')).displays[0]?.bundle.data['text/plain'], "'abab'");
    assert.equal(await printed('%%twice n\nabc'), 'n3\n');
    assert.match(await printed('%lsmagic'), /%%twice/);
    assert.match(await notebook.failure('magics.register("who", {})'), /NBS_MAGIC_TAKEN/);
    await notebook.value('magics.unregister("twice")');
    assert.match(await notebook.failure('%twice 1'), /NBS_UNKNOWN_MAGIC/);
  });

  it('runs npm', async () => {
    assert.equal(
      await printed("const option = '--version; echo a command';\n%npm --version $option"),
      await printed('%npm --version'),
    );
    assert.match(await printed('%npm --version'), /^\d+\.\d+/);
    assert.match(await notebook.failure('%%bash -e\nfalse\necho not here'), /NBS_COMMAND_FAILED/);
  });
});
