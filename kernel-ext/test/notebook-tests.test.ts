/** Tests of `nbserve test`. One run has a notebook for each way to pass and to fail, because each run of a notebook takes a second. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { NBSERVE } from './fixtures/notebook.js';

interface Cell {
  readonly source: string;
  readonly outputs?: readonly object[];
  readonly tags?: readonly string[];
}

const root = mkdtempSync(join(tmpdir(), 'nbserve-test-'));
after(() => rmSync(root, { recursive: true, force: true }));

const result = (data: object): object => ({ output_type: 'execute_result', execution_count: 1, metadata: {}, data });
const printed = (text: string, name = 'stdout'): object => ({ output_type: 'stream', name, text });
const raised = (ename: string, evalue: string): object => ({ output_type: 'error', ename, evalue, traceback: ['old'] });

function write(path: string, cells: readonly (Cell | string)[], metadata: object = {}): void {
  const full = cells.map((cell, i) => {
    const { source, outputs, tags = [] } = typeof cell === 'string' ? { source: cell } : cell;
    return {
      cell_type: 'code',
      id: `c${i}`,
      metadata: { tags },
      execution_count: outputs === undefined ? null : i + 1,
      outputs: outputs ?? [],
      source: source.match(/[^\n]*\n|[^\n]+$/g) ?? [],
    };
  });
  mkdirSync(join(root, path, '..'), { recursive: true });
  writeFileSync(join(root, path), JSON.stringify({ cells: full, metadata, nbformat: 4, nbformat_minor: 5 }, null, 1));
}

const nbserve = (args: readonly string[], env: object = {}) =>
  spawnSync(process.execPath, [NBSERVE, 'test', ...args], { cwd: root, encoding: 'utf8', env: { ...process.env, ...env } });

/** The lines of the report about a notebook. */
function about(stdout: string, name: string): string {
  const [, lines] = new RegExp(`^([✔✖] ${name.replaceAll('.', '\\.')} [\\s\\S]*?)(?=^[^ ]|(?![\\s\\S]))`, 'm').exec(stdout) ?? [];
  return lines ?? '';
}

/** The only run in a folder of artefacts. */
function runIn(artifacts: string): string {
  const runs = readdirSync(join(root, artifacts)).filter((name) => name !== '.gitignore');
  assert.equal(runs.length, 1);
  return join(root, artifacts, runs[0] as string);
}

