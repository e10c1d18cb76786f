import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type CellRun, KernelClient } from './fixtures/client.js';

const IMPORTS =
  "import readline from 'node:readline'; import promises from 'node:readline/promises'; const lines: string[] = [];";

const RL = 'const rl = readline.createInterface({ input: process.stdin, output: process.stdout, prompt: "" });';

/** Cells that read lines until they have two, or the input ends. */
const READERS: Readonly<Record<string, string>> = {
  'process.stdin, iterated':
    'for await (const chunk of process.stdin) { lines.push(String(chunk).trim()); if (lines.length === 2) break; }',
  'stdin of node:process, iterated':
    'import { stdin } from "node:process"; for await (const chunk of stdin) { lines.push(String(chunk).trim()); if (lines.length === 2) break; }',
  "process.stdin.on('data')":
    "process.stdin.setEncoding('utf8').on('data', (chunk) => { lines.push(String(chunk).trim()); if (lines.length === 2) process.stdin.destroy(); })",
  "process.stdin.on('readable')":
    "const input = process.stdin; input.on('readable', () => { for (let chunk; (chunk = input.read()) !== null; ) { lines.push(String(chunk).trim()); if (lines.length === 2) input.destroy(); } })",
  "rl.on('line')": `${RL} rl.on('line', (line) => { lines.push(line); if (lines.length === 2) rl.close(); })`,
  "rl.on('line') with rl.prompt()": `${RL} rl.on('line', (line) => { lines.push(line); if (lines.length === 2) rl.close(); else rl.prompt(); }); rl.prompt();`,
  "rl.on('line'), awaited": `${RL} rl.on('line', (line) => { lines.push(line); if (lines.length === 2) rl.close(); }); await new Promise((resolve) => rl.on('close', resolve));`,
  'for await of rl': `${RL} for await (const line of rl) { lines.push(line); if (lines.length === 2) break; }`,
  'for await of rl of readline/promises':
    'const rl = promises.createInterface({ input: process.stdin }); for await (const line of rl) { lines.push(line); if (lines.length === 2) break; }',
  'rl.question() with a callback, not awaited': `${RL} rl.question('', (a) => { lines.push(a); rl.question('', (b) => { lines.push(b); rl.close(); }); })`,
};

/** Names are the reader's own, unless it has an import. */
const cellOf = (code: string): string => (code.startsWith('import') ? code : `{ ${code} }`);

