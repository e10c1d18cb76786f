import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { NBSERVE } from './fixtures/notebook.js';
import { notebookOf, run } from './fixtures/runner.js';

const code = (source: unknown, more: object = {}): object => ({ cell_type: 'code', metadata: {}, source, outputs: [], ...more });
const notebook = (cells: unknown, more: object = {}): object => ({
  cells,
  metadata: {},
  nbformat: 4,
  nbformat_minor: 4,
  ...more,
});
/** A cell that keeps its outputs. */
const SKIPPED = (outputs: unknown): object => code('1', { metadata: { tags: ['skip-execution'] }, outputs });
const kernel = (kernelspec: object): object => notebook([code('1 + 1')], { metadata: { kernelspec } });

describe('a file that cannot be executed is refused before anything runs, in one line', () => {
  for (const [what, content, said] of [
    ['null', Buffer.from('null'), /^NBS_NOT_A_NOTEBOOK: .* it holds null/],
    ['nothing', Buffer.from(''), /^NBS_NOT_A_NOTEBOOK: .* it is empty/],
    ['UTF-16', Buffer.from('{}', 'utf16le').subarray(0, 3), /^NBS_NOT_A_NOTEBOOK: /],
    ['bytes', Buffer.from([0xff, 0xfe, 0x7b]), /^NBS_NOT_A_NOTEBOOK: .* not UTF-8/],
    ['format 3', { nbformat: 3, worksheets: [] }, /^NBS_NOT_A_NOTEBOOK: .* nbformat is 3; convert it/],
    ['no cells', notebook({}), /^NBS_NOT_A_NOTEBOOK: .* no list of cells/],
    ['cells: [null]', notebook([null]), /^NBS_NOT_A_NOTEBOOK: .* cell 1 of its list is null/],
    [
      'a source that is a number',
      notebook([code('1'), code(5)]),
      /^NBS_NOT_A_NOTEBOOK: .* cell 2 of its list has a number as its source/,
    ],
    ['outputs that are a text', notebook([code('1', { outputs: 'x' })]), /^NBS_NOT_A_NOTEBOOK: .* as its outputs/],
    ['an output that is null', notebook([SKIPPED([null])]), /^NBS_NOT_A_NOTEBOOK: .* cell 1 .*\(1 of 1\) that is null/],
    ['an output without data', notebook([SKIPPED([{ output_type: 'display_data' }])]), /that has no data$/m],
    ['an output with null as its data', notebook([SKIPPED([{ output_type: 'execute_result', data: null }])]), /null as its data/],
    ['an output of no known type', notebook([SKIPPED([{ output_type: 'pyout' }])]), /the output_type "pyout"/],
    [
      'printed text that is a number',
      notebook([SKIPPED([{ output_type: 'stream', name: 'stdout', text: 5 }])]),
      /a number as its text/,
    ],
    ['an error without a name', notebook([SKIPPED([{ output_type: 'error' }])]), /that has no ename/],
    ['a metadata that is null', notebook([code('1', { metadata: null })]), /has null as its metadata/],
    ['a count that is a text', notebook([code('1', { execution_count: '1' })]), /has a text as its execution_count/],
    [
      'attachments that are a list',
      notebook([{ cell_type: 'markdown', metadata: {}, source: '', attachments: [] }]),
      /attachments/,
    ],
    ['a cell of no known type', notebook([code('1', { cell_type: 'heading' })]), /^NBS_NOT_A_NOTEBOOK: .* "heading"/],
    ['Python', kernel({ name: 'python3', language: 'python' }), /^NBS_OTHER_LANGUAGE: .* python;/],
    ['Python by its kernel', kernel({ name: 'python3' }), /^NBS_OTHER_LANGUAGE: .* Python;/],
    ['a kernel that is not known', kernel({ name: 'mystery' }), /^NBS_OTHER_LANGUAGE: .* "mystery"/],
    ['R by what it ran in', notebook([], { metadata: { language_info: { name: 'R' } } }), /^NBS_OTHER_LANGUAGE: .* R;/],
  ] as const) {
    it(what, async (t) => {
      const { code: exit, stderr, notebook: written } = await run(t, content);
      assert.equal(exit, 2);
      assert.match(stderr, said);
      assert.equal(stderr.trim().split('\n').length, 1);
      assert.equal(written, undefined);
    });
  }

  it('an output that cannot be written', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'nbserve-out-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    for (const output of [join(folder, 'missing', 'x.ipynb'), folder, '/dev/null/x', '/proc/x.ipynb']) {
      const { code: exit, stderr } = await run(t, notebook([code('console.error("ran")')]), ['--output', output]);
      assert.equal(exit, 2);
      assert.match(stderr, /^NBS_CANNOT_WRITE: .* cannot be written: /);
      assert.ok(!stderr.includes('ran'));
    }
    const full = await run(t, notebook([code('1')]), ['--output', '/dev/full']);
    assert.equal(full.code, 2);
    assert.match(full.stderr, /^NBS_CANNOT_WRITE: .* the disk is full/);
    assert.ok(statSync('/dev/full').isCharacterDevice());
  });

  it('a folder that does not exist', async (t) => {
    const { code: exit, stderr } = await run(t, notebook([code('1')]), ['--folder', '/missing']);
    assert.equal(exit, 2);
    assert.match(stderr, /^NBS_NO_WORK_FOLDER: /);
  });
});

