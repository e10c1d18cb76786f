/** What the debugger stops at besides breakpoints, and what it evaluates. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { KernelClient } from './fixtures/client.js';
import { type Shown, TestDebugger } from './fixtures/debugger.js';

let kernel: KernelClient;
let debug: TestDebugger;

before(async () => {
  kernel = await KernelClient.start();
  debug = new TestDebugger(kernel);
});
after(() => kernel.kill());
afterEach(async () => {
  await debug.ask('disconnect');
});

describe('the debugger at exceptions', () => {
  const LATER = 'async function later() {\n  await null;\n  throw new Error("later");\n}\n';

  it('has two filters', async () => {
    const { exceptionBreakpointFilters } = await debug.body('initialize');
    assert.deepEqual(
      exceptionBreakpointFilters.map(({ filter }: { filter: string }) => filter),
      ['uncaught', 'all'],
    );
    await debug.attach();
    assert.match(
      String((await debug.ask('setExceptionBreakpoints', { filters: ['raised'] })).message),
      /a list of all, uncaught/,
    );
  });

  for (const [what, code, at] of [
    ['the cell throws', 'const one = 1;\nthrow new Error("one")', '(cell):2'],
    ['the cell throws after an await', 'await null;\nthrow new Error("two")', '(cell):2'],
    ['a function throws', 'function three() {\n  throw new Error("three");\n}\nthree()', 'three:2'],
    ['an async function throws later', `${LATER}await later()`, 'later:3'],
    ['an async function that another awaits', `${LATER}async function outer() {\n  await later();\n}\nawait outer()`, 'later:3'],
    ['one of several throws later', `${LATER}await Promise.all([later()])`, 'later:3'],
    ['a `try` has only a `finally`', 'try {\n  throw new Error("four");\n} finally {\n  1;\n}', '(cell):2'],
    ['a property of undefined is read', 'const none = undefined as any;\nnone.x', '(cell):2'],
    ['a `catch` throws again', 'try {\n  JSON.parse("{");\n} catch (error) {\n  throw error;\n}', '(cell):4'],
  ] as const) {
    it(`stops at one that nobody catches: ${what}`, async () => {
      await debug.attach();
      await debug.body('setExceptionBreakpoints', { filters: ['uncaught'] });
      const cell = kernel.executing(code);
      const stop = await debug.stopped();
      assert.deepEqual([stop.reason, stop.at[0]], ['exception', at]);
      await debug.go('continue');
      const { reply } = await cell.done;
      assert.equal(reply.status, 'error');
      assert.equal(debug.hasStopped, false);
    });
  }

  it('does not stop at those that the code catches', async () => {
    await debug.attach();
    await debug.body('setExceptionBreakpoints', { filters: ['uncaught'] });
    for (const code of [
      'try { throw new Error("a") } catch {}',
      'try { await null; throw new Error("b") } catch {}',
      `${LATER}try { await later() } catch {}`,
      `${LATER}await later().catch(() => {})`,
      `${LATER}await Promise.allSettled([later()])`,
      `${LATER}try { await Promise.all([later(), later()]) } catch {}`,
      `${LATER}async function outer() { try { await later() } catch {} }\nawait outer()`,
      'async function soon() { throw new Error("c") }\ntry { await soon() } catch {}',
      'try { JSON.parse("{") } catch {}\n1',
    ]) {
      const { reply } = await kernel.execute(code);
      assert.deepEqual([reply.status, debug.hasStopped], ['ok', false], code);
    }
    await debug.body('setExceptionBreakpoints', { filters: [] });
    assert.equal((await kernel.execute('throw new Error("d")')).reply.ename, 'Error');
    assert.equal(debug.hasStopped, false);
  });
});

describe('an expression in the debugger', () => {
  it('reads names of earlier cells unless the frame has its own, and assigns to them', async () => {
    await kernel.execute(
      'let counter = 1;\nconst shadow = "outer";\nlet unread = 0;\nObject.defineProperty(globalThis, "touched", { value: 0, writable: true })',
    );
    await debug.attach();
    const cell = kernel.executing('function inside(shadow: string) {\n  debugger;\n  return shadow;\n}\ninside("inner")');
    const stop = await debug.stopped();
    const at = async (expression: string, frame = 0): Promise<string> =>
      (await debug.body('evaluate', { expression, frameId: stop.frames[frame]?.id })).result;
    assert.equal(await at('shadow'), '"inner"');
    assert.equal(await at('shadow', 1), '"outer"');
    assert.equal(await at('counter += 1 // a comment'), '2');
    assert.equal(await at('counter'), '2');
    assert.equal(await at('[shadow, counter].join("-")'), '"inner-2"');
    assert.match(String((await debug.ask('evaluate', { expression: 'nowhere + counter' })).message), /nowhere is not defined/);
    assert.match(String((await debug.ask('evaluate', { expression: 'counter +' })).message), /SyntaxError/);
    await debug.go('continue');
    assert.equal((await cell.done).reply.status, 'ok');
    const { messages } = await kernel.execute('counter');
    assert.deepEqual(messages.find(({ type }) => type === 'execute_result')?.content.data, { 'text/plain': '2' });
  });

  it('asks only for the names that are in it', async () => {
    await kernel.execute(
      'let reads = 0;\nconst costly = { get value() { reads += 1; return 1; } };\nconst many = Array.from({ length: 1e5 }, (_, i) => ({ i }));',
    );
    await debug.attach();
    assert.equal((await debug.body('evaluate', { expression: 'many.length' })).result, '100000');
    assert.equal((await debug.body('evaluate', { expression: '"costly many".length + 1' })).result, '12');
    assert.equal((await debug.body('evaluate', { expression: 'reads' })).result, '0');
  });
});

describe('the parts of a variable', () => {
  /** The parts of a value of the notebook, by name. */
  async function parts(expression: string): Promise<Map<string, Shown>> {
    const { variablesReference } = await debug.body('evaluate', { expression });
    const { variables } = await debug.body('variables', { variablesReference });
    return new Map((variables as Shown[]).map((one) => [one.name, one]));
  }

  for (const [what, expression, count, rest] of [
    ['an array', 'Array.from({ length: 1_000_000 }, (_, i) => i)', 1_001, '999000 more'],
    ['numbers', 'new Float32Array(5_000_000)', 1_001, '4999000 more'],
    ['an object', 'Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => ["k" + i, i]))', 1_001, '19000 more'],
    ['an array of a thousand', 'Array.from({ length: 1_000 }, (_, i) => i)', 1_001, undefined],
    ['a sparse array', 'Object.assign([], { 1_000_000: 1 })', 1, '999001 more'],
    ['a proxy', 'new Proxy({}, { ownKeys() { throw new Error("user code"); } })', 2, undefined],
  ] as const) {
    it(`are a thousand at most: ${what}`, async () => {
      await debug.attach();
      const shown = await parts(expression);
      assert.deepEqual([shown.size, shown.get('…')?.value], [count, rest]);
    });
  }

  it('are the entries of a map or a set, and what a promise has become', async () => {
    await debug.attach();
    const entries = async (expression: string): Promise<string[]> => {
      const { variablesReference } = (await parts(expression)).get('[[Entries]]') as Shown;
      const { variables } = await debug.body('variables', { variablesReference });
      return (variables as Shown[]).map(({ value }) => value);
    };
    assert.deepEqual((await entries('new Map([["k", 1]])'))[0], '{"k" => 1}');
    assert.deepEqual((await entries('new Set([7])'))[0], '7');
    const promise = await parts('Promise.resolve(42)');
    assert.equal(promise.get('[[PromiseResult]]')?.value, '42');
  });

  it('are short in the text of the value', async () => {
    await debug.attach();
    const text = async (expression: string): Promise<string> => (await debug.body('evaluate', { expression })).result;
    assert.equal(await text('[{ a: 1 }, [1, 2], () => 1]'), '[{…}, Array(2), function]');
    assert.equal(await text('(function twice(n) {\n  return n * 2;\n})'), 'function twice(n)');
    assert.equal(await text('(class Point {\n  x = 1;\n})'), 'class Point');
    assert.match(await text('"x".repeat(20_000_000)'), /^"x{9999}… \(19990002 more characters\)$/);
  });
});