describe('standard input of a notebook', () => {
  let kernel: KernelClient;
  let asked: string[] = [];
  before(async () => {
    kernel = await KernelClient.start();
    await kernel.execute(IMPORTS);
  });
  after(() => kernel.kill());
  beforeEach(async () => {
    asked = [];
    await kernel.execute('lines.length = 0');
  });

  /** Answers the questions one after the other; those that come afterwards have no answer. */
  const answers = (...values: string[]): void => {
    kernel.onInput = (prompt) => {
      asked.push(prompt);
      return values[asked.length - 1];
    };
  };
  const shown = async (code: string): Promise<unknown> => {
    const { messages } = await kernel.execute(code);
    const result = messages.find(({ type }) => type === 'execute_result');
    return (result?.content.data as Record<string, unknown> | undefined)?.['text/plain'];
  };
  const ran = (run: CellRun): void => assert.equal(run.reply.status, 'ok', JSON.stringify(run.reply));

  it('does not show a password while it is typed', async () => {
    const hidden: boolean[] = [];
    kernel.onInput = (_prompt, password) => {
      hidden.push(password);
      return 'typed';
    };
    const { reply } = await kernel.execute(
      "[await input('a', { password: true }), await prompt('b', { password: false }), await input()]",
    );
    assert.equal(reply.status, 'ok');
    assert.deepEqual(hidden, [true, false, false]);
  });

  for (const [name, code] of Object.entries(READERS)) {
    it(`asks the person, a line each time: ${name}`, async () => {
      answers('one', 'two');
      ran(await kernel.execute(cellOf(code)));
      assert.equal(await shown('lines.join()'), "'one,two'");
      assert.deepEqual(asked, ['', '']);
    });

    it(`ends an interrupted wait, and reads again: ${name}`, async () => {
      answers('one');
      const cell = kernel.executing(cellOf(code));
      while (asked.length < 2) await sleep(10);
      await kernel.interrupt();
      assert.equal((await cell.done).reply.ename, 'KeyboardInterrupt');
      asked = [];
      answers('three');
      assert.equal(await shown('lines[0] + (await prompt("?"))'), "'onethree'");
    });
  }

  for (const [name, code] of Object.entries(READERS)) {
    if (name.includes('question')) continue;
    it(`is at its end where nobody can be asked: ${name}`, async () => {
      ran(await kernel.execute(cellOf(code), { allow_stdin: false }));
      assert.equal(await shown('lines.length'), '0');
    });

    it(`is at its end when the person says so: ${name}`, async () => {
      answers('one', '\x04');
      ran(await kernel.execute(cellOf(code)));
      assert.equal(await shown('lines.join()'), "'one'");
    });
  }

  it('says with a code that nobody can be asked a question', async () => {
    for (const code of [
      'await promises.createInterface({ input: process.stdin }).question("name? ")',
      'await new Promise((resolve) => readline.createInterface({ input: process.stdin }).question("name? ", resolve))',
      'await prompt("name? ")',
    ]) {
      const { reply } = await kernel.execute(code, { allow_stdin: false });
      assert.match(`${reply.ename} ${reply.evalue} ${reply.traceback}`, /NBS_NO_INPUT/, code);
    }
  });

  it('asks nothing for an interface that nobody listens to, and asks once somebody does', async () => {
    answers('late');
    ran(await kernel.execute('const idle = readline.createInterface({ input: process.stdin }); process.stdin.resume();'));
    assert.deepEqual(asked, []);
    ran(
      await kernel.execute(
        'await new Promise((resolve) => idle.once("line", (line) => resolve(lines.push(line)))); idle.close();',
      ),
    );
    assert.equal(await shown('lines.join()'), "'late'");
  });

  it('is read again after an interrupt by whoever has it under a name of its own', async () => {
    const code =
      'const own = readline.createInterface({ input: kept }); own.on("line", (line) => { lines.push(line); own.close(); })';
    answers();
    const cell = kernel.executing(`const kept = process.stdin; ${code}`);
    while (asked.length < 1) await sleep(10);
    await kernel.interrupt();
    assert.equal((await cell.done).reply.ename, 'KeyboardInterrupt');
    asked = [];
    answers('again');
    ran(await kernel.execute(code));
    assert.equal(await shown('lines.join()'), "'again'");
  });

  it('takes back a question that code gives up, and asks the next', async () => {
    answers();
    ran(
      await kernel.execute(
        'const given = readline.createInterface({ input: process.stdin }); given.on("line", () => {}); setTimeout(() => given.close(), 50);',
      ),
    );
    assert.deepEqual(asked, ['']);
    ran(
      await kernel.execute(
        'await promises.createInterface({ input: process.stdin }).question("a? ", { signal: AbortSignal.timeout(50) }).catch(() => {})',
      ),
    );
    asked = [];
    answers('yes');
    assert.equal(await shown('await prompt("b? ")'), "'yes'");
  });

  it('does not take the late answer to a question that was taken back for one to the next', async () => {
    let first = '';
    kernel.onInput = (prompt, _password, headerJson) => {
      if (prompt === 'a? ') first = headerJson;
      else kernel.send('input_reply', { value: 'for a' }, 'stdin', { parent: first });
      return prompt === 'a? ' ? undefined : 'for b';
    };
    const code = `{ const rl = promises.createInterface({ input: process.stdin });
await rl.question("a? ", { signal: AbortSignal.timeout(50) }).catch(() => {}); lines.push(await rl.question("b? ")); rl.close(); }`;
    ran(await kernel.execute(code));
    assert.equal(await shown('lines.join()'), "'for b'");
  });

  it('takes an answer whose parent is the question, or the cell, as some front ends write it', async () => {
    kernel.onInput = (prompt, _password, headerJson) => {
      const parent = prompt === 'a? ' ? headerJson : JSON.stringify({ msg_id: 'cell', msg_type: 'execute_request' });
      kernel.send('input_reply', { value: `for ${prompt}` }, 'stdin', { parent });
      return undefined;
    };
    assert.equal(await shown('(await prompt("a? ")) + (await prompt("b? "))'), "'for a? for b? '");
  });
});
