import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { ExecutedCell } from './fixtures/notebook.js';
import { gone } from './fixtures/processes.js';
import { notebookOf, start, textOf } from './fixtures/runner.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const BLOCKING: Readonly<Record<string, string>> = {
  'a loop': 'console.log("begun"); for (;;);',
  'a loop of native calls':
    'import zlib from "node:zlib"; const bytes = Buffer.alloc(5e7, "abc"); console.log("begun"); for (;;) zlib.gzipSync(bytes);',
  'an await that never ends': 'console.log("begun"); await new Promise(() => {});',
  'a storm of microtasks':
    'console.log("begun"); const storm = () => queueMicrotask(storm); storm(); await new Promise(() => {});',
  'a wait for a child': 'import { execSync } from "node:child_process"; console.log("begun"); execSync("sleep 600");',
  'a wait for a child that ignores signals':
    'import { execSync } from "node:child_process"; console.log("begun"); execSync("trap \\"\\" INT TERM; sleep 600");',
  'a shell cell': 'console.log("begun");\n!sleep 600',
};

describe('a run that is stopped', () => {
  for (const [what, source] of Object.entries(BLOCKING)) {
    it(`ends ${what} with Ctrl-C, names the cell and keeps what it printed`, async (t) => {
      const run = start(t, notebookOf(['1', source, '3']));
      await run.printed('begun');
      run.child.kill('SIGINT');
      const { code, stderr, notebook } = await run.ended;
      assert.equal(code, 130, stderr);
      assert.match(stderr, /cell 2 failed: /);
      assert.deepEqual(notebook?.cells[1]?.outputs[0]?.text, ['begun\n']);
      assert.equal(notebook?.cells[1]?.outputs.at(-1)?.ename, 'KeyboardInterrupt');
      assert.deepEqual(notebook?.cells[2]?.outputs, []);
    });
  }

  it('ends with SIGTERM too', async (t) => {
    const run = start(t, notebookOf([BLOCKING['a loop'] as string]));
    await run.printed('begun');
    run.child.kill('SIGTERM');
    const { code, notebook } = await run.ended;
    assert.equal(code, 143);
    assert.equal(notebook?.cells[0]?.outputs.at(-1)?.ename, 'KeyboardInterrupt');
  });

  it('passes a cell that ended while the command was stopped by Ctrl-Z', async (t) => {
    const source = 'console.log("begun"); await new Promise((resolve) => setTimeout(resolve, 300)); console.log("ended")';
    const run = start(t, notebookOf([source]), ['--timeout', '2']);
    await run.printed('begun');
    run.child.kill('SIGSTOP');
    await new Promise((resolve) => setTimeout(resolve, 2500));
    run.child.kill('SIGCONT');
    const { code, stderr, notebook } = await run.ended;
    assert.equal(code, 0, stderr);
    assert.deepEqual(notebook?.cells[0]?.outputs[0]?.text, ['begun\n', 'ended\n']);
  });

  it('ends native code that does not return at its timeout', async (t) => {
    const source = "import crypto from 'node:crypto'; crypto.pbkdf2Sync('a', 'b', 1e9, 64, 'sha512');";
    const { code, stderr, notebook } = await start(t, notebookOf([source]), ['--timeout', '1']).ended;
    assert.equal(code, 1);
    assert.match(stderr, /cell 1 failed: TimeoutError: the cell did not finish within 1 s, and its process/);
    assert.equal(notebook?.cells[0]?.outputs.at(-1)?.ename, 'TimeoutError');
  });

  for (const [what, source] of [
    ['a cell that would continue', 'spawnSync("sleep", ["600"]);'],
    ['a cell that catches errors', 'try { execSync("sleep 600") } catch {}'],
  ] as const) {
    it(`ends ${what} after a child, at its timeout`, async (t) => {
      const cell = `import { execSync, spawnSync } from 'node:child_process';\n${source}\nconsole.log('went on');`;
      const { code, stderr, notebook } = await start(t, notebookOf([cell]), ['--timeout', '1']).ended;
      assert.equal(code, 1, stderr);
      assert.match(stderr, /cell 1 failed: TimeoutError/);
      assert.equal(textOf(notebook?.cells[0]), '');
    });
  }

  it('ends a cell that it told to end, even if the cell then ends without an error', async (t) => {
    const cell = `import { exec } from 'node:child_process';
await new Promise((resolve) => exec('sleep 600', resolve));`;
    const { code, stderr } = await start(t, notebookOf([cell]), ['--timeout', '1']).ended;
    assert.equal(code, 1, stderr);
    assert.match(stderr, /cell 1 failed: TimeoutError/);
  });

  const LATE = 'setTimeout(() => { console.log("begun"); for (;;); }, 10); 1';

  it('ends a loop that began after the last cell, at the timeout', async (t) => {
    const { code, stderr } = await start(t, notebookOf([LATE]), ['--timeout', '1']).ended;
    assert.equal(code, 1, stderr);
    assert.match(stderr, /the end, after the last cell, failed: TimeoutError/);
  });

  it('ends a loop that began after the last cell with Ctrl-C', async (t) => {
    const run = start(t, notebookOf([LATE]));
    await run.printed('begun');
    run.child.kill('SIGINT');
    assert.equal((await run.ended).code, 130);
  });

  it('ends at once at a second Ctrl-C', async (t) => {
    const run = start(t, notebookOf([BLOCKING['a wait for a child that ignores signals'] as string]));
    await run.printed('begun');
    run.child.kill('SIGINT');
    // Within a fifth of a second, the same signal counts once, because npx passes on the one that the terminal has sent to both.
    await new Promise((resolve) => setTimeout(resolve, 300));
    run.child.kill('SIGINT');
    const { code, notebook } = await run.ended;
    assert.equal(code, 130);
    assert.equal(notebook?.cells[0]?.outputs.at(-1)?.ename, 'KeyboardInterrupt');
  });

  const CHILDREN = `import { exec, spawn } from 'node:child_process';
const one = spawn('sleep', ['600']);
const two = exec('sleep 600 | cat');
console.log('children', one.pid, two.pid);
`;

  for (const [how, args, act] of [
    ['at its timeout', ['--timeout', '1'], () => {}],
    ['with Ctrl-C', [], (kill: (signal: NodeJS.Signals) => void) => kill('SIGINT')],
    ['with its parent', [], (kill: (signal: NodeJS.Signals) => void) => kill('SIGKILL')],
  ] as const) {
    it(`ends the children of its cells ${how}`, async (t) => {
      const run = start(t, notebookOf([`${CHILDREN}await new Promise(() => {});`]), args);
      const pids = (await run.printed('children')).split(' ').slice(1).map(Number);
      act((signal) => run.child.kill(signal));
      await run.ended;
      await gone(pids);
    });
  }

  it('ends the processes that a cell has left', async (t) => {
    const run = start(t, notebookOf([`${CHILDREN}one.unref(); two.unref();`]));
    const pids = (await run.printed('children')).split(' ').slice(1).map(Number);
    assert.equal((await run.ended).code, 0);
    await gone(pids);
  });

  it('ends its cluster when it is killed, and so does its parent', async (t) => {
    const serving = `const Pid = serve.deployment(class Pid { pid() { return process.pid; } });
const pid = await serve.run(Pid.bind(), { name: 'pid' });
console.log('replica', process.pid, await pid.pid.remote());`;
    for (const victim of ['runner', 'parent']) {
      const run = start(t, notebookOf([`${serving}\nfor (;;);`]));
      const [, runner, replica] = (await run.printed('replica')).split(' ').map(Number);
      if (victim === 'runner') process.kill(runner as number, 'SIGKILL');
      else run.child.kill('SIGKILL');
      const { stderr } = await run.ended;
      if (victim === 'runner') assert.match(stderr, /cell 1 failed: NBS_RUNNER_DIED/);
      await gone([runner as number, replica as number]);
    }
  });

  it('ends in order when the npx that has started it is ended', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'nbserve-npx-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const input = join(folder, 'test.ipynb');
    const output = join(folder, 'out.ipynb');
    writeFileSync(input, JSON.stringify(notebookOf(['console.log("begun", process.pid, process.ppid); for (;;);'])));
    const npx = spawn('npx', ['--no-install', 'nbserve', 'execute', input, '--output', output], { cwd: ROOT });
    t.after(() => npx.kill('SIGKILL'));
    const pids = await new Promise<number[]>((resolve) => {
      npx.stdout.on('data', (text: Buffer) => resolve(String(text).split(' ').slice(1).map(Number)));
    });
    npx.kill('SIGTERM');
    await gone(pids);
    const { cells } = JSON.parse(readFileSync(output, 'utf8')) as { cells: ExecutedCell[] };
    assert.equal(cells[0]?.outputs.at(-1)?.ename, 'KeyboardInterrupt');
  });

  it('continues with its state after a cell that took too long, if errors are allowed', async (t) => {
    const cells = ['let n = 1;', 'for (;;);', 'n += 1; await new Promise(() => {});', 'n'];
    const { code, stderr, notebook } = await start(t, notebookOf(cells), ['--timeout', '2', '--allow-errors']).ended;
    assert.equal(code, 0, stderr);
    assert.equal(notebook?.cells[1]?.outputs[0]?.ename, 'TimeoutError');
    assert.equal(notebook?.cells[2]?.outputs[0]?.ename, 'TimeoutError');
    assert.deepEqual(notebook?.cells[3]?.outputs[0]?.data, { 'text/plain': ['2'] });
  });
});