describe('variables in the panel of JupyterLab', () => {
  // JupyterLab shows a variable's type in place of its value, unless it is one of Python's types or absent.
  it('have no type there, so that their values are shown', async () => {
    await kernel.execute('const shownCount = 7');
    const named = async (): Promise<{ type?: string; value: string } | undefined> =>
      (await debug.body('inspectVariables')).variables.find(({ name }: { name: string }) => name === 'shownCount');
    await debug.attach();
    const other = await named();
    assert.deepEqual([other?.type, other?.value], ['number', '7']);
    await debug.body('initialize', { clientID: 'jupyterlab', adapterID: 'nbserve' });
    const inLab = await named();
    assert.deepEqual([inLab?.type, inLab?.value], [undefined, '7']);
    await debug.body('initialize', { clientID: 'vscode' });
    assert.equal((await named())?.type, 'number');
  });

  for (const [what, value, type, content] of [
    ['HTML', '({ toHtml: () => "<b>1</b>" })', 'text/html', /^<b>1<\/b>$/],
    ['a table', '[{ a: 1, b: 2 }]', 'text/html', /^<table>.*<td>2<\/td>/],
    ['a picture', 'Buffer.from("89504e470d0a1a0a00", "hex")', 'image/png', /^iVBORw0KGgoA$/],
    ['a form of its own', '({ [Symbol.for("Jupyter.display")]: () => ({ "text/latex": "$x$" }) })', 'text/latex', /^\$x\$$/],
    ['text, if its form is a promise', '({ k: 1, toHtml: async () => "<b>2</b>" })', 'text/plain', /k: 1/],
    ['text', '"line\\n\\u{1f600}"', 'text/plain', /^'line\\n😀'$/u],
    ['text, if it throws', '({ k: 2, toHtml() { throw new Error("no") } })', 'text/plain', /k: 2/],
  ] as const) {
    it(`are shown as below a cell: ${what}`, async () => {
      await debug.attach();
      const cell = kernel.executing(`const rich = ${value} as any;\ndebugger;`);
      const { frames } = await debug.stopped();
      const stopped = await debug.body('richInspectVariables', { variableName: 'rich', frameId: frames[0]?.id });
      assert.match(stopped.data[type], content);
      await debug.go('continue');
      await cell.done;
      assert.match((await debug.body('richInspectVariables', { variableName: 'rich' })).data[type], content);
    });
  }
});
