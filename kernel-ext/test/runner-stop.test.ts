import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gone } from './fixtures/processes.js';
import { notebookOf, start } from './fixtures/runner.js';

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

  it('ends native code that does not return at its timeout', async (t) => {
    const source = "import crypto from 'node:crypto'; crypto.pbkdf2Sync('a', 'b', 1e9, 64, 'sha512');";
    const { code, stderr, notebook } = await start(t, notebookOf([source]), ['--timeout', '1']).ended;
    assert.equal(code, 1);
    assert.match(stderr, /cell 1 failed: TimeoutError: the cell did not finish within 1 s, and its process/);
    assert.equal(notebook?.cells[0]?.outputs.at(-1)?.ename, 'TimeoutError');
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

  it('continues with its state after a cell that took too long, if errors are allowed', async (t) => {
    const cells = ['let n = 1;', 'for (;;);', 'n += 1; await new Promise(() => {});', 'n'];
    const { code, stderr, notebook } = await start(t, notebookOf(cells), ['--timeout', '2', '--allow-errors']).ended;
    assert.equal(code, 0, stderr);
    assert.equal(notebook?.cells[1]?.outputs[0]?.ename, 'TimeoutError');
    assert.equal(notebook?.cells[2]?.outputs[0]?.ename, 'TimeoutError');
    assert.deepEqual(notebook?.cells[3]?.outputs[0]?.data, { 'text/plain': ['2'] });
  });
});
