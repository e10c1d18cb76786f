import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type CellRun, KernelClient, STUB_KERNEL } from './fixtures/client.js';

/** The data of the n-th iopub message. */
const data = (run: CellRun, at: number): unknown => run.messages[at]?.content.data;
const types = (run: CellRun): string[] =>
  run.messages.map(({ type, content }) => (type === 'status' ? String(content.execution_state) : type));

for (const transport of ['tcp', 'ipc'] as const) {
  describe(`a kernel over ${transport}`, () => {
    let kernel: KernelClient;
    before(async () => {
      kernel = await KernelClient.start({ entry: STUB_KERNEL, transport });
    });
    after(() => kernel.kill());

    it('answers kernel_info, on shell and on control', async () => {
      for (const channel of ['shell', 'control'] as const) {
        const info = await kernel.request('kernel_info_request', {}, channel);
        assert.equal(info.status, 'ok');
        assert.equal(info.protocol_version, '5.4');
        assert.equal((info.language_info as { name: string }).name, 'typescript');
      }
    });

    it('runs a cell from busy to idle', async () => {
      const run = await kernel.execute('1 + 1');
      assert.equal(run.reply.status, 'ok');
      assert.deepEqual(types(run), ['busy', 'execute_input', 'execute_result', 'idle']);
      assert.deepEqual(data(run, 2), { 'text/plain': '2' });
    });

    it('loses no print, and idle comes last', async () => {
      for (const count of [5_000, 100_000]) {
        const run = await kernel.execute(`for (let i = 0; i < ${count}; i++) console.log(i)`);
        const expected = Array.from({ length: count }, (_, i) => `${i}\n`).join('');
        assert.ok(run.text() === expected, `${count} prints arrive in order`);
        assert.equal(types(run).at(-1), 'idle');
      }
    });

    it('loses no message if thousands are sent in one turn', async () => {
      const run = await kernel.execute('for (let i = 0; i < 3000; i++) display({ "text/plain": String(i) })');
      const shown = run.messages.filter(({ type }) => type === 'display_data').map(({ content }) => content.data);
      assert.deepEqual(
        shown,
        Array.from({ length: 3000 }, (_, i) => ({ 'text/plain': String(i) })),
      );
    });

    it('cuts a huge string into messages that join to it, also between surrogates', async () => {
      const run = await kernel.execute('console.log("a" + "\\u{1F600}".repeat(1_000_000))');
      assert.ok(run.text() === `a${'\u{1F600}'.repeat(1_000_000)}\n`);
      assert.ok(run.messages.length > 4);
    });
  });
}