describe('a test of a folder', () => {
  let stdout = '';
  let status: number | null = null;

  before(() => {
    const values = {
      'application/json': { mark: 'bar', values: [1, 2.0000001] },
      'text/plain': '{"values":[1,2.0000001],"mark":"bar"}',
    };
    write('all/same.ipynb', [
      { source: 'const x = 42; x', outputs: [result({ 'text/plain': ['42'] })] },
      {
        source: 'console.log("a"); console.error("b"); console.log("c");',
        outputs: [printed('b\n', 'stderr'), printed('a\nc\n')],
      },
      { source: '1 / 3', outputs: [result({ 'text/plain': '0.33333' })], tags: ['nbserve-tolerance=1e-3'] },
      {
        source: `display.json({ values: [1, 2], mark: 'bar' });`,
        outputs: [{ output_type: 'display_data', metadata: {}, data: values }],
        tags: ['nbserve-tolerance=1e-6'],
      },
      { source: 'Math.random()', outputs: [result({ 'text/plain': '5' })], tags: ['nbval-ignore-output'] },
      { source: '// NBVAL_IGNORE_OUTPUT\nMath.random()', outputs: [result({ 'text/plain': '5' })] },
      { source: 'throw new Error("skipped")', outputs: [printed('old')], tags: ['skip'] },
      { source: 'throw new Error("skipped")', tags: ['skip-execution'] },
      { source: 'throw new RangeError("wanted")', outputs: [raised('RangeError', 'wanted')], tags: ['raises-exception'] },
      { source: 'console.log(new Date().toISOString())', outputs: [printed('2020-01-01T00:00:00.000Z\n')] },
      'x + 1',
    ]);
    write('all/below/differs.ipynb', [
      { source: 'const x = 42;\nx', outputs: [result({ 'text/plain': '42' })] },
      { source: 'console.log("same\\nnew\\nsame");', outputs: [printed('same\nold\nsame\n')] },
      { source: '1', outputs: [result({ 'text/plain': '1', 'text/html': '<b>1</b>' })] },
      { source: '2', outputs: [] as object[] },
    ]);
    write('all/raises-other.ipynb', [
      { source: 'throw new RangeError("other")', outputs: [raised('RangeError', 'wanted')], tags: ['raises-exception'] },
    ]);
    write('all/raises-nothing.ipynb', [{ source: '1', tags: ['raises-exception'] }]);
    write('all/throws.ipynb', ['1', 'const f = () => {\n  throw new Error("no <good>");\n};\nf();', '3']);
    write('all/types.ipynb', ['1;\nconst n: number = "one";']);
    write('all/rejects.ipynb', ['1', 'async function save() { throw new Error("not saved"); }\nsave();', '3']);
    write('all/killed.ipynb', ['1', 'console.log("begun");\nprocess.kill(process.pid, "SIGKILL");', '3']);
    write('all/magic.ipynb', ['1', '1;\n!exit 3']);
    write('all/thrown-text.ipynb', ['1;\nthrow "a text"']);
    writeFileSync(join(root, 'all/part.ts'), 'const a = 1;\n\n\n\nthrow new Error("in part.ts");');
    write('all/runs-file.ipynb', ['// a comment\n%run part.ts']);
    write('all/cut.ipynb', [
      'setTimeout(() => { throw new Error("late"); }, 200);',
      { source: 'await new Promise((go) => setTimeout(go, 60_000));', outputs: [printed('never\n')] },
    ]);
    write('all/raises-neither.ipynb', [
      { source: '1;', tags: ['raises-exception'] },
      { source: '2;', tags: ['raises-exception'] },
    ]);
    write('all/python.ipynb', ['1'], { kernelspec: { name: 'python3', language: 'python', display_name: 'Python 3' } });
    write('all/bad-tag.ipynb', [{ source: '1', tags: ['nbserve-tolerance=much'] }]);
    writeFileSync(join(root, 'all/text.ipynb'), 'this is no notebook');
    write('all/.hidden/never.ipynb', ['throw new Error("never")']);
    write('all/same.executed.ipynb', ['throw new Error("never")']);
    ({ stdout, status } = nbserve(['all', 'missing.ipynb', '--artifacts', 'kept', '--junit', 'junit.xml', '--sanitize', 'date']));
  });

  it('has the exit code 1 and a summary if a notebook fails', () => {
    assert.match(
      stdout,
      /^17 notebooks: 1 passed, 16 failed; cells: .*; memory: at most [1-9]\d+ MiB for the process of a notebook's cells/m,
    );
    assert.equal(status, 1);
    assert.doesNotMatch(stdout, /never/);
  });

  it('passes outputs that are the same by value, and obeys the tags', () => {
    assert.match(about(stdout, 'all/same.ipynb'), /^✔ all\/same.ipynb \(6 compared, 3 only run, 2 skipped, .* s\)\n$/);
  });

  it('shows what differs, with its cell and its line', () => {
    const file = readFileSync(join(root, 'all/below/differs.ipynb'), 'utf8').split('\n');
    const line = file.findIndex((text) => text.includes('console.log')) + 1;
    const said = about(stdout, 'all/below/differs.ipynb');
    assert.match(said, /^✖ all\/below\/differs.ipynb \(4 compared/);
    assert.match(said, new RegExp(`differs.ipynb:${line}: cell 2: what was printed to stdout differs\\n`));
    assert.match(said, / {6} same\n {6}- old\n {6}\+ new\n {8}same\n/);
    assert.match(said, /cell 3: the result as text\/html is missing\n.*\n {6}- <b>1<\/b>\n/);
    assert.match(said, /cell 4: the result as text\/plain is new\n.*\n {6}\+ 2\n/);
  });

  for (const [name, said] of [
    ['raises-other', /cell 1: the error differs\n[\s\S]*- RangeError: wanted\n.*\+ RangeError: other/],
    ['raises-nothing', /cell 1: NBS_NOTHING_RAISED/],
    ['throws', /throws.ipynb:\d+: cell 2: Error: no <good> \(line 2 of the cell\)/],
    ['types', /types.ipynb:\d+: cell 1: TypeScriptError: .* \(line 2 of the cell\)/],
    ['rejects', /cell 2: Error: not saved/],
    ['killed', /killed.ipynb:\d+: cell 2: NBS_RUNNER_DIED: .*was killed by SIGKILL.* \(which line of the cell is not known\)/],
    ['magic', /cell 2: NbserveError: !exit 3 ended with exit code 3 \(line 2 of the cell\)/],
    ['thrown-text', /cell 1: Thrown: 'a text' \(which line of the cell is not known\)/],
    ['runs-file', /cell 1: Error: in part.ts \(line 2 of the cell\)\n[\s\S]*at part.ts:5:7/],
    ['cut', /^✖ .*\(1 failed, 1 interrupted, .*\n.*cell 1: Error: late \(line 1 of the cell\)(?![\s\S]*cell 2)/],
    ['raises-neither', /cell 1: NBS_NOTHING_RAISED[\s\S]*cell 2: NBS_NOTHING_RAISED/],
    ['python', /NBS_OTHER_LANGUAGE: .* is a notebook in python/],
    ['bad-tag', /NBS_BAD_TOLERANCE: the tag nbserve-tolerance=much of the cell at 1/],
    ['text', /NBS_NOT_A_NOTEBOOK/],
  ] as const)
    it(`says why ${name} fails`, () => {
      assert.match(about(stdout, `all/${name}.ipynb`), /^✖ /);
      assert.match(about(stdout, `all/${name}.ipynb`), said);
    });

  it('fails for a file that is missing', () => {
    assert.match(about(stdout, 'missing.ipynb'), /NBS_NO_NOTEBOOK: .*there is no such file/);
  });

  it('counts the cells that an earlier failure kept from running', () => {
    assert.match(about(stdout, 'all/throws.ipynb'), /^✖ .*1 only run, 1 failed, 1 not run/);
  });

  it('writes JUnit, as a parser of XML reads it', () => {
    const program =
      'import json, sys, xml.etree.ElementTree as E\n' +
      'tree = lambda one: [one.tag, one.attrib, one.text, [tree(below) for below in one]]\n' +
      'print(json.dumps(tree(E.parse(sys.argv[1]).getroot())))';
    const { stdout: json, stderr } = spawnSync('python3', ['-c', program, join(root, 'junit.xml')], { encoding: 'utf8' });
    assert.equal(stderr, '');
    type Node = readonly [tag: string, attributes: Readonly<Record<string, string>>, text: string | null, below: readonly Node[]];
    const [tag, attributes, , suites] = JSON.parse(json) as Node;
    assert.deepEqual([tag, attributes.name, attributes.failures, attributes.errors], ['testsuites', 'nbserve test', '4', '15']);
    assert.equal(suites.length, 17);
    const suite = (name: string): Node => suites.find(([, one]) => one.name === name) as Node;
    const [, { tests, skipped }] = suite('all/same.ipynb');
    assert.deepEqual([tests, skipped], ['11', '2']);
    const [, , , cases] = suite('all/throws.ipynb');
    const [, { name, classname, file, line }, , [error]] = cases[1] as Node;
    assert.deepEqual([name, classname, file], ['cell 2', 'all/throws.ipynb', 'all/throws.ipynb']);
    assert.ok(Number(line) > 1);
    assert.deepEqual([error?.[0], error?.[1].message], ['error', 'Error: no <good> (line 2 of the cell)']);
    assert.match(String(error?.[2]), /^all\/throws.ipynb:\d+: cell 2\n.*no <good>/);
    assert.match(JSON.stringify(suite('all/python.ipynb')), /the notebook.*NBS_OTHER_LANGUAGE/);
    assert.match(
      JSON.stringify(suite('all/cut.ipynb')),
      /"skipped", \{"message": ?"interrupted"|"skipped",\{"message":"interrupted"/,
    );
  });

  it('keeps the executed notebooks and the reports', () => {
    const run = runIn('kept');
    const executed = JSON.parse(readFileSync(join(run, 'all/killed.ipynb'), 'utf8')) as { cells: { outputs: object[] }[] };
    assert.match(JSON.stringify(executed.cells[1]?.outputs), /begun.*NBS_RUNNER_DIED/);
    assert.match(readFileSync(join(run, 'all/below/differs.report.txt'), 'utf8'), /- old/);
    assert.match(readFileSync(join(run, 'summary.txt'), 'utf8'), /^17 notebooks/);
    assert.equal(readFileSync(join(root, 'kept/.gitignore'), 'utf8'), '*\n');
  });
});

describe('--update', () => {
  const text = (path: string): string => readFileSync(join(root, path), 'utf8');

  it('writes what differs and what is missing, once, and nothing into a notebook that fails', () => {
    write('update/changes.ipynb', [
      { source: 'const x = 42; x', outputs: [result({ 'text/plain': ['41'] })] },
      { source: '1 / 3', outputs: [result({ 'text/plain': ['0.33333'] })], tags: ['nbserve-tolerance=1e-3'] },
      '["new"][0]',
      { source: 'Math.random()', outputs: [result({ 'text/plain': ['5'] })], tags: ['nbval-ignore-output'] },
      { source: 'throw new Error("skipped")', outputs: [printed('old')], tags: ['skip'] },
    ]);
    write('update/fails.ipynb', [{ source: '1', outputs: [result({ 'text/plain': ['2'] })] }, 'throw new Error("no")']);
    const before = text('update/fails.ipynb');
    const args = ['update', '--artifacts', 'kept-update'];
    const { stdout, status } = nbserve([...args, '--update', '-p', 'extra', '7', '-y', 'more: [1, {a: yes}]']);
    assert.match(about(stdout, 'update/changes.ipynb'), /^✔ .*1 compared, 2 only run, 2 updated, 1 skipped/, stdout);
    assert.match(about(stdout, 'update/fails.ipynb'), /^✖ [\s\S]*cell 3: Error: no/);
    assert.equal(status, 1);
    assert.equal(text('update/fails.ipynb'), before);
    const { cells } = JSON.parse(text('update/changes.ipynb')) as { cells: { source: string[]; outputs: { data?: object }[] }[] };
    assert.deepEqual(
      cells.map(({ outputs }) => outputs[0]?.data),
      [{ 'text/plain': ['42'] }, { 'text/plain': ['0.33333'] }, { 'text/plain': ["'new'"] }, { 'text/plain': ['5'] }, undefined],
    );
    const now = text('update/changes.ipynb');
    const again = nbserve(['update/changes.ipynb', '--artifacts', 'kept-update', '--update']);
    assert.match(again.stdout, /^✔ .*3 compared, 1 only run, 1 skipped/);
    assert.equal(again.status, 0);
    assert.equal(text('update/changes.ipynb'), now);
  });
});

it('--update leaves a notebook as it is if somebody has saved it meanwhile', () => {
  const file = join(root, 'saved/saved.ipynb');
  const save = `require('node:fs').appendFileSync(${JSON.stringify(file)}, '\\n\\n');`;
  write('saved/saved.ipynb', [`${save}\n1 + 1`]);
  const before = readFileSync(file, 'utf8');
  const { stdout, status } = nbserve(['saved', '--artifacts', 'kept-saved', '--update']);
  assert.match(
    about(stdout, 'saved/saved.ipynb'),
    /^✖ [\s\S]*NBS_NOTEBOOK_CHANGED: saved\/saved.ipynb was changed while/,
    stdout,
  );
  assert.equal(status, 1);
  assert.equal(readFileSync(file, 'utf8'), `${before}\n\n`);
});

describe('a time limit', () => {
  it('makes a notebook fail and names the cell, also if the cell is to raise', () => {
    write('late/cell.ipynb', ['1', { source: 'for (;;);', tags: ['raises-exception'] }]);
    const { stdout, status } = nbserve(['late', '--artifacts', 'kept-late', '--timeout', '1']);
    assert.match(stdout, /cell 2: TimeoutError: the cell did not finish within 1 s/);
    assert.equal(status, 1);
  });

  it('of the notebook names the cell that ran', () => {
    write('late/cell.ipynb', ['1', 'for (;;) await new Promise((resolve) => setTimeout(resolve, 10));']);
    const { stdout, status } = nbserve(['late', '--artifacts', 'kept-late', '--notebook-timeout', '5']);
    assert.match(stdout, /(cell 2: TimeoutError|TimeoutError): the notebook did not finish within 5 s/);
    assert.equal(status, 1);
  });
});

it('a process that dies before its first cell makes the notebook fail', () => {
  write('early/one.ipynb', ['1']);
  writeFileSync(join(root, 'early.cjs'), 'if (process.argv[1]?.endsWith("runner/main.js")) process.exit(3);');
  const { stdout, status } = nbserve(['early', '--artifacts', 'kept-early'], {
    NODE_OPTIONS: `--require ${join(root, 'early.cjs')}`,
  });
  assert.match(
    stdout,
    /^✖ early\/one.ipynb .*1 not run.*\n {2}NBS_RUNNER_DIED: .* ended with exit code 3, before the first cell\n/,
  );
  assert.equal(status, 1);
});

it('a run that was killed goes on, and does not run again what had ended', async () => {
  const append = (what: string): string =>
    `require('node:fs').appendFileSync(${JSON.stringify(join(root, 'ran'))}, '${what}\\n');`;
  const held = JSON.stringify(join(root, 'held'));
  write('resumed/a.ipynb', [append('a')]);
  write('resumed/b.ipynb', [append('b'), 'throw new Error("red")']);
  write('resumed/c.ipynb', [
    append('c'),
    `while (require('node:fs').existsSync(${held})) await new Promise((go) => setTimeout(go, 10));`,
  ]);
  write('resumed/d.ipynb', [append('d')]);
  writeFileSync(join(root, 'held'), '');
  const args = ['resumed', '--artifacts', 'kept-resumed', '--workers', '1', '--resume'];
  const ran = (): string => (existsSync(join(root, 'ran')) ? readFileSync(join(root, 'ran'), 'utf8') : '');
  const child = spawn(process.execPath, [NBSERVE, 'test', ...args], { cwd: root, stdio: 'ignore' });
  const ended = new Promise((resolve) => child.on('close', resolve));
  while (!ran().includes('c')) await delay(10);
  child.kill('SIGKILL');
  await ended;
  rmSync(join(root, 'held'));
  const { stdout, status } = nbserve(args);
  assert.equal(ran(), 'a\nb\nc\nc\nd\n');
  assert.match(stdout, /^✔ resumed\/a.ipynb .*\n {2}\(from the run before\)\n✖ resumed\/b.ipynb .*\n.*cell 2: Error: red/);
  assert.match(stdout, /\n4 notebooks: 3 passed, 1 failed/);
  assert.equal(status, 1);
  // That run has ended, so the next one begins anew.
  assert.doesNotMatch(nbserve(['resumed/a.ipynb', ...args.slice(1)]).stdout, /from the run before/);
});

it('the command line is checked before anything runs', () => {
  write('never/never.ipynb', ['throw new Error("never")']);
  mkdirSync(join(root, 'empty'));
  writeFileSync(join(root, 'bad.cfg'), '[one]\nregex: (\nreplace: x\n');
  for (const [args, said, code] of [
    [['empty'], /^NBS_BAD_USAGE: there is no notebook in .*empty/, 2],
    [['--workers', '0', 'never'], /^NBS_BAD_USAGE: --workers takes/, 2],
    [['--tolerance', '2', 'never'], /^NBS_BAD_TOLERANCE: --tolerance 2/, 1],
    [['--sanitize', 'dates', 'never'], /^NBS_BAD_SANITIZER: --sanitize dates .*date, duration/, 1],
    [['--sanitize-with', 'bad.cfg', 'never'], /^NBS_BAD_SANITIZER: \[one\] in .*bad.cfg:2 /, 1],
    [['--junit', 'bad.cfg/junit.xml', 'never'], /^NBS_CANNOT_WRITE: .*junit.xml/, 1],
    [['--artifacts', 'bad.cfg', 'never'], /^NBS_NO_ARTIFACTS: .*bad.cfg/, 1],
  ] as const) {
    const { stdout, stderr, status } = nbserve(args);
    assert.match(stderr, said);
    assert.deepEqual([stdout, status], ['', code]);
  }
});
