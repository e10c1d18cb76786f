import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { TestNotebook } from './session-harness.js';

/** A notebook whose cell `await closed()` goes on when another one calls `open()`. */
async function gated(t: TestContext): Promise<TestNotebook> {
  const notebook = new TestNotebook();
  t.after(() => notebook.close());
  await notebook.value(
    'let open = () => {};\nconst closed = () => new Promise<void>((resolve) => { open = resolve });\nconst fails = async () => { await closed(); throw new Error("on purpose") };',
  );
  return notebook;
}

describe('a cell of a subshell', () => {
  it("runs while the notebook's cell awaits, and shares its names", async (t) => {
    const notebook = await gated(t);
    await notebook.value('let seen = 0;');
    const running = notebook.run('console.log("before");\nawait closed();\nconsole.log("after");\nseen + 1');
    const beside = await notebook.run("console.log('beside');\nseen = 41;\nopen();\n'told'", 'a');
    assert.deepEqual(
      [beside.outcome, beside.text()],
      [{ status: 'ok', result: { data: { 'text/plain': "'told'" }, metadata: {} } }, 'beside\n'],
    );
    const { outcome, text } = await running;
    assert.equal(outcome.status === 'ok' && outcome.result?.data['text/plain'], '42');
    assert.equal(text(), 'before\nafter\n');
  });

  it('runs after the earlier cells of its own subshell, and beside those of another', async (t) => {
    const notebook = await gated(t);
    const order: string[] = [];
    const noted = (name: string, run: Promise<unknown>): Promise<unknown> => run.then(() => order.push(name));
    const first = noted('first', notebook.run('await closed()', 'a'));
    const second = noted('second', notebook.run('1', 'a'));
    await noted('other', notebook.run('1', 'b'));
    await notebook.value('open()');
    await Promise.all([first, second]);
    assert.deepEqual(order, ['other', 'first', 'second']);
  });

  it('sees what the running cell has declared by now, and says if that has no value yet', async (t) => {
    const notebook = await gated(t);
    const running = notebook.run('const reached = 1;\nawait closed();\nconst behind = 2;');
    assert.equal(await notebook.value('reached', 'a'), '1');
    assert.match(await notebook.failure('behind', 'a'), /ReferenceError: Cannot access 'behind' before initialization/);
    await notebook.value('open()', 'a');
    await running;
    assert.equal(await notebook.value('behind', 'a'), '2');
  });

  it('leaves its names, with their types, to the notebook, and gets those of the notebook', async (t) => {
    const notebook = await gated(t);
    const running = notebook.run('await closed();\nconst late = 1;');
    await notebook.value("const mine = 'text';\nclass Mine { n = 2 }", 'a');
    await notebook.value('open()', 'a');
    await running;
    assert.equal(await notebook.value('mine.length + late + new Mine().n'), '7');
    assert.equal(await notebook.value('late', 'a'), '1');
    assert.match(await notebook.failure('mine.toFixed()'), /TS2339|TS2551/);
    assert.match(await notebook.failure('late.length', 'a'), /TS2339/);
  });

  it('keeps a name that both declare if it began later', async (t) => {
    const notebook = await gated(t);
    const running = notebook.run('await closed();\nconst name = 1;\nname + 1');
    await notebook.value("const name = 'later';", 'a');
    await notebook.value('open()', 'a');
    const { outcome } = await running;
    assert.equal(outcome.status === 'ok' && outcome.result?.data['text/plain'], '2');
    for (const subshell of ['', 'a']) assert.equal(await notebook.value('name.toUpperCase()', subshell), "'LATER'");
  });

  it('keeps its names if the cell beside it fails, whose own stay what they were', async (t) => {
    const notebook = await gated(t);
    await notebook.value("const old = 'old';");
    const running = notebook.run('const old = await fails();\nconst lost = 1;');
    // Many, so that the modules of earlier cells are used again.
    for (let i = 0; i < 80; i += 1) await notebook.value(`const kept = 'kept ${i}';`, 'a');
    await notebook.value('open()', 'a');
    assert.equal((await running).outcome.status, 'error');
    for (const subshell of ['', 'a']) {
      assert.equal(await notebook.value('old.toUpperCase() + kept', subshell), "'OLDkept 79'");
      assert.match(await notebook.failure('lost', subshell), /TS2304|TS2552/);
      assert.match(await notebook.failure('old.toFixed()', subshell), /TS2339|TS2551/);
    }
  });

  it('is interrupted alone', async (t) => {
    const notebook = await gated(t);
    const running = notebook.run("await closed();\n'done'");
    const beside = notebook.run('await new Promise(() => {})', 'a');
    await notebook.value('1', 'b');
    notebook.session.interrupt('a');
    const { outcome } = await beside;
    assert.equal(outcome.status === 'error' && outcome.ename, 'KeyboardInterrupt');
    await notebook.value('open()', 'a');
    assert.equal((await running).outcome.status, 'ok');
  });

  it('runs files and magics of its own, and resets nothing while another cell runs', async (t) => {
    const notebook = await gated(t);
    await notebook.file('part.ts', 'const part = await Promise.resolve(7);\nconsole.log(part);');
    const running = notebook.run('%run part.ts\nawait closed();\npart');
    const beside = await notebook.run('%run part.ts\npart + 1', 'a');
    assert.equal(beside.text(), '7\n');
    assert.equal(beside.outcome.status === 'ok' && beside.outcome.result?.data['text/plain'], '8');
    assert.match(await notebook.failure('%reset -f', 'a'), /./);
    await notebook.value('open()', 'a');
    const { outcome } = await running;
    assert.equal(outcome.status === 'ok' && outcome.result?.data['text/plain'], '7');
  });
});
