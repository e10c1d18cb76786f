/** The debugger of the real kernel, over the wire. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import type { Content } from '../dist/wire/index.js';
import { KernelClient } from './fixtures/client.js';

interface Shown {
  readonly name: string;
  readonly value: string;
  readonly type: string;
  readonly variablesReference: number;
}

let kernel: KernelClient;
let sequence = 0;
/** How many `stopped` events were taken. */
let taken = 0;

async function ask(command: string, given: object = {}): Promise<Content> {
  const content = { type: 'request', seq: ++sequence, command, arguments: given };
  const reply = await kernel.request('debug_request', content, 'control');
  assert.equal(reply.request_seq, sequence);
  assert.equal(reply.command, command);
  return reply;
}

// biome-ignore lint/suspicious/noExplicitAny: the body of each command is different
async function body(command: string, given: object = {}): Promise<any> {
  const reply = await ask(command, given);
  assert.ok(reply.success, `${command}: ${String(reply.message)}`);
  return reply.body;
}

const stops = (): Content[] =>
  kernel.iopub.filter(({ type, content }) => type === 'debug_event' && content.event === 'stopped').map(({ content }) => content);

/** The next stop's reason, and where it is: the function and line of each frame. */
async function stopped(): Promise<{
  reason: string;
  text?: string;
  at: string[];
  frames: { id: number; source: { path: string } }[];
}> {
  await kernel.until(() => stops().length > taken, 'a stop');
  const { reason, text } = (stops()[taken++] as Content).body as { reason: string; text?: string };
  const { stackFrames: frames } = await body('stackTrace', { threadId: 1 });
  const at = frames.map((frame: { name: string; line: number }) => `${frame.name}:${frame.line}`);
  return { reason, ...(text !== undefined && { text }), at, frames };
}

async function breakAt(code: string, ...lines: number[]): Promise<string> {
  const { sourcePath: path } = await body('dumpCell', { code });
  await body('setBreakpoints', { source: { path }, breakpoints: lines.map((line) => ({ line })), sourceModified: false });
  return path;
}

async function shown(frameId: number, scope = 'Locals'): Promise<Record<string, Shown>> {
  const { scopes } = await body('scopes', { frameId });
  const found = scopes.find(({ name }: { name: string }) => name === scope);
  const { variables } = await body('variables', { variablesReference: found.variablesReference });
  return Object.fromEntries(variables.map((one: Shown) => [one.name, one]));
}

const go = (command: string): Promise<unknown> => body(command, { threadId: 1 });

