import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { execute, NBSERVE } from './fixtures/notebook.js';

test('outputs are stored in the form that Jupyter uses, and nbformat finds them valid', async (t) => {
  const { code, cells, output, stderr } = await execute(t, [
    'console.log("one"); console.log("two"); console.error("three");',
    'const x: number = 40; x + 2',
    'display.html("<b>bold</b>")',
    'undefined',
  ]);
  assert.equal(code, 0, stderr);
  assert.deepEqual(cells[0]?.outputs, [
    { output_type: 'stream', name: 'stdout', text: ['one\n', 'two\n'] },
    { output_type: 'stream', name: 'stderr', text: ['three\n'] },
  ]);
  assert.deepEqual(cells[1]?.outputs[0]?.data, { 'text/plain': ['42'] });
  assert.equal(cells[1]?.outputs[0]?.output_type, 'execute_result');
  assert.deepEqual(cells[2]?.outputs[0]?.data?.['text/html'], ['<b>bold</b>']);
  assert.deepEqual(cells[3]?.outputs, []);
  assert.deepEqual(
    cells.map((cell) => cell.execution_count),
    [1, 2, 3, 4],
  );
  const python = process.env.NBSERVE_TEST_PYTHON;
  if (python === undefined) return t.diagnostic('nbformat not asked: NBSERVE_TEST_PYTHON is not set');
  const check = spawnSync(python, ['-c', 'import nbformat, sys; nbformat.validate(nbformat.read(sys.argv[1], 4))', output], {
    encoding: 'utf8',
  });
  assert.equal(check.status, 0, check.stderr);
});

test('a cell that fails ends the run with exit code 1 and is named with its error; earlier outputs are kept', async (t) => {
  const { code, cells, stderr } = await execute(t, [
    '1 + 1',
    'function f() {\n  throw new RangeError("too far");\n}\nf();',
    'console.log("not reached")',
  ]);
  assert.equal(code, 1);
  assert.match(stderr, /cell 2 failed: RangeError: too far/);
  assert.match(stderr, /cell\[2\]\.ts:2/);
  assert.deepEqual(cells[0]?.outputs[0]?.data, { 'text/plain': ['2'] });
  assert.equal(cells[1]?.outputs[0]?.ename, 'RangeError');
  assert.deepEqual(cells[2]?.outputs, []);
});

test('cells tagged raises-exception may fail, those tagged skip-execution do not run, --allow-errors continues', async (t) => {
  const expected = await execute(t, [
    { source: 'throw new Error("wanted")', tags: ['raises-exception'] },
    { source: 'throw new Error("never")', tags: ['skip-execution'] },
    '7',
  ]);
  assert.equal(expected.code, 0, expected.stderr);
  assert.deepEqual(expected.cells[2]?.outputs[0]?.data, { 'text/plain': ['7'] });
  const allowed = await execute(t, ['throw new Error("x")', '8'], ['--allow-errors']);
  assert.equal(allowed.code, 0, allowed.stderr);
  assert.deepEqual(allowed.cells[1]?.outputs[0]?.data, { 'text/plain': ['8'] });
});

for (const [what, source] of [
  ['a synchronous loop', 'for (;;);'],
  ['an await that never ends', 'await new Promise(() => {});'],
]) {
  test(`--timeout ends ${what}`, async (t) => {
    const { code, cells, stderr } = await execute(t, [source as string], ['--timeout', '1']);
    assert.equal(code, 1);
    assert.match(stderr, /cell 1 failed: TimeoutError/);
    assert.equal(cells[0]?.outputs.at(-1)?.ename, 'TimeoutError');
  });
}

test('parameters are injected after the cell that declares them', async (t) => {
  const { code, cells, stderr } = await execute(
    t,
    [{ source: 'let alpha = 1; const name = "none";', tags: ['parameters'] }, 'alpha += 1; `${name} ${alpha}`'],
    ['-p', 'alpha', '41', '-p', 'name', 'Ada'],
  );
  assert.equal(code, 0, stderr);
  assert.deepEqual(cells[1]?.metadata.tags, ['injected-parameters']);
  assert.deepEqual(cells[2]?.outputs[0]?.data, { 'text/plain': ["'Ada 42'"] });
});

test('displays are updated in place, and output of timers stays with its cell', async (t) => {
  const { code, cells, stderr } = await execute(t, [
    'setTimeout(() => console.log("late"), 50); console.log("early");',
    'await new Promise((resolve) => setTimeout(resolve, 300)); console.log("second");',
  ]);
  assert.equal(code, 0, stderr);
  assert.deepEqual(cells[0]?.outputs[0]?.text, ['early\n', 'late\n']);
  assert.deepEqual(cells[1]?.outputs[0]?.text, ['second\n']);
});

test('a served class answers, and nothing keeps running after the notebook', async (t) => {
  const { code, cells, stderr } = await execute(t, [
    'const Echo = serve.deployment(class Echo { fetch(request: Request) { console.log("asked"); return { pid: process.pid, q: request.query.q }; } });',
    'const echo = await serve.run(Echo.bind(), { name: "echo" });',
    'const answer = await (await fetch(`${echo.url}?q=7`)).json(); console.log(answer.pid, answer.q);',
  ]);
  assert.equal(code, 0, stderr);
  const [pid, q] = (cells[2]?.outputs[0]?.text?.[0] ?? '').trim().split(' ');
  assert.equal(q, '7');
  assert.throws(() => process.kill(Number(pid), 0), /ESRCH/);
  assert.match(cells[1]?.outputs.map(({ text }) => text?.join('')).join('') ?? '', /\(Echo#\w+\) asked/);
});

test('a missing file is reported in one line, and so is a folder', () => {
  for (const [file, reason] of [
    ['missing.ipynb', 'there is no such file'],
    ['.', 'it is a folder'],
  ] as const) {
    const { status, stderr } = spawnSync(process.execPath, [NBSERVE, 'execute', file], { encoding: 'utf8' });
    assert.equal(status, 2);
    assert.match(stderr, new RegExp(`^NBS_NO_NOTEBOOK: .* cannot be read: ${reason}; give the path of a notebook`));
    assert.equal(stderr.trim().split('\n').length, 1);
  }
});