describe('cells', () => {
  let kernel: KernelClient;
  before(async () => {
    kernel = await KernelClient.start({ entry: STUB_KERNEL });
  });
  after(() => kernel.kill());

  it('joins the prints of one turn, and keeps the order of the two streams', async () => {
    const run = await kernel.execute('console.log(1); console.log(2); console.error(3); console.log(4)');
    const streams = run.messages.filter(({ type }) => type === 'stream').map(({ content }) => [content.name, content.text]);
    assert.deepEqual(streams, [
      ['stdout', '1\n2\n'],
      ['stderr', '3\n'],
      ['stdout', '4\n'],
    ]);
  });

  it('shows prints while the code then blocks the thread', async () => {
    const { id, done } = kernel.executing(
      'console.log("begun"); globalThis.go = false; const end = Date.now() + 1500; while (Date.now() < end);',
    );
    await kernel.until(() => kernel.of(id).some(({ type }) => type === 'stream'), 'the print');
    assert.ok(!kernel.of(id).some(({ content }) => content.execution_state === 'idle'), 'the cell still runs');
    await done;
  });

  it('gives output that comes after idle to the cell that started it', async () => {
    const first = await kernel.execute('setTimeout(() => { console.log("late"); display({ "text/plain": "x" }) }, 100); 1');
    const second = await kernel.execute('2');
    await kernel.until(() => kernel.of(first.id).some(({ type }) => type === 'display_data'), 'the late output');
    assert.deepEqual(
      kernel
        .of(first.id)
        .slice(-2)
        .map(({ type }) => type),
      ['stream', 'display_data'],
    );
    assert.deepEqual(types({ ...second, messages: kernel.of(second.id) }), ['busy', 'execute_input', 'execute_result', 'idle']);
  });

  it('shows, updates and clears displays', async () => {
    const run = await kernel.execute(
      'display({ "text/html": "<b>" }, { displayId: "d" }); display({ "text/html": "<i>" }, { displayId: "d", update: true }); clearOutput(true)',
    );
    assert.deepEqual(types(run), ['busy', 'execute_input', 'display_data', 'update_display_data', 'clear_output', 'idle']);
    assert.deepEqual(run.messages[2]?.content.transient, { display_id: 'd' });
    assert.deepEqual(run.messages[4]?.content, { wait: true });
  });

  it('drops the cells that waited when a cell failed, and runs one that is sent later', async () => {
    const failing = kernel.executing('await null; throw new TypeError("boom")');
    const queued = [kernel.executing('1'), kernel.executing('2')];
    const failed = await failing.done;
    assert.equal(failed.reply.status, 'error');
    assert.equal(failed.reply.ename, 'TypeError');
    assert.deepEqual(types(failed), ['busy', 'execute_input', 'error', 'idle']);
    const fresh = kernel.executing('3');
    for (const { done } of queued) assert.equal((await done).reply.status, 'aborted');
    assert.equal((await fresh.done).reply.status, 'ok');
  });

  it('runs the cells that wait after a failed one if stop_on_error is false', async () => {
    const failing = kernel.executing('throw new Error("boom")', { stop_on_error: false });
    const queued = kernel.executing('1');
    assert.equal((await failing.done).reply.status, 'error');
    assert.equal((await queued.done).reply.status, 'ok');
  });

  it('counts only cells that are stored in the history', async () => {
    const count = (await kernel.execute('1')).reply.execution_count as number;
    const silent = await kernel.execute('2', { silent: true });
    assert.deepEqual(types(silent), ['busy', 'idle']);
    assert.equal(silent.reply.execution_count, count);
    assert.equal((await kernel.execute('3', { store_history: false })).reply.execution_count, count);
    assert.equal((await kernel.execute(' \n')).reply.execution_count, count);
    assert.equal((await kernel.execute('4')).reply.execution_count, count + 1);
    const tail = await kernel.request('history_request', { hist_access_type: 'tail', n: 2, output: true, raw: true });
    assert.deepEqual(tail.history, [
      [1, count, ['1', '1']],
      [1, count + 1, ['4', '4']],
    ]);
  });

  it('evaluates user_expressions', async () => {
    const { reply } = await kernel.execute('globalThis.u = 5', { user_expressions: { good: 'u + 1', bad: 'nowhere' } });
    const values = reply.user_expressions as Record<string, { status: string; data?: unknown; ename?: string }>;
    assert.deepEqual(values.good, { status: 'ok', data: { 'text/plain': '6' }, metadata: {} });
    assert.equal(values.bad?.ename, 'ReferenceError');
  });

  it('asks for input, unless the client forbids it', async () => {
    kernel.onInput = (prompt, password) => `${prompt}:${password}`;
    const run = await kernel.execute('return await input("name?", true)');
    assert.deepEqual(data(run, 2), { 'text/plain': "'name?:true'" });
    const none = await kernel.execute('return await input("name?")', { allow_stdin: false });
    assert.deepEqual(data(none, 2), { 'text/plain': "'no stdin'" });
  });

  it('completes, inspects and checks code while a cell awaits, with cursors in code points', async () => {
    const cell = kernel.executing('await new Promise((resolve) => { globalThis.finish = resolve })');
    await kernel.until(() => kernel.of(cell.id).length === 2, 'the cell');
    const completion = await kernel.request('complete_request', { code: '\u{1F600}ab', cursor_pos: 2 });
    assert.deepEqual(completion.matches, ['\u{1F600}a']);
    assert.equal(completion.cursor_end, 2);
    const inspection = await kernel.request('inspect_request', { code: 'x', cursor_pos: 1, detail_level: 0 });
    assert.equal(inspection.found, true);
    assert.deepEqual(await kernel.request('is_complete_request', { code: 'if {' }), { status: 'incomplete', indent: '  ' });
    const states = kernel.of(cell.id).map(({ content }) => content.execution_state);
    assert.equal(states.at(-1), 'busy', 'the cell that runs is still shown as busy');
    await kernel.interrupt();
    await cell.done;
  });

  it('answers comm messages, and refuses unknown ones', async () => {
    assert.deepEqual(await kernel.request('comm_info_request', {}), { status: 'ok', comms: {} });
    const id = kernel.send('comm_open', { comm_id: 'c', target_name: 't', data: {} });
    await kernel.until(() => kernel.of(id).some(({ type }) => type === 'comm_close'), 'comm_close');
    kernel.send('comm_msg', { comm_id: 'c', data: {} });
    // The debugger is asked on the control channel.
    assert.equal((await kernel.request('debug_request', {})).ename, 'UnknownRequest');
    assert.equal((await kernel.request('no_such_request', {}, 'control')).ename, 'UnknownRequest');
    assert.equal((await kernel.request('execute_request', {})).ename, 'BadRequest');
  });
});
