import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { notebookOf, run, textOf } from './fixtures/runner.js';

describe('a run fails', () => {
  for (const [how, source, said] of [
    ['is killed', 'process.kill(process.pid, "SIGKILL");', /was killed by SIGKILL/],
    ['aborts', 'process.abort();', /was ended by SIGABRT/],
    ['ends itself', '(process as any).reallyExit(0);', /ended with exit code 0/],
    ['runs out of memory', 'const all: unknown[] = []; for (;;) all.push({ all });', /ran out of memory/],
  ] as const) {
    it(`if its process ${how}: it names the cell and keeps the outputs so far`, async (t) => {
      const cells = ['1 + 1', `console.log("begun");\n${source}`, '3'];
      // With a small heap, memory runs out in a second.
      const { code, stderr, notebook } = await run(t, notebookOf(cells), [], { NODE_OPTIONS: '--max-old-space-size=120' });
      assert.equal(code, 1, stderr);
      assert.match(stderr, /cell 2 failed: NBS_RUNNER_DIED: /);
      assert.match(stderr, said);
      assert.deepEqual(notebook?.cells[0]?.outputs[0]?.data, { 'text/plain': ['2'] });
      assert.equal(textOf(notebook?.cells[1]), 'begun\n');
      assert.equal(notebook?.cells[1]?.outputs.at(-1)?.ename, 'NBS_RUNNER_DIED');
      assert.deepEqual(notebook?.cells[2]?.outputs, []);
    });
  }

  it('if a cell calls process.exit()', async (t) => {
    const { code, stderr } = await run(t, notebookOf(['process.exit(0)', '2']));
    assert.equal(code, 1);
    assert.match(stderr, /cell 1 failed: NbserveError: process\.exit\(\)/);
  });

  const SAVE = 'async function save() { throw new Error("not saved"); }\nsave();';
  const WAIT = 'await new Promise((resolve) => setTimeout(resolve, 5000)); console.log("two");';
  const TEST = 'import { test } from "node:test"; import assert from "node:assert";\n';

  const SLOW = `import http from 'node:http';
const server = http.createServer((_, answer) => setTimeout(() => answer.writeHead(500).end(), 500)).listen(0);
await new Promise((resolve) => server.once('listening', resolve));
const { port } = server.address() as { port: number };
`;
  const FETCH = `async function save() { const answer = await fetch(\`http://127.0.0.1:\${port}\`); throw new Error(\`answered \${answer.status}\`); }
void save();`;
  const EXEC = `import { exec } from 'node:child_process'; import { promisify } from 'node:util';\n`;
  const THREAD = `import { Worker } from 'node:worker_threads';\n`;
  const SERVE = `const hello = await serve.run(serve.deployment(class Hello {
  async say() {
    await new Promise((resolve) => setTimeout(resolve, 500));
    throw new Error('said nothing');
  }
}).bind());`;

  for (const [what, cells, named, said] of [
    ['a promise that nobody awaits', [SAVE, WAIT], 1, /Error: not saved/],
    ['a promise of the last cell', ['1', SAVE], 2, /Error: not saved/],
    ['a timer', ['setTimeout(() => { throw new TypeError("late"); }, 50);', WAIT], 1, /TypeError: late/],
    ['a timer after the last cell', ['1', 'setTimeout(() => { throw new TypeError("late"); }, 500);'], 2, /TypeError: late/],
    ['a file operation after the last cell', ['import fs from "node:fs"; void fs.promises.readFile("/missing");'], 1, /ENOENT/],
    ['a test', [`${TEST}test("bad", () => assert.equal(1, 2));`, '2'], 1, /NBS_EXIT_CODE_SET: .*node:test/],
    [
      'a test that ends later',
      [
        `${TEST}void test("bad", async () => { await new Promise((resolve) => setTimeout(resolve, 100)); assert.equal(1, 2); });`,
        WAIT,
      ],
      1,
      /NBS_EXIT_CODE_SET/,
    ],
    ['an exit code', ['process.exitCode = 3;', '2'], 1, /the exit code was set to 3/],
    [
      'a listener of beforeExit',
      ['process.on("beforeExit", () => { throw new TypeError("unsaved"); });', '2'],
      1,
      /TypeError: unsaved/,
    ],
    ['a request', [`${SLOW}${FETCH}`], 1, /Error: answered 500/],
    ['a child', [`${EXEC}void promisify(exec)("sleep 1; exit 3");`], 1, /Error: Command failed: sleep 1; exit 3/],
    [
      'a thread',
      [`${THREAD}new Worker("setTimeout(() => { throw new TypeError('deep') }, 500)", { eval: true });`],
      1,
      /TypeError: deep/,
    ],
    ['a call of a deployment', [SERVE, 'void (async () => { await hello.say.remote(); })();'], 2, /Error: said nothing/],
  ] as const) {
    it(`with ${what} that fails, and names the cell that started it`, async (t) => {
      const { code, stderr, notebook } = await run(t, notebookOf(cells));
      assert.equal(code, 1, stderr);
      assert.match(stderr, new RegExp(`cell ${named} failed: `));
      assert.match(stderr, said);
      assert.ok(notebook?.cells[named - 1]?.outputs.some(({ output_type }) => output_type === 'error'));
      assert.ok(!textOf(notebook?.cells[1]).includes('two'));
    });
  }

  const EXIT = (code: string): string => `process.on('exit', () => { ${code} });`;

  for (const [what, args] of [
    ['', []],
    [', also if something was still running at the timeout', ['--timeout', '1']],
  ] as const) {
    const open = args.length === 0 ? '' : 'setTimeout(() => {}, 600_000);';
    it(`if it throws at the end of the process${what}`, async (t) => {
      const { code, stderr } = await run(t, notebookOf([`${open}${EXIT('throw new TypeError("not saved");')}`]), args);
      assert.equal(code, 1, stderr);
      assert.match(stderr, /the end, after the last cell, failed: TypeError: not saved/);
    });

    it(`if it sets an exit code after the last cell${what}`, async (t) => {
      const { code, stderr } = await run(t, notebookOf([`${open}setTimeout(() => { process.exitCode = 3; }, 100);`]), args);
      assert.equal(code, 1, stderr);
      assert.match(stderr, /NBS_EXIT_CODE_SET|exit code/);
    });
  }

  for (const [how, source, said] of [
    ['throws', `let saved = 2;\n${EXIT('if (saved !== 3) throw new TypeError("not saved");')}`, /TypeError: not saved/],
    ['sets an exit code', EXIT('process.exitCode = 3;'), /ended with exit code 3/],
    ['aborts the process', EXIT('process.abort();'), /was ended by SIGABRT/],
  ] as const) {
    it(`if a listener of exit ${how}, and says that it was at the end`, async (t) => {
      const { code, stderr, notebook } = await run(t, notebookOf([source, '2']));
      assert.equal(code, 1, stderr);
      assert.match(stderr, /the end, after the last cell, failed: /);
      assert.match(stderr, said);
      assert.ok(notebook?.cells.some(({ outputs }) => outputs.some(({ output_type }) => output_type === 'error')));
    });
  }

  it('not for a child or a thread that is unreferenced, nor for a connection that is kept for later', async (t) => {
    const cells = [
      `${SLOW}await (await fetch(\`http://127.0.0.1:\${port}\`)).text();`,
      `import { spawn } from 'node:child_process'; spawn('sleep', ['600']).unref();`,
      `${THREAD}new Worker('setInterval(() => {}, 1000)', { eval: true }).unref();`,
      `const idle = await serve.run(serve.deployment(class Idle { one() { return 1; } }).bind()); await idle.one.remote();`,
    ];
    const { code, stderr } = await run(t, notebookOf(cells));
    assert.equal(code, 0, stderr);
    assert.doesNotMatch(stderr, /still running/);
  });

  it('not for work that takes longer than it waits, which it names', async (t) => {
    const cells = [`import { spawn } from 'node:child_process'; spawn('sleep', ['600']);`, 'setTimeout(() => {}, 600_000);'];
    const { code, stderr } = await run(t, notebookOf(cells), ['--timeout', '1']);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /still running after the last cell, and not waited for any longer: 1 timer, 1 child process/);
  });

  it('not if the cell is tagged allow-unhandled, or errors are allowed', async (t) => {
    const tagged = await run(t, notebookOf([{ source: SAVE, tags: ['allow-unhandled'] }, '2']));
    assert.equal(tagged.code, 0, tagged.stderr);
    assert.match(
      stripVTControlCharacters(textOf(tagged.notebook?.cells[0], 'stderr')),
      /Unhandled promise rejection:\nError: not saved/,
    );
    const allowed = await run(t, notebookOf([SAVE, '2']), ['--allow-errors']);
    assert.equal(allowed.code, 0, allowed.stderr);
    assert.equal(allowed.notebook?.cells[0]?.outputs.at(-1)?.ename, 'Error');
  });

  it('if a cell is tagged raises-exception and raises nothing', async (t) => {
    const tags = ['raises-exception'];
    const { code, stderr } = await run(t, notebookOf([{ source: 'throw new Error("x")', tags }, { source: '1', tags }, '2']));
    assert.equal(code, 1);
    assert.match(stderr, /cell 2 failed: NBS_NOTHING_RAISED/);
  });

  it('not for intervals, and passes with tests that pass', async (t) => {
    const cells = ['setInterval(() => {}, 1000);', `${TEST}void test("good", () => assert.equal(1, 1));`];
    const { code, stderr } = await run(t, notebookOf(cells));
    assert.equal(code, 0, stderr);
  });
});
