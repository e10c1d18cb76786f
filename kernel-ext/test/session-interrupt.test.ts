import assert from 'node:assert/strict';
import { after, describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type CellRun, TestNotebook } from './session-harness.js';

/** After an interrupt, the code after an await of the cell must not run. */
describe('an interrupted await', () => {
  const notebook = new TestNotebook();
  after(() => notebook.close());

  /** Runs a cell, interrupts it in `globalThis.gate`, opens the gate, and returns what the cell has printed. */
  async function interrupted(code: string): Promise<{ run: CellRun; atEnd: string; later: string }> {
    let open = (): void => {};
    let reached = (): void => {};
    const atGate = new Promise<void>((resolve) => {
      reached = resolve;
    });
    Object.assign(globalThis, {
      gate: () =>
        new Promise<number>((resolve) => {
          open = () => resolve(1);
          reached();
        }),
    });
    const running = notebook.run(code);
    await Promise.race([atGate, running]);
    notebook.session.interrupt();
    const run = await running;
    const atEnd = run.text();
    open();
    await sleep(20);
    return { run, atEnd, later: run.text() };
  }

  const LEFT: Readonly<Record<string, string>> = {
    'an await': 'await gate(); console.log("still running")',
    'an await inside of an expression': 'const three = [await gate(), 2].length; console.log("still running")',
    'an await in a block': 'for (let i = 0; i < 3; i++) { if (i > 0) await gate(); } console.log("still running")',
    'a loop that catches': 'let tries = 0; while (tries++ < 5) { try { await gate() } catch { } } console.log(await 1)',
    'for await':
      'for await (const x of (async function* () { yield await gate(); })()) console.log(x); console.log("still running")',
    'for await over promises': 'for await (const x of [gate(), gate()]) console.log(x); console.log("still running")',
    '%time': '%time await gate() && console.log("in it")\nconsole.log("still running")',
    using: 'await using held = { async [Symbol.asyncDispose]() {} }; await gate(); console.log("still running")',
    'an import': 'import "./late.mjs"; console.log("still running")',
  };
  for (const [name, code] of Object.entries(LEFT)) {
    it(`ends the code after it: ${name}`, async () => {
      await notebook.value('declare global { function gate(): Promise<number> } 0');
      await notebook.file('late.mjs', 'await gate();');
      const { run, atEnd, later } = await interrupted(code);
      assert.equal(run.outcome.status === 'error' && run.outcome.ename, 'KeyboardInterrupt');
      assert.equal(later, atEnd);
      assert.doesNotMatch(later, /still running|in it/, later);
    });
  }

  it('runs finally, and its output is the cell’s', async () => {
    const { run, atEnd } = await interrupted('try { await gate() } finally { console.log("cleaned up") }');
    assert.equal(run.outcome.status === 'error' && run.outcome.ename, 'KeyboardInterrupt');
    assert.equal(atEnd, 'cleaned up\n');
  });

  it('ends a generator that for await reads', async () => {
    const { later } = await interrupted(
      'for await (const x of (async function* () { try { yield 1; await gate(); yield 2 } finally { console.log("closed") } })()) console.log(x);',
    );
    assert.equal(later, '1\nclosed\n');
  });

  it('changes no functions, values, errors or order', async () => {
    assert.equal(
      await notebook.value('const seen: unknown[] = []; seen.push(await 1, await Promise.resolve(2)); seen'),
      '[ 1, 2 ]',
    );
    assert.equal(await notebook.value('const five = { then(done: (v: number) => void) { done(5) } }; await five'), '5');
    assert.equal(
      await notebook.value('const got: number[] = []; for await (const x of [1, Promise.resolve(2)]) got.push(x); got'),
      '[ 1, 2 ]',
    );
    assert.match(
      await notebook.failure('async function deep() {\n  await null;\n  throw new Error("below");\n}\n\n  await deep();'),
      /at deep \(cell\[\d+\]\.ts:3:9\)\n {4}at cell\[\d+\]\.ts:6:3/,
    );
    assert.match(await notebook.failure('for await (const x of 5 as any) console.log(x)'), /is not (async )?iterable/);
  });
});

describe('an interrupt before the code of a cell has begun', () => {
  const GATED = 'let open = () => {};\nconst closed = () => new Promise<void>((resolve) => { open = resolve });';

  /** Runs a cell that is interrupted while it waits for its breakpoints, or right before its code. */
  async function interrupted(notebook: TestNotebook, code: string, subshell = ''): Promise<void> {
    isArmed = true;
    const { outcome } = await notebook.run(code, subshell);
    assert.equal(outcome.status === 'error' && outcome.ename, 'KeyboardInterrupt');
  }
  let isArmed = false;

  function interruptible(t: TestContext, where: 'at its breakpoints' | 'right before it'): TestNotebook {
    const interrupt = (): void => {
      if (isArmed) notebook.session.interrupt();
      isArmed = false;
    };
    const notebook: TestNotebook = new TestNotebook(
      where === 'at its breakpoints'
        ? { onCompiled: () => (isArmed ? sleep(0).then(interrupt) : undefined) }
        : {
            turn: (work) =>
              void setImmediate(() => {
                interrupt();
                work();
              }),
          },
    );
    t.after(() => notebook.close());
    return notebook;
  }

  for (const where of ['at its breakpoints', 'right before it'] as const) {
    it(`leaves its names what they were, ${where}`, async (t) => {
      const notebook = interruptible(t, where);
      await notebook.value('let x = 1;');
      await interrupted(notebook, "const x = 'text', y = 2;\nx");
      assert.equal(await notebook.value('x.toFixed(1)'), "'1.0'");
      assert.match(await notebook.failure('y'), /TS2304/);
    });

    it(`leaves its names what they were while a cell of a subshell runs, ${where}`, async (t) => {
      const notebook = interruptible(t, where);
      await notebook.value(`${GATED}\nlet x = 1;`);
      const beside = notebook.run('const z = 3;\nawait closed();', 'a');
      await interrupted(notebook, "const x = 'text', y = 2;\nx");
      for (const [subshell, code] of [
        ['', 'x.toFixed(z)'],
        ['b', 'open();\nx.toFixed(z)'],
        ['', 'x.toFixed(z)'],
      ] as const) {
        assert.match(await notebook.failure('y', subshell), /TS2304/);
        assert.equal(await notebook.value(code, subshell), "'1.000'");
        if (code.startsWith('open')) assert.equal((await beside).outcome.status, 'ok');
      }
    });
  }

  it('leaves the names of the next cell, which may begin before the first has ended', async (t) => {
    let release = (): void => {};
    const waits = new Promise<void>((resolve) => {
      release = resolve;
    });
    let reached = (): void => {};
    const atBreakpoints = new Promise<void>((resolve) => {
      reached = resolve;
    });
    const notebook = new TestNotebook({
      onCompiled: (id) => {
        if (id !== 'cell[2].ts') return undefined;
        reached();
        return waits;
      },
    });
    t.after(() => notebook.close());
    await notebook.value(`${GATED}\nlet x: unknown = 1;`);
    const first = notebook.run("const x = 'text';");
    await atBreakpoints;
    notebook.session.interrupt();
    assert.equal((await first).outcome.status, 'error');
    const second = notebook.run('const x = true;\nawait closed();');
    assert.equal(await notebook.value('open === undefined', 'a'), 'false');
    release();
    await sleep(20);
    for (const subshell of ['a', '']) {
      assert.equal(await notebook.value('open();\nconst seen: boolean = x;\nseen', subshell), 'true');
      assert.equal((await second).outcome.status, 'ok');
    }
  });
});