it('a notebook is executed to its end if a full disk does not take what it prints', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'nbserve-full-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const [input, output] = [join(folder, 'in.ipynb'), join(folder, 'out.ipynb')];
  writeFileSync(input, JSON.stringify(notebook([code('console.log("lost"); 6 * 7')])));
  const full = openSync('/dev/full', 'w');
  t.after(() => closeSync(full));
  const { status, stderr } = spawnSync(process.execPath, [NBSERVE, 'execute', input, '--output', output], {
    stdio: ['ignore', full, 'pipe'],
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
  assert.match(stderr, /^the output could not be written: ENOSPC: .*\n$/);
  assert.match(readFileSync(output, 'utf8'), /"42"/);
});

describe('a file that lacks something runs nevertheless', () => {
  const texts = { cell_type: 'markdown', source: 'x', metadata: {} };
  const ranInPython = { language_info: { name: 'python' } };
  const windows = 'const a = 1;\r\n!echo hi\r\na + 1\r\n';
  for (const [what, content, result] of [
    ['a cell without metadata', notebook([{ cell_type: 'code', source: '1 + 1', outputs: [] }]), '2'],
    ['a cell without outputs', notebook([{ cell_type: 'code', metadata: {}, source: '1 + 1' }]), '2'],
    ['a text with outputs that are null', notebook([code('1 + 1'), { ...texts, outputs: null, execution_count: null }]), '2'],
    ['a text with outputs', notebook([code('1 + 1'), { ...texts, outputs: [null] }]), '2'],
    ['code with outputs that are null', notebook([code('1 + 1', { outputs: null })]), '2'],
    [
      'our kernel after Python',
      notebook([code('1 + 1')], { metadata: { kernelspec: { name: 'nbserve' }, ...ranInPython } }),
      '2',
    ],
    ['another kernel for TypeScript', kernel({ name: 'mystery', language: 'typescript' }), '2'],
    ['a byte order mark', Buffer.from(`\ufeff${JSON.stringify(notebook([code('1 + 1')]))}`), '2'],
    ['line ends of Windows', Buffer.from(JSON.stringify(notebook([code(windows)]), null, 1).replaceAll('\n', '\r\n')), '2'],
    ['no metadata', { cells: [code('1 + 1')], nbformat: 4 }, '2'],
  ] as const) {
    it(what, async (t) => {
      const { code: exit, stderr, notebook: written } = await run(t, content);
      assert.equal(exit, 0, stderr);
      assert.deepEqual(written?.cells[0]?.outputs.at(-1)?.data, { 'text/plain': [result] });
      assert.equal(written?.cells[1] !== undefined && 'outputs' in written.cells[1], false);
    });
  }

  it('ids that occur twice', async (t) => {
    const cells = [code('1', { id: 'x' }), code('2', { id: 'x' }), code('3')];
    const { notebook: written } = await run(t, notebook(cells, { nbformat_minor: 5 }));
    const ids = (written?.cells ?? []).map((cell) => (cell as unknown as { id: string }).id);
    assert.equal(new Set(ids).size, 3);
    assert.equal(ids[0], 'x');
  });
});

describe('parameters', () => {
  const DECLARED = {
    source: 'let n: number | null = 1, list: unknown[] = []; const flag = false;\nlet { text } = { text: "a" };',
    tags: ['parameters'],
  };

  for (const minor of [0, 4, 5]) {
    it(`are set in format 4.${minor}, with the keyword and the type of their declaration`, async (t) => {
      const content = notebookOf([DECLARED, 'n = null; list.push(n); [flag, text, list]'], { nbformat_minor: minor });
      const args = ['-p', 'n', '2', '-p', 'flag', 'True', '-p', 'list', "[a, 'b', 1.5, None]", '-r', 'text', 'True'];
      const { code: exit, stderr, notebook: written } = await run(t, content, args);
      assert.equal(exit, 0, stderr);
      const injected = written?.cells[1] as unknown as { id?: string; source: string[] };
      assert.equal('id' in injected, minor === 5);
      assert.equal(
        injected.source.join(''),
        '// Parameters\nlet n: number | null = 2;\nconst flag = true;\nlet list: unknown[] = ["a", "b", 1.5, null];\nlet text = "True";',
      );
      assert.match(String(written?.cells[2]?.outputs[0]?.data?.['text/plain']), /true, 'True', \[ 'a', 'b', 1\.5, null, null \]/);
    });
  }

  it('are found beside magics and JSX, and keep the type of an assertion', async (t) => {
    const source = `!echo start
let n = 1;
let mode = 'fast' as 'fast' | 'slow';
const size = (2) satisfies number as number;`;
    const content = notebookOf([
      { source, tags: ['parameters'] },
      'n += 1; const again: "fast" | "slow" = mode; [n, again, size]',
    ]);
    (content.cells as object[]).unshift({ cell_type: 'markdown', metadata: { tags: ['parameters'] }, source: 'first', id: 'm' });
    const {
      code: exit,
      stderr,
      notebook: written,
    } = await run(t, content, ['-p', 'n', '2', '-p', 'mode', 'slow', '-p', 'size', '3']);
    assert.equal(exit, 0, stderr);
    const injected = written?.cells[2] as unknown as { source: string[] };
    assert.equal(
      injected.source.join(''),
      "// Parameters\nlet n = 2;\nlet mode = \"slow\" as 'fast' | 'slow';\nconst size = 3 satisfies number as number;",
    );
    const jsx = { source: `${source}\nconst view = <b>{n}</b>;`, tags: ['parameters'] };
    const refused = await run(t, notebookOf([jsx]), ['-p', 'n', '2', '-p', 'tpyo', '3']);
    assert.match(refused.stderr, /^NBS_UNKNOWN_PARAMETER: .*; it declares n, mode, size, view/);
  });

  it('that the notebook does not declare are refused', async (t) => {
    const { code: exit, stderr } = await run(t, notebookOf([DECLARED]), ['-p', 'm', '1']);
    assert.equal(exit, 2);
    assert.match(stderr, /^NBS_UNKNOWN_PARAMETER: .* declares no variable m; it declares n, list, flag, text/);
  });

  it('are set before the first cell if no cell is tagged, and stderr says that', async (t) => {
    const args = ['-p', 'n', '2', '-p', 'm', '3'];
    const { code: exit, stderr, notebook: written } = await run(t, notebookOf(['n + m']), args);
    assert.equal(exit, 0, stderr);
    assert.match(stderr, /ipynb has no cell tagged "parameters"; n, m are set before its first cell\n$/);
    assert.deepEqual(written?.cells[1]?.outputs[0]?.data?.['text/plain'], ['5']);
    const { stderr: none } = await run(t, notebookOf([DECLARED]), ['-p', 'n', '2']);
    assert.equal(none, '');
  });

  it('come from files and texts in YAML too, and what is given singly wins', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'nbserve-parameters-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const file = join(folder, 'given.yaml');
    writeFileSync(file, 'n: 5\nlist:\n  - a\n  - {b: yes}\ntext: file\n');
    const base64 = Buffer.from('n: 6\nflag: true').toString('base64');
    const args = ['-p', 'n', '7', '-y', '{text: yaml}', '-f', file, '-b', base64];
    const { code: exit, stderr, notebook: written } = await run(t, notebookOf([DECLARED, '[n, flag, text, list]']), args);
    assert.equal(exit, 0, stderr);
    assert.deepEqual(written?.cells[2]?.outputs[0]?.data?.['text/plain'], ["[ 7, true, 'yaml', [ 'a', { b: true } ] ]"]);
    for (const [bad, said] of [
      [['-f', join(folder, 'none')], /-f takes a file with parameters in YAML or JSON, not .*none: there is no such file/],
      [['-y', '[1]'], /-y takes parameters in YAML, not \[1\]: it is no mapping/],
      [['-y', 'a b: 1'], /-y takes parameters in YAML; a b is no name of a variable/],
      [['-y'], /-y takes parameters in YAML/],
    ] as const) {
      const { code, stderr: refused } = await run(t, notebookOf(['1']), [...bad]);
      assert.equal(code, 2);
      assert.match(refused, said);
    }
  });

  it('must have names that variables may have', async (t) => {
    for (const name of ['class', '1a', 'a b', 'a = 1; let b', '']) {
      const { code: exit, stderr } = await run(t, notebookOf(['1']), ['-p', name, '1']);
      assert.equal(exit, 2, name);
      assert.match(stderr, /^NBS_BAD_USAGE: -p takes the name of a variable/);
    }
  });
});
