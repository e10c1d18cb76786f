/** The debugger of the real kernel, over the wire. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { KernelClient, type TestMessage } from './fixtures/client.js';
import { type Shown, TestDebugger } from './fixtures/debugger.js';

let kernel: KernelClient;
let debug: TestDebugger;

describe('the debugger', () => {
  before(async () => {
    kernel = await KernelClient.start();
    debug = new TestDebugger(kernel);
  });
  after(() => kernel.kill());
  afterEach(async () => {
    await debug.ask('disconnect');
  });

  it('is announced', async () => {
    const info = await kernel.request('kernel_info_request', {});
    assert.equal(info.debugger, true);
    assert.ok((info.supported_features as string[]).includes('debugger'));
    const { isStarted, hashMethod, stoppedThreads } = await debug.body('debugInfo');
    assert.deepEqual([isStarted, hashMethod, stoppedThreads], [false, 'Murmur2', []]);
  });

  it("stops at the user's line, shows the variables, steps, and ends the cell", async () => {
    await kernel.execute('const earlier: number = 40');
    await debug.attach();
    const code =
      'interface Point { x: number }\n\nfunction twice(p: Point): number {\n  const y = p.x * 2;\n  return y;\n}\nconst text = "a";\nlet sum: number = twice({ x: 3 });\nsum += earlier;\nsum';
    const path = await debug.breakAt(code, 4);
    const cell = kernel.executing(code);
    const first = await debug.stopped();
    assert.equal(first.reason, 'breakpoint');
    assert.deepEqual(first.at, ['twice:4', '(cell):8']);
    assert.equal(first.frames[0]?.source.path, path);
    assert.deepEqual((await debug.body('debugInfo')).stoppedThreads, [1]);
    const { p } = await debug.shown(first.frames[0]?.id as number);
    assert.equal(p?.value, '{ x: 3 }');
    const inside = await debug.body('variables', { variablesReference: p?.variablesReference });
    assert.deepEqual([inside.variables[0].name, inside.variables[0].value], ['x', '3']);
    await debug.go('next');
    const second = await debug.stopped();
    assert.deepEqual([second.reason, second.at], ['step', ['twice:5', '(cell):8']]);
    const inFunction = second.frames[0]?.id as number;
    assert.equal((await debug.body('evaluate', { expression: 'y + earlier', frameId: inFunction })).result, '46');
    assert.match(
      (await debug.body('richInspectVariables', { variableName: 'p', frameId: inFunction })).data['text/plain'],
      /\{ x: 3 \}/,
    );
    await debug.go('stepOut');
    const third = await debug.stopped();
    assert.match(third.at.join(), /^\(cell\):[89]$/);
    const outer = await debug.shown(third.frames[0]?.id as number);
    assert.equal(outer.text?.value, '"a"');
    assert.ok(!Object.keys(outer).some((name) => /^(__nbs|exports|require)/.test(name)), Object.keys(outer).join());
    await debug.go('continue');
    const { reply, messages } = await cell.done;
    assert.equal(reply.status, 'ok');
    assert.deepEqual(messages.find(({ type }) => type === 'execute_result')?.content.data, { 'text/plain': '46' });
    const { variables } = await debug.body('inspectVariables');
    assert.equal((variables as Shown[]).find(({ name }) => name === 'sum')?.value, '46');
  });

  it('stops after an await, in a loop as often as it runs, and by a condition', async () => {
    await debug.attach();
    const code = 'let n = 0;\nfor (const i of [1, 2, 3]) {\n  await null;\n  n += i;\n}\nn';
    const { sourcePath: path } = await debug.body('dumpCell', { code });
    await debug.body('setBreakpoints', { source: { path }, breakpoints: [{ line: 4, condition: 'i > 1' }] });
    const cell = kernel.executing(code);
    for (const i of ['2', '3']) {
      const stop = await debug.stopped();
      assert.deepEqual(stop.at, ['(cell):4']);
      assert.equal((await debug.shown(stop.frames[0]?.id as number)).i?.value, i);
      await debug.go('continue');
    }
    assert.equal((await cell.done).reply.status, 'ok');
  });

  it('stops in a function that came by %run, although its cell has code of its own', async () => {
    await debug.attach();
    const source = 'function thrice(n: number): number {\n  return n * 3;\n}\n';
    await kernel.execute(`%%writefile thrice.ts\n${source}`);
    await kernel.execute('%run thrice.ts\nconst below = 1;');
    await debug.breakAt(source, 2);
    const cell = kernel.executing('thrice(2)');
    assert.deepEqual((await debug.stopped()).at, ['thrice:2', '(cell):1']);
    await debug.go('continue');
    assert.equal((await cell.done).reply.status, 'ok');
  });

  it('has conditions with names of earlier cells, behind those of the frame', async () => {
    await kernel.execute('const limit = 2, i = 7, name = "n"');
    await debug.attach();
    const code = 'for (const i of [1, 2, 3]) {\n  console.log(i);\n}';
    const { sourcePath: path } = await debug.body('dumpCell', { code });
    const condition = "i === limit && name === 'n'";
    await debug.body('setBreakpoints', { source: { path }, breakpoints: [{ line: 2, condition }] });
    const cell = kernel.executing(code);
    const stop = await debug.stopped();
    assert.equal((await debug.shown(stop.frames[0]?.id as number)).i?.value, '2');
    await debug.go('continue');
    assert.equal((await cell.done).text(), '1\n2\n3\n');
  });

  it('has conditions with a variable of the frame that is undefined, and one of the notebook with its name', async () => {
    await kernel.execute('const found = 5');
    await debug.attach();
    const code = 'for (const found of [undefined, 1]) {\n  console.log(found);\n}';
    const { sourcePath: path } = await debug.body('dumpCell', { code });
    await debug.body('setBreakpoints', { source: { path }, breakpoints: [{ line: 2, condition: 'found === undefined' }] });
    const cell = kernel.executing(code);
    const stop = await debug.stopped();
    assert.equal((await debug.shown(stop.frames[0]?.id as number)).found?.value, 'undefined');
    await debug.go('continue');
    assert.equal((await cell.done).text(), 'undefined\n1\n');
  });

  it('steps into functions of earlier cells, over awaits, and never into the next cell', async () => {
    const library =
      'async function wait(ms: number) {\n  await new Promise((resolve) => setTimeout(resolve, ms));\n  return ms;\n}';
    await kernel.execute(library);
    await debug.attach();
    const code = 'debugger;\nconst a = await wait(5);\nconsole.log(a)';
    const cell = kernel.executing(code);
    assert.deepEqual((await debug.stopped()).at, ['(cell):1']);
    await debug.go('next');
    assert.deepEqual((await debug.stopped()).at, ['(cell):2']);
    await debug.go('stepIn');
    assert.match((await debug.stopped()).at[0] as string, /^wait:[12]$/);
    await debug.go('stepOut');
    assert.match((await debug.stopped()).at.at(-1) as string, /^\(cell\):[23]$/);
    await debug.breakAt(library);
    for (let i = 0; i < 10; i++) {
      await debug.go('next');
      await Promise.race([cell.done, kernel.until(() => debug.hasStopped, 'a stop')]);
      if (!debug.hasStopped) break;
      await debug.stopped();
    }
    assert.equal((await cell.done).text(), '5\n');
    assert.equal((await kernel.execute('1\n2')).reply.status, 'ok');
  });

  for (const [when, isEarlier] of [
    ['begins', false],
    ['that began later ends', true],
  ] as const) {
    it(`steps over an await while a cell of a subshell ${when}`, async () => {
      await kernel.execute(
        'const opens: (() => void)[] = [];\nconst gate = (n: number) => new Promise<void>((resolve) => { opens[n] = resolve; console.log(n); });',
      );
      const { subshell_id } = await kernel.request('create_subshell_request', {}, 'control');
      const atGate = async (code: string, subshell?: string) => {
        const cell = kernel.executing(code, {}, subshell);
        await kernel.until(() => kernel.of(cell.id).some(({ type }) => type === 'stream'), 'the gate');
        return cell;
      };
      const beside = () => atGate('await gate(2)', String(subshell_id));
      const open = (n: number) => debug.body('evaluate', { expression: `opens[${n}]()` });
      await debug.attach();
      const cell = await atGate('await gate(0);\ndebugger;\nawait gate(1);\nconst a = 1;\na');
      let other = isEarlier ? await beside() : undefined;
      await open(0);
      for (const line of [2, 3]) {
        assert.deepEqual((await debug.stopped()).at, [`(cell):${line}`]);
        await debug.go('next');
      }
      if (isEarlier) await open(2).then(() => other?.done);
      else other = await beside();
      await open(1);
      await Promise.race([cell.done, kernel.until(() => debug.hasStopped, 'a stop')]);
      assert.ok(debug.hasStopped, 'the step was lost');
      assert.deepEqual((await debug.stopped()).at, ['(cell):4']);
      await debug.go('continue');
      assert.equal((await cell.done).reply.status, 'ok');
      if (!isEarlier) await open(2).then(() => other?.done);
      await kernel.request('delete_subshell_request', { subshell_id }, 'control');
    });
  }

  it('sets a breakpoint in a cell that has run, and on a line without code', async () => {
    const library = 'function half(x: number): number {\n  // a comment\n  const y = x / 2;\n  return y;\n}';
    await kernel.execute(library);
    await debug.attach();
    const { sourcePath: path } = await debug.body('dumpCell', { code: library });
    const { breakpoints } = await debug.body('setBreakpoints', { source: { path }, breakpoints: [{ line: 2 }, { line: 99 }] });
    assert.deepEqual(
      breakpoints.map(({ verified, line }: { verified: boolean; line: number }) => [verified, line]),
      [
        [true, 3],
        [false, 99],
      ],
    );
    const cell = kernel.executing('half(8)');
    assert.deepEqual((await debug.stopped()).at, ['half:3', '(cell):1']);
    assert.equal((await debug.body('source', { source: { path } })).content, library);
    await debug.body('setBreakpoints', { source: { path }, breakpoints: [] });
    await debug.go('continue');
    assert.equal((await cell.done).reply.status, 'ok');
    assert.equal((await kernel.execute('half(2)')).reply.status, 'ok');
  });

  it('stops when the code of a cell throws', async () => {
    await debug.attach();
    await debug.body('setExceptionBreakpoints', { filters: ['all'] });
    const cell = kernel.executing('const bad = 1;\nthrow new RangeError("too far")');
    const stop = await debug.stopped();
    assert.deepEqual([stop.reason, stop.text, stop.at], ['exception', 'RangeError: too far', ['(cell):2']]);
    await debug.go('continue');
    assert.equal((await cell.done).reply.ename, 'RangeError');
  });

  it('lets a stopped cell be interrupted, and the next one stop again', async () => {
    await debug.attach();
    const code = 'const first = 1;\nfor (;;) {}';
    await debug.breakAt(code, 1);
    const cell = kernel.executing(code);
    await debug.stopped();
    await kernel.interrupt();
    assert.equal((await cell.done).reply.ename, 'KeyboardInterrupt');
    const again = kernel.executing('debugger; 7');
    assert.equal((await debug.stopped()).at[0], '(cell):1');
    await debug.go('continue');
    assert.equal((await again.done).reply.status, 'ok');
  });

  it('lets the code continue when the debugger goes', async () => {
    await debug.attach();
    const cell = kernel.executing('debugger; 8');
    await debug.stopped();
    const isContinued = ({ type, content }: TestMessage) => type === 'debug_event' && content.event === 'continued';
    const before = kernel.iopub.filter(isContinued).length;
    await debug.body('disconnect');
    assert.equal((await cell.done).reply.status, 'ok');
    await kernel.until(() => kernel.iopub.filter(isContinued).length === before + 1, 'the event that says so');
    assert.equal((await kernel.execute('debugger; 9')).reply.status, 'ok');
  });

  it('refuses what cannot be, and says why', async () => {
    for (const [command, given, message] of [
      ['stackTrace', {}, /no debugger is attached; `attach` comes first/],
      ['fly', {}, /fly is not known; known are debugInfo, /],
      ['toString', {}, /toString is not known/],
      ['dumpCell', {}, /dumpCell needs a string `code`/],
    ] as const) {
      const reply = await debug.ask(command, given);
      assert.equal(reply.success, false);
      assert.match(reply.message as string, message);
    }
    await debug.attach();
    for (const [command, given, message] of [
      ['continue', {}, /the code is not stopped/],
      ['next', {}, /the code is not stopped/],
      ['scopes', { frameId: 99 }, /no frame with the number 99/],
      ['variables', { variablesReference: 9999 }, /no value with the number 9999/],
      ['setBreakpoints', { source: {} }, /needs a `source` with a string `path`/],
      ['setBreakpoints', { source: { path: '/x' }, breakpoints: [1] }, /a list of objects with a number `line`/],
      ['evaluate', { expression: 'nowhere' }, /ReferenceError: nowhere is not defined/],
      ['source', { source: { path: '/etc/passwd' } }, /no cell with the path/],
    ] as const) {
      const reply = await debug.ask(command, given);
      assert.equal(reply.success, false, command);
      assert.match(reply.message as string, message);
    }
    assert.equal((await debug.body('evaluate', { expression: '[1, "a"]' })).result, '[1, "a"]');
  });
});

describe('a kernel with a stopped cell', () => {
  it('ends when it is told to', async () => {
    kernel = await KernelClient.start();
    debug = new TestDebugger(kernel);
    await debug.body('attach');
    kernel.executing('debugger; 1').done.catch(() => {});
    await debug.stopped();
    await kernel.request('shutdown_request', { restart: false }, 'control');
    assert.deepEqual(await kernel.exited, { code: 0, signal: null });
    await kernel.kill();
  });
});
