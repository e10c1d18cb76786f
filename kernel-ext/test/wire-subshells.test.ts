import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { KernelClient } from './fixtures/client.js';

describe('subshells', () => {
  let kernel: KernelClient;
  before(async () => {
    kernel = await KernelClient.start();
    await kernel.execute(
      'let open = () => {};\nconst closed = () => new Promise<void>((resolve) => { open = resolve });\nconst print = (text: string) => console.log(text);',
    );
  });
  after(() => kernel.kill());

  const make = async (): Promise<string> => {
    const { status, subshell_id } = await kernel.request('create_subshell_request', {}, 'control');
    assert.equal(status, 'ok');
    return String(subshell_id);
  };
  const remove = (subshell_id: string) => kernel.request('delete_subshell_request', { subshell_id }, 'control');
  const begun = (id: string): Promise<void> =>
    kernel.until(() => kernel.of(id).some(({ type }) => type === 'execute_input'), 'the cell');
  const printed = (id: string, text: string): Promise<void> =>
    kernel.until(() => kernel.of(id).some(({ type, content }) => type === 'stream' && String(content.text).includes(text)), text);

  it('are announced, made, listed and deleted', async () => {
    const info = await kernel.request('kernel_info_request', {});
    assert.ok((info.supported_features as string[]).includes('kernel subshells'));
    const ids = [await make(), await make()];
    const listed = await kernel.request('list_subshell_request', {}, 'control');
    assert.deepEqual(listed, { status: 'ok', subshell_id: ids });
    for (const id of ids) assert.deepEqual(await remove(id), { status: 'ok' });
    assert.equal((await remove(ids[0] as string)).ename, 'UnknownSubshell');
  });

  it("run a cell while the notebook's awaits, count as one, and leave the kernel busy", async () => {
    const id = await make();
    const count = Number((await kernel.execute('0')).reply.execution_count);
    const running = kernel.executing('await closed();\nprint("after");\n"main"');
    await begun(running.id);
    const beside = await kernel.executing('print("beside");\n"sub"', {}, id).done;
    assert.equal(beside.text(), 'beside\n');
    assert.equal(beside.reply.execution_count, count + 2);
    const busy = (): number => kernel.of(running.id).filter(({ content }) => content.execution_state === 'busy').length;
    await kernel.until(() => busy() === 2, 'the state of the cell that still runs');
    await kernel.executing('open()', {}, id).done;
    const done = await running.done;
    assert.deepEqual([done.reply.status, done.reply.execution_count, done.text()], ['ok', count + 1, 'after\n']);
    const result = done.messages.find(({ type }) => type === 'execute_result')?.content;
    assert.deepEqual([result?.execution_count, result?.data], [count + 1, { 'text/plain': "'main'" }]);
    await remove(id);
  });

  it('answer questions about code, and comms, as the notebook does', async () => {
    const id = await make();
    const reply = await kernel.request('complete_request', { code: 'clos', cursor_pos: 4 }, 'shell', { subshell: id });
    assert.ok((reply.matches as string[]).includes('closed'));
    const info = await kernel.request('comm_info_request', {}, 'shell', { subshell: id });
    assert.equal(info.status, 'ok');
    await remove(id);
  });

  it('are named in the error if a request is for one that does not exist', async () => {
    const id = await make();
    await remove(id);
    for (const subshell of ['nobody', id]) {
      const { reply } = await kernel.executing('1', {}, subshell).done;
      assert.deepEqual([reply.status, reply.ename], ['error', 'UnknownSubshell']);
      assert.match(String(reply.evalue), new RegExp(`there is no subshell "${subshell}"`));
    }
    assert.equal((await kernel.execute('1')).reply.status, 'ok');
  });

  it("abort the cells that wait in the same one when a cell fails or the subshell is deleted, and none of another's", async () => {
    const id = await make();
    const running = kernel.executing('await closed()');
    const waiting = kernel.executing('"waited"');
    await begun(running.id);
    const failing = kernel.executing('await null; throw new Error("on purpose")', {}, id);
    const dropped = kernel.executing('1', {}, id);
    assert.equal((await failing.done).reply.ename, 'Error');
    assert.equal((await dropped.done).reply.status, 'aborted');
    const last = kernel.executing(
      'const opening = open;\nawait new Promise((resolve) => setTimeout(resolve, 50));\nopening()',
      {},
      id,
    );
    const unrun = kernel.executing('2', {}, id);
    await begun(last.id);
    assert.deepEqual(await remove(id), { status: 'ok' });
    assert.equal((await unrun.done).reply.status, 'aborted');
    assert.equal((await last.done).reply.status, 'ok');
    assert.equal((await running.done).reply.status, 'ok');
    assert.equal((await waiting.done).reply.status, 'ok');
  });

  it('have their running cell ended by an interrupt, as the notebook has: code that awaits, and code that blocks', async () => {
    const id = await make();
    for (const code of ['await new Promise(() => {})', 'print("loops");\nwhile (true) {}']) {
      const running = kernel.executing('print("awaits");\nawait new Promise(() => {})');
      await printed(running.id, 'awaits');
      const beside = kernel.executing(code, {}, id);
      await (code.startsWith('await') ? begun(beside.id) : printed(beside.id, 'loops'));
      await kernel.interrupt();
      for (const { done } of [running, beside]) assert.equal((await done).reply.ename, 'KeyboardInterrupt');
      for (const subshell of [undefined, id])
        assert.equal((await kernel.executing('1 + 1', {}, subshell).done).reply.status, 'ok');
    }
    await remove(id);
  });

  it('give what children print to the cell that still runs', async (t) => {
    const id = await make();
    const folder = mkdtempSync(join(tmpdir(), 'nbk-go-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const go = join(folder, 'go');
    const running = kernel.executing(
      `import { existsSync } from 'node:fs';\nimport { execFileSync } from 'node:child_process';\nwhile (!existsSync(${JSON.stringify(go)})) await new Promise((resolve) => setTimeout(resolve, 5));\nvoid execFileSync('echo', ['of the child'], { stdio: 'inherit' })`,
    );
    await begun(running.id);
    await kernel.executing('1', {}, id).done;
    writeFileSync(go, '');
    await running.done;
    await printed(running.id, 'of the child');
    await remove(id);
  });

  it('capture what their own cells print, also at the same time', async () => {
    const id = await make();
    const running = kernel.executing("%%capture a\nconsole.log('one');\nawait closed();\nconsole.log('two')");
    await begun(running.id);
    await kernel.executing("%%capture b\nconsole.log('three')", {}, id).done;
    const beside = await kernel.executing("console.log('shown');\nopen()", {}, id).done;
    assert.equal(beside.text(), 'shown\n');
    await running.done;
    const { messages } = await kernel.execute('a.stdout + b.stdout');
    const result = messages.find(({ type }) => type === 'execute_result')?.content.data;
    assert.deepEqual(result, { 'text/plain': "'one\\ntwo\\nthree\\n'" });
    await remove(id);
  });

  it('show or capture what their children print, while another cell captures its own', async (t) => {
    const id = await make();
    const folder = mkdtempSync(join(tmpdir(), 'nbk-captures-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const go = join(folder, 'go');
    await kernel.execute(
      `import { existsSync } from 'node:fs';\nimport { execFileSync } from 'node:child_process';\nconst child = (text: string) => void execFileSync('echo', [text], { stdio: 'inherit' });\nconst gone = async () => { while (!existsSync(${JSON.stringify(go)})) await new Promise((resolve) => setTimeout(resolve, 5)); };`,
    );
    const running = kernel.executing("%%capture a\nconsole.log('one');\nawait gone();\nchild('two')");
    await begun(running.id);
    assert.equal((await kernel.executing("child('shown')", {}, id).done).text(), 'shown\n');
    const beside = await kernel.executing("%%capture b\nchild('three')", {}, id).done;
    assert.equal(beside.text(), '');
    writeFileSync(go, '');
    assert.equal((await running.done).text(), '');
    const { messages } = await kernel.execute('a.stdout + b.stdout');
    const result = messages.find(({ type }) => type === 'execute_result')?.content.data;
    assert.deepEqual(result, { 'text/plain': "'one\\ntwo\\nthree\\n'" });
    await remove(id);
  });

  it('let an interrupt end the children of their own running cell, and none of a cell that has ended', async () => {
    const id = await make();
    const sleep = "spawn('sleep', ['60'])";
    const beside = kernel.executing(
      `import { once } from 'node:events';\nimport { spawn } from 'node:child_process';\nconst own = ${sleep};\nprint('begun');\nawait new Promise(() => {})`,
      {},
      id,
    );
    await printed(beside.id, 'begun');
    assert.equal((await kernel.execute(`const kept = ${sleep}`)).reply.status, 'ok');
    await kernel.interrupt();
    assert.equal((await beside.done).reply.ename, 'KeyboardInterrupt');
    const { messages } = await kernel.execute(
      "if (own.signalCode === null) await once(own, 'exit');\nconst signals = [own.signalCode, kept.signalCode];\nkept.kill('SIGKILL');\nsignals",
    );
    const result = messages.find(({ type }) => type === 'execute_result')?.content.data;
    assert.deepEqual(result, { 'text/plain': "[ 'SIGINT', null ]" });
    await remove(id);
  });

  it('abort a cell that waits for the end of an interrupt when the subshell is deleted', async (t) => {
    const id = await make();
    const folder = mkdtempSync(join(tmpdir(), 'nbk-held-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const caught = join(folder, 'caught');
    // The child gets the signal, and ends only by the next one, half a second later.
    const script = `trap 'touch ${caught}' INT; while true; do sleep 0.05; done`;
    const running = kernel.executing(
      `import { execFileSync } from 'node:child_process';\nprint('begun');\nexecFileSync('sh', ['-c', ${JSON.stringify(script)}], { stdio: 'ignore' })`,
    );
    await printed(running.id, 'begun');
    const interrupted = kernel.interrupt();
    while (!existsSync(caught)) await new Promise((resolve) => setTimeout(resolve, 5));
    // An interrupt may be this much earlier than the cell that it means.
    await new Promise((resolve) => setTimeout(resolve, 60));
    const held = kernel.executing("print('ran')", {}, id);
    await remove(id);
    await interrupted;
    assert.equal((await running.done).reply.ename, 'KeyboardInterrupt');
    assert.equal((await held.done).reply.status, 'aborted');
  });

  it('leave the kernel busy after other requests, as long as a cell runs', async () => {
    const running = kernel.executing('await closed()');
    await begun(running.id);
    const states = (): unknown[] =>
      kernel.iopub.filter(({ type }) => type === 'status').map((one) => one.content.execution_state);
    for (const ask of [
      () => kernel.request('list_subshell_request', {}, 'control'),
      () => kernel.request('debug_request', { type: 'request', seq: 1, command: 'debugInfo', arguments: {} }, 'control'),
      () => kernel.executing('1', {}, 'nobody').done,
    ]) {
      const before = states().length;
      await ask();
      await kernel.until(() => states().length >= before + 3, 'the state of the cell that still runs');
      assert.deepEqual(states().slice(before), ['busy', 'idle', 'busy']);
    }
    const [id, other] = [await make(), await make()];
    const beside = kernel.executing('const first = open;\nawait closed();\nfirst()', {}, id);
    const waiting = kernel.executing('1', {}, id);
    await begun(beside.id);
    const before = states().length;
    await remove(id);
    assert.equal((await waiting.done).reply.status, 'aborted');
    await kernel.until(() => states().length >= before + 6, 'the state of the cells that still run');
    assert.equal(states().at(-1), 'busy');
    await kernel.executing('open()', {}, other).done;
    await running.done;
    await remove(other);
  });

  it('send messages of comms in the name of their own cells', async () => {
    const id = await make();
    const running = kernel.executing('await closed()');
    await begun(running.id);
    const beside = await kernel.executing("comms.open('beside');\nopen()", {}, id).done;
    await running.done;
    const opened = kernel.iopub.find(({ type, content }) => type === 'comm_open' && content.target_name === 'beside');
    assert.equal(opened?.parentId, beside.id);
    await remove(id);
  });

  it('ask the user, and wait for no question of the notebook', async () => {
    const id = await make();
    kernel.onInput = () => undefined;
    const running = kernel.executing('await closed();\nawait prompt("first?")');
    await begun(running.id);
    kernel.onInput = (text) => (text === 'second?' ? 'two' : undefined);
    const beside = await kernel.executing('await prompt("second?")', {}, id).done;
    assert.deepEqual(beside.messages.find(({ type }) => type === 'execute_result')?.content.data, { 'text/plain': "'two'" });
    await kernel.interrupt();
    await running.done;
    await remove(id);
  });
});
