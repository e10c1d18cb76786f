/** The debugger's panel of the real JupyterLab, in a browser. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Page } from './fixtures/chromium.js';
import { command, kernelIs, Lab, missing, notebook, outputOf, query, textOf } from './fixtures/lab.js';

const CELLS = [
  'const first = 20;\nconst second = first + 1;\nconst third = second * 2;\nconsole.log("the sum is", third);',
  'const rows = [{ name: "Ada", born: 1815 }, { name: "Alan", born: 1912 }];\nfunction twice(n: number) {\n  const result = n * 2;\n  return result;\n}\ntwice(rows.length)',
  'try {\n  JSON.parse("{");\n} catch {\n  console.log("caught");\n}\nthrow new Error("nobody catches this");',
  'const before = 1;\nconst later = 2;\nconsole.log("not reached");',
  'class Greeter {\n  greet(name: string) {\n    const text = "hello " + name;\n    return text;\n  }\n}\nconst greeter = await serve.run(serve.deployment(Greeter).bind(), { name: "greeter", routePrefix: null });\nconsole.log("it runs");',
  'await greeter.greet.remote("Ada")',
];

/** The gutter of breakpoints beside a line. The first element of a gutter is hidden. @param line from 1 */
const gutter = (number: number, line: number): string =>
  `[...document.querySelectorAll('.jp-CodeCell')[${number - 1}].querySelectorAll('.cm-breakpoint-gutter .cm-gutterElement')].filter((one) => one.style.visibility !== 'hidden')[${line - 1}]`;
const variables = textOf(query('.jp-DebuggerVariables'));
const frames = textOf(query('.jp-DebuggerCallstack-body'));
const overlay = query('.jp-DebuggerPausedOverlay');

describe('the debugger in JupyterLab', { skip: missing }, () => {
  let lab: Lab;
  let page: Page;

  before(async () => {
    lab = await Lab.start();
    page = lab.page;
    await lab.show('debug.ipynb', notebook(CELLS));
    // The button does nothing until JupyterLab knows that the kernel has a debugger.
    await page.until(`${query('.jp-DebuggerBugButton')}?.getAttribute('aria-disabled') === 'false'`);
    // If it is clicked while JupyterLab still asks about that, the debugger is half on, and is switched off and on as a user does.
    const isOn = `${gutter(1, 1)} !== undefined && ${textOf(query('#jp-debugger-sidebar'))}.includes('DEBUG.IPYNB')`;
    do await page.click(query('.jp-DebuggerBugButton'));
    while (!(await page.becomes(isOn, 100)));
  });
  after(() => lab?.close());

  const breakAt = async (number: number, line: number): Promise<void> => {
    await page.click(gutter(number, line));
    await page.until(`${gutter(number, line)}?.querySelector('svg') != null`);
  };
  const continues = async (): Promise<void> => {
    await page.click(command('debugger:continue'));
    await page.until(`${kernelIs('idle')} && ${overlay} === null`);
  };

  it('stops at a breakpoint that was set by a click, shows values, steps and continues', async () => {
    await breakAt(1, 2);
    await lab.run(1);
    await page.until(`${frames}.includes('(cell)') && ${overlay} !== null`);
    await page.until(`/first\\n20\\nsecond\\nundefined/.test(${variables})`);
    await page.click(command('debugger:next'));
    await page.until(`/second\\n21\\nthird\\nundefined/.test(${variables})`);
    await lab.picture('step');
    assert.equal(await page.evaluate(outputOf(1)), '');
    await continues();
    await page.until(`${outputOf(1)}.includes('the sum is 42')`);
  });

  it('shows the frames of a function, a table as a table, and steps out', async () => {
    await breakAt(2, 3);
    await lab.run(2);
    await page.until(`/twice[^]*\\(cell\\)/.test(${frames})`);
    await page.until(`/n\\n2\\nresult\\nundefined\\nrows\\n\\[/.test(${variables})`);
    const row = `[...document.querySelectorAll('.jp-DebuggerVariables jp-tree-item')].find((one) => one.innerText.startsWith('rows'))`;
    await page.hover(row);
    await page.click(`${row}.querySelector('.jp-DebuggerVariables-renderVariable')`);
    await page.until(`${textOf(query('.jp-DebuggerRichVariable table'))}.includes('1912')`);
    await lab.picture('table');
    await page.click(command('debugger:stepOut'));
    await page.until(`!${frames}.includes('twice') && ${frames}.includes('(cell)')`);
    await continues();
    await page.until(`/\\n?4\\s*$/.test(${outputOf(2)})`);
  });

  const filter = async (name: string): Promise<void> => {
    await page.click(query('jp-button.jp-PauseOnExceptions'));
    await page.click(`[...document.querySelectorAll('.lm-Menu-item')].find((one) => one.innerText.trim() === '${name}')`);
    await page.until(`document.querySelector('.lm-Menu') === null`);
  };

  it('stops at exceptions: at those that nobody catches, or at all', async () => {
    await filter('uncaught');
    await lab.run(3);
    await page.until(`${frames}.includes('.ts:6')`);
    await page.until(`${outputOf(3)}.includes('caught')`);
    await lab.picture('uncaught');
    await continues();
    await page.until(`${outputOf(3)}.includes('Error: nobody catches this')`);
    await filter('all');
    await lab.run(3);
    await page.until(`${frames}.includes('.ts:2')`);
    await lab.picture('all');
    await page.click(command('debugger:continue'));
    await page.until(`${frames}.includes('.ts:6')`);
    await continues();
    for (const name of ['all', 'uncaught']) await filter(name);
  });

  it('stops in a replica that a cell calls, in the cell of its class', async () => {
    await breakAt(5, 4);
    await lab.run(5);
    await page.until(`${kernelIs('idle')} && ${outputOf(5)}.includes('it runs')`);
    await lab.run(6);
    await page.until(`${frames}.includes('greet') && ${overlay} !== null`);
    await page.until(`/name\\nAda\\ntext\\nhello Ada|name\\n"Ada"\\ntext\\n"hello Ada"/.test(${variables})`);
    await lab.picture('replica');
    await continues();
    await page.until(`${outputOf(6)}.includes('hello Ada')`);
  });

  it('ends a stopped cell by an interrupt, and by a restart of the kernel', async () => {
    await breakAt(4, 2);
    await lab.run(4);
    await page.until(`${frames}.includes('.ts:2')`);
    await page.click(command('notebook:interrupt-kernel'));
    await page.until(`${kernelIs('idle')} && ${outputOf(4)}.includes('KeyboardInterrupt')`);
    await page.until(`${overlay} === null`);
    await lab.run(4);
    await page.until(`${frames}.includes('.ts:2')`);
    await page.click(command('notebook:restart-kernel'));
    await page.click(query('.jp-Dialog button.jp-mod-accept'));
    await page.until(`${kernelIs('idle')} && ${frames} === ''`);
    // JupyterLab sets the breakpoints again some time after the restart.
    do await lab.run(4);
    while (!(await page.becomes(`${frames}.includes('.ts:2') && /before\\n1/.test(${variables})`, 100)));
    await lab.picture('restarted');
    await continues();
    await page.until(`${outputOf(4)}.includes('not reached')`);
  });
});
