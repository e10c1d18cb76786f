import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { TestNotebook } from './session-harness.js';

const PNG = '[0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1]';

describe('output of cells', () => {
  const notebook = new TestNotebook();
  after(() => notebook.close());

  it('sends prints to the cell that started them, also when it has ended', async () => {
    const first = await notebook.run(
      'let open = () => {}; const gate = new Promise<void>((resolve) => { open = resolve });\nvoid gate.then(() => { console.log("late"); process.stderr.write("err") });\nconsole.log("early")',
    );
    assert.equal(first.outcome.status, 'ok', JSON.stringify(first.outcome));
    const second = await notebook.run('open(); await new Promise((r) => setTimeout(r, 1)); console.log("second")');
    assert.equal(first.text(), 'early\nlate\nerr');
    assert.equal(second.text(), 'second\n');
  });

  it('hides the value of an expression that ends with a semicolon, and shows a promise without the kernel’s own property', async () => {
    for (const code of ['1 + 1; // done', '1 + 1; /* x */', '1 + 1 /* x */ ;\n// a;b', '%time 1 + 1; // done'])
      assert.equal(await notebook.value(code), '', code);
    for (const code of ['1 + 1', '1 + 1\n// plot(rows);', '1 + 1 /* ; */', '%time 1 + 1 // a;', "'; // a;'.length - 5"])
      assert.equal(await notebook.value(code), '2', code);
    assert.equal(await notebook.value(`const rows = 5;\n${'/'.repeat(60)}\nrows`), '5');
    assert.equal(await notebook.value('Promise.resolve(1)'), 'Promise — await it for its value');
  });

  it('shows results', async () => {
    const result = async (code: string) => {
      const { outcome } = await notebook.run(code);
      assert.ok(outcome.status === 'ok', JSON.stringify(outcome));
      return outcome.result?.data;
    };
    assert.equal(await result('undefined'), undefined);
    assert.deepEqual(await result('null'), { 'text/plain': 'null' });
    assert.deepEqual(await result('"a text"'), { 'text/plain': "'a text'" });
    assert.equal(await result('"a text"; // no result'), undefined);
    assert.deepEqual(await result('({ toHtml() { return "<b>x</b>" } })').then((data) => data?.['text/html']), '<b>x</b>');
    assert.deepEqual(await result('({ [Symbol.for("Jupyter.display")]() { return { "text/plain": "own" } } })'), {
      'text/plain': 'own',
    });
    assert.equal(typeof (await result(`new Uint8Array(${PNG})`))?.['image/png'], 'string');
    const spec = await result('({ $schema: "https://vega.github.io/schema/vega-lite/v5.json", mark: "bar" })');
    assert.deepEqual(spec?.['application/vnd.vegalite.v5+json'], {
      $schema: 'https://vega.github.io/schema/vega-lite/v5.json',
      mark: 'bar',
    });
    assert.match(String((await result('[{ a: 1 }, { a: "<" }]'))?.['text/html']), /<td>&lt;<\/td>/);
    assert.match(String((await result('new Error("shown")'))?.['text/plain']), /^Error: shown[\s\S]*cell\[\d+\]\.ts:1:1$/);
    const all = "new AggregateError([new Error('one')], 'all failed', { cause: new Error('root') })";
    for (const shown of [all, `[${all}]`]) {
      const { displays } = await notebook.run(`await display(${shown}); undefined`);
      const text = String(displays[0]?.bundle.data['text/plain']);
      for (const part of [/all failed/, /cause\]: Error: root\n/, /Error: one\n/, /at cell\[\d+\]\.ts:1:\d+/])
        assert.match(text, part);
    }
    assert.ok(String((await result('"x".repeat(100_000)'))?.['text/plain']).length < 25_000);
  });

  it('shows a display once, at the place of its call', async () => {
    for (const last of ['json({ a: 1 })', 'html("<b>")', 'vega({})', 'markdown("x").update(1)'])
      assert.equal(await notebook.value(`display.${last}`), '', last);
    assert.equal(await notebook.value('display([1])'), '');
    assert.equal(await notebook.value('await display([1])'), '');
    const order: string[] = [];
    await notebook.session.execute(
      'console.log(1); display([2]); console.log(3); display({ toHtml: () => "4" }); console.log(5)',
      {
        executionCount: 900,
        silent: false,
        output: {
          stream: (_name, text) => order.push(text.trim()),
          display: ({ data }) => order.push(String(data['text/html'] ?? data['text/plain'])),
          clear: () => {},
        },
      },
    );
    assert.deepEqual(order, ['1', '[ 2 ]', '3', '4', '5']);
    const later = await notebook.run('await display({ toHtml: async () => "<p>late</p>" })');
    assert.equal(later.displays[0]?.bundle.data['text/html'], '<p>late</p>');
  });

  it('displays and updates in place', async () => {
    const { displays, outcome } = await notebook.run(
      `const h = display.html("<i>1</i>"); await h.update("two"); display.image(new Uint8Array(${PNG}), { width: 20 }); await display([{ a: 1 }, { a: 2 }])\nundefined`,
    );
    assert.equal(outcome.status, 'ok', JSON.stringify(outcome));
    assert.deepEqual(
      displays.map(({ bundle }) => Object.keys(bundle.data).sort().join()),
      ['text/html,text/plain', 'text/plain', 'image/png,text/plain', 'text/html,text/plain'],
    );
    assert.equal(displays[0]?.displayId, displays[1]?.displayId);
    assert.equal(displays[1]?.update, true);
    assert.deepEqual(displays[2]?.bundle.metadata, { 'image/png': { width: 20 } });
    assert.match(await notebook.failure('display.image(new Uint8Array(3))'), /NBS_NOT_AN_IMAGE/);
  });

  it('prints 5,000 lines completely', async () => {
    const { text } = await notebook.run('for (let i = 0; i < 5000; i++) console.log(i)');
    assert.equal(text().split('\n').length, 5001);
  });

  it('prints errors that no code catches in their cell, and continues', async () => {
    // In a process of its own, because the test runner would report such errors as its own.
    const child = spawn(process.execPath, [fileURLToPath(new URL('./session-stray-main.js', import.meta.url))], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += String(chunk);
    });
    assert.deepEqual(await once(child, 'close'), [0, null], text);
    const outputs = JSON.parse(text) as string[];
    assert.match(outputs[0] ?? '', /^Unhandled promise rejection: Error: rejected\n[\s\S]*at cell\[1\]\.ts:1:\d+\n$/);
    assert.match(outputs[1] ?? '', /^Uncaught exception: Error: in a timer\n[\s\S]*cell\[2\]\.ts:1:\d+\)?\n$/);
    assert.match(outputs[2] ?? '', /^Uncaught exception: Error: query failed\n/);
    assert.match(outputs.slice(3).join(''), /^Uncaught exception: Thrown: <Revoked Proxy>\n/m);
    assert.match(outputs.at(-1) ?? '', /^alive\n/m);
  });
});