describe('the debugger', () => {
  before(async () => {
    kernel = await KernelClient.start();
  });
  after(() => kernel.kill());
  afterEach(async () => {
    await ask('disconnect');
  });

  const attach = async (): Promise<void> => {
    await body('initialize', { clientID: 'test', adapterID: '' });
    await body('attach');
    await body('configurationDone');
  };

  it('is announced', async () => {
    const info = await kernel.request('kernel_info_request', {});
    assert.equal(info.debugger, true);
    assert.ok((info.supported_features as string[]).includes('debugger'));
    const { isStarted, hashMethod, stoppedThreads } = await body('debugInfo');
    assert.deepEqual([isStarted, hashMethod, stoppedThreads], [false, 'Murmur2', []]);
  });

  it("stops at the user's line, shows the variables, steps, and ends the cell", async () => {
    await kernel.execute('const earlier: number = 40');
    await attach();
    const code =
      'interface Point { x: number }\n\nfunction twice(p: Point): number {\n  const y = p.x * 2;\n  return y;\n}\nconst text = "a";\nlet sum: number = twice({ x: 3 });\nsum += earlier;\nsum';
    const path = await breakAt(code, 4);
    const cell = kernel.executing(code);
    const first = await stopped();
    assert.equal(first.reason, 'breakpoint');
    assert.deepEqual(first.at, ['twice:4', '(cell):8']);
    assert.equal(first.frames[0]?.source.path, path);
    assert.deepEqual((await body('debugInfo')).stoppedThreads, [1]);
    const { p } = await shown(first.frames[0]?.id as number);
    assert.equal(p?.value, '{ x: 3 }');
    const inside = await body('variables', { variablesReference: p?.variablesReference });
    assert.deepEqual([inside.variables[0].name, inside.variables[0].value], ['x', '3']);
    await go('next');
    const second = await stopped();
    assert.deepEqual([second.reason, second.at], ['step', ['twice:5', '(cell):8']]);
    const inFunction = second.frames[0]?.id as number;
    assert.equal((await body('evaluate', { expression: 'y + earlier', frameId: inFunction })).result, '46');
    assert.match(
      (await body('richInspectVariables', { variableName: 'p', frameId: inFunction })).data['text/plain'],
      /\{ x: 3 \}/,
    );
    await go('stepOut');
    const third = await stopped();
    assert.match(third.at.join(), /^\(cell\):[89]$/);
    const outer = await shown(third.frames[0]?.id as number);
    assert.equal(outer.text?.value, '"a"');
    assert.ok(!Object.keys(outer).some((name) => /^(__nbs|exports|require)/.test(name)), Object.keys(outer).join());
    await go('continue');
    const { reply, messages } = await cell.done;
    assert.equal(reply.status, 'ok');
    assert.deepEqual(messages.find(({ type }) => type === 'execute_result')?.content.data, { 'text/plain': '46' });
    const { variables } = await body('inspectVariables');
    assert.equal((variables as Shown[]).find(({ name }) => name === 'sum')?.value, '46');
  });

  it('stops after an await, in a loop as often as it runs, and by a condition', async () => {
    await attach();
    const code = 'let n = 0;\nfor (const i of [1, 2, 3]) {\n  await null;\n  n += i;\n}\nn';
    const { sourcePath: path } = await body('dumpCell', { code });
    await body('setBreakpoints', { source: { path }, breakpoints: [{ line: 4, condition: 'i > 1' }] });
    const cell = kernel.executing(code);
    for (const i of ['2', '3']) {
      const stop = await stopped();
      assert.deepEqual(stop.at, ['(cell):4']);
      assert.equal((await shown(stop.frames[0]?.id as number)).i?.value, i);
      await go('continue');
    }
    assert.equal((await cell.done).reply.status, 'ok');
  });

  it('steps into functions of earlier cells, over awaits, and never into the next cell', async () => {
    const library =
      'async function wait(ms: number) {\n  await new Promise((resolve) => setTimeout(resolve, ms));\n  return ms;\n}';
    await kernel.execute(library);
    await attach();
    const code = 'debugger;\nconst a = await wait(5);\nconsole.log(a)';
    const cell = kernel.executing(code);
    assert.deepEqual((await stopped()).at, ['(cell):1']);
    await go('next');
    assert.deepEqual((await stopped()).at, ['(cell):2']);
    await go('stepIn');
    assert.match((await stopped()).at[0] as string, /^wait:[12]$/);
    await go('stepOut');
    assert.match((await stopped()).at.at(-1) as string, /^\(cell\):[23]$/);
    await breakAt(library);
    for (let i = 0; i < 10; i++) {
      await go('next');
      await Promise.race([cell.done, kernel.until(() => stops().length > taken, 'a stop')]);
      if (stops().length === taken) break;
      await stopped();
    }
    assert.equal((await cell.done).text(), '5\n');
    assert.equal((await kernel.execute('1\n2')).reply.status, 'ok');
  });

  it('sets a breakpoint in a cell that has run, and on a line without code', async () => {
    const library = 'function half(x: number): number {\n  // a comment\n  const y = x / 2;\n  return y;\n}';
    await kernel.execute(library);
    await attach();
    const { sourcePath: path } = await body('dumpCell', { code: library });
    const { breakpoints } = await body('setBreakpoints', { source: { path }, breakpoints: [{ line: 2 }, { line: 99 }] });
    assert.deepEqual(
      breakpoints.map(({ verified, line }: { verified: boolean; line: number }) => [verified, line]),
      [
        [true, 3],
        [false, 99],
      ],
    );
    const cell = kernel.executing('half(8)');
    assert.deepEqual((await stopped()).at, ['half:3', '(cell):1']);
    assert.equal((await body('source', { source: { path } })).content, library);
    await body('setBreakpoints', { source: { path }, breakpoints: [] });
    await go('continue');
    assert.equal((await cell.done).reply.status, 'ok');
    assert.equal((await kernel.execute('half(2)')).reply.status, 'ok');
  });

  it('stops when the code of a cell throws', async () => {
    await attach();
    await body('setExceptionBreakpoints', { filters: ['all'] });
    const cell = kernel.executing('const bad = 1;\nthrow new RangeError("too far")');
    const stop = await stopped();
    assert.deepEqual([stop.reason, stop.text, stop.at], ['exception', 'RangeError: too far', ['(cell):2']]);
    await go('continue');
    assert.equal((await cell.done).reply.ename, 'RangeError');
  });

  it('lets a stopped cell be interrupted, and the next one stop again', async () => {
    await attach();
    const code = 'const first = 1;\nfor (;;) {}';
    await breakAt(code, 1);
    const cell = kernel.executing(code);
    await stopped();
    await kernel.interrupt();
    assert.equal((await cell.done).reply.ename, 'KeyboardInterrupt');
    const again = kernel.executing('debugger; 7');
    assert.equal((await stopped()).at[0], '(cell):1');
    await go('continue');
    assert.equal((await again.done).reply.status, 'ok');
  });

  it('lets the code continue when the debugger goes', async () => {
    await attach();
    const cell = kernel.executing('debugger; 8');
    await stopped();
    await body('disconnect');
    assert.equal((await cell.done).reply.status, 'ok');
    assert.equal((await kernel.execute('debugger; 9')).reply.status, 'ok');
  });

  it('refuses what cannot be, and says why', async () => {
    for (const [command, given, message] of [
      ['stackTrace', {}, /no debugger is attached; `attach` comes first/],
      ['fly', {}, /fly is not known; known are debugInfo, /],
      ['toString', {}, /toString is not known/],
      ['dumpCell', {}, /dumpCell needs a string `code`/],
    ] as const) {
      const reply = await ask(command, given);
      assert.equal(reply.success, false);
      assert.match(reply.message as string, message);
    }
    await attach();
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
      const reply = await ask(command, given);
      assert.equal(reply.success, false, command);
      assert.match(reply.message as string, message);
    }
    assert.equal((await body('evaluate', { expression: '[1, "a"]' })).result, '[1, "a"]');
  });
});

describe('a kernel with a stopped cell', () => {
  it('ends when it is told to', async () => {
    kernel = await KernelClient.start();
    taken = 0;
    await body('attach');
    kernel.executing('debugger; 1').done.catch(() => {});
    await stopped();
    await kernel.request('shutdown_request', { restart: false }, 'control');
    assert.deepEqual(await kernel.exited, { code: 0, signal: null });
    await kernel.kill();
  });
});
