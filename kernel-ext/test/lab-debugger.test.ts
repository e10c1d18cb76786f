/** The debugger's panel of the real JupyterLab, in a browser. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { chromium, Page } from './fixtures/chromium.js';

const NBSERVE = fileURLToPath(new URL('../../lib/bin/nbserve.js', import.meta.url));
/** If it is set, pictures of what the browser shows are written to this folder. */
const PICTURES = process.env.NBSERVE_TEST_PICTURES;
const python = process.env.NBSERVE_TEST_PYTHON;
const browser = chromium();

const CELLS = [
  'const first = 20;\nconst second = first + 1;\nconst third = second * 2;\nconsole.log("the sum is", third);',
  'const rows = [{ name: "Ada", born: 1815 }, { name: "Alan", born: 1912 }];\nfunction twice(n: number) {\n  const result = n * 2;\n  return result;\n}\ntwice(rows.length)',
  'try {\n  JSON.parse("{");\n} catch {\n  console.log("caught");\n}\nthrow new Error("nobody catches this");',
  'const before = 1;\nconst later = 2;\nconsole.log("not reached");',
];

const query = (selector: string): string => `document.querySelector('${selector}')`;
const cell = (number: number, selector: string): string =>
  `document.querySelectorAll('.jp-CodeCell')[${number - 1}].querySelector('${selector}')`;
const textOf = (element: string): string => `(${element}?.innerText ?? '')`;
/** The gutter of breakpoints beside a line. The first element of a gutter is hidden. @param line from 1 */
const gutter = (number: number, line: number): string =>
  `[...document.querySelectorAll('.jp-CodeCell')[${number - 1}].querySelectorAll('.cm-breakpoint-gutter .cm-gutterElement')].filter((one) => one.style.visibility !== 'hidden')[${line - 1}]`;
const command = (id: string): string => query(`[data-command="${id}"]`);
const variables = textOf(query('.jp-DebuggerVariables'));
const frames = textOf(query('.jp-DebuggerCallstack-body'));
const overlay = query('.jp-DebuggerPausedOverlay');
const outputOf = (number: number): string => textOf(cell(number, '.jp-OutputArea'));
const kernelIs = (state: string): string => `${query('.jp-Notebook-ExecutionIndicator')}?.dataset.status === '${state}'`;

const missing =
  python === undefined ? 'NBSERVE_TEST_PYTHON is not set' : browser === undefined && 'there is no Chromium on the PATH';

describe('the debugger in JupyterLab', { skip: missing }, () => {
  const root = mkdtempSync(join(tmpdir(), 'nbs-labdebug-'));
  let lab: ChildProcess;
  let page: Page;

  before(async () => {
    const [temporary, notebooks] = [join(root, 't'), join(root, 'n')];
    for (const folder of [temporary, notebooks]) mkdirSync(folder);
    writeFileSync(join(notebooks, 'debug.ipynb'), notebook(CELLS));
    const env = {
      ...process.env,
      PATH: [dirname(python as string), process.env.PATH].join(delimiter),
      TMPDIR: temporary,
      HOME: root,
      JUPYTER_CONFIG_DIR: join(root, 'config'),
    };
    const port = await freePort();
    const options = ['--no-browser', `--ServerApp.port=${port}`, '--IdentityProvider.token=secret', '--allow-root'];
    lab = spawn(process.execPath, [NBSERVE, 'lab', ...options, `--ServerApp.root_dir=${notebooks}`], {
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    lab.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    while (!said.includes(`:${port}/lab`)) {
      assert.equal(lab.exitCode, null, said);
      await delay(20);
    }
    page = await Page.open(browser as string, `http://127.0.0.1:${port}/lab/tree/debug.ipynb?token=secret&reset`);
    await page.until(kernelIs('idle'));
    // The button does nothing until JupyterLab knows that the kernel has a debugger.
    await page.until(`${query('.jp-DebuggerBugButton')}?.getAttribute('aria-disabled') === 'false'`);
    // If it is clicked while JupyterLab still asks about that, the debugger is half on, and is switched off and on as a user does.
    const isOn = `${gutter(1, 1)} !== undefined && ${textOf(query('#jp-debugger-sidebar'))}.includes('DEBUG.IPYNB')`;
    do await page.click(query('.jp-DebuggerBugButton'));
    while (!(await page.becomes(isOn, 100)));
  });
  after(async () => {
    await page?.close();
    if (lab !== undefined) {
      lab.kill('SIGTERM');
      while (lab.exitCode === null && lab.signalCode === null) await delay(20);
    }
    rmSync(root, { recursive: true, force: true, maxRetries: 5 });
  });

  const picture = async (name: string): Promise<void> => {
    if (PICTURES !== undefined) await page.screenshot(join(PICTURES, `${name}.png`));
  };
  const run = async (number: number): Promise<void> => {
    await page.click(cell(number, '.cm-content'));
    await page.until(`document.querySelectorAll('.jp-CodeCell')[${number - 1}].classList.contains('jp-mod-active')`);
    await page.click(command('notebook:run-cell-and-select-next'));
  };
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
    await run(1);
    await page.until(`${frames}.includes('(cell)') && ${overlay} !== null`);
    await page.until(`/first\\n20\\nsecond\\nundefined/.test(${variables})`);
    await page.click(command('debugger:next'));
    await page.until(`/second\\n21\\nthird\\nundefined/.test(${variables})`);
    await picture('step');
    assert.equal(await page.evaluate(outputOf(1)), '');
    await continues();
    await page.until(`${outputOf(1)}.includes('the sum is 42')`);
  });

  it('shows the frames of a function, a table as a table, and steps out', async () => {
    await breakAt(2, 3);
    await run(2);
    await page.until(`/twice[^]*\\(cell\\)/.test(${frames})`);
    await page.until(`/n\\n2\\nresult\\nundefined\\nrows\\n\\[/.test(${variables})`);
    const row = `[...document.querySelectorAll('.jp-DebuggerVariables jp-tree-item')].find((one) => one.innerText.startsWith('rows'))`;
    await page.hover(row);
    await page.click(`${row}.querySelector('.jp-DebuggerVariables-renderVariable')`);
    await page.until(`${textOf(query('.jp-DebuggerRichVariable table'))}.includes('1912')`);
    await picture('table');
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
    await run(3);
    await page.until(`${frames}.includes('.ts:6')`);
    await page.until(`${outputOf(3)}.includes('caught')`);
    await picture('uncaught');
    await continues();
    await page.until(`${outputOf(3)}.includes('Error: nobody catches this')`);
    await filter('all');
    await run(3);
    await page.until(`${frames}.includes('.ts:2')`);
    await picture('all');
    await page.click(command('debugger:continue'));
    await page.until(`${frames}.includes('.ts:6')`);
    await continues();
    for (const name of ['all', 'uncaught']) await filter(name);
  });

  it('ends a stopped cell by an interrupt, and by a restart of the kernel', async () => {
    await breakAt(4, 2);
    await run(4);
    await page.until(`${frames}.includes('.ts:2')`);
    await page.click(command('notebook:interrupt-kernel'));
    await page.until(`${kernelIs('idle')} && ${outputOf(4)}.includes('KeyboardInterrupt')`);
    await page.until(`${overlay} === null`);
    await run(4);
    await page.until(`${frames}.includes('.ts:2')`);
    await page.click(command('notebook:restart-kernel'));
    await page.click(query('.jp-Dialog button.jp-mod-accept'));
    await page.until(`${kernelIs('idle')} && ${frames} === ''`);
    // JupyterLab sets the breakpoints again some time after the restart.
    do await run(4);
    while (!(await page.becomes(`${frames}.includes('.ts:2') && /before\\n1/.test(${variables})`, 100)));
    await picture('restarted');
    await continues();
    await page.until(`${outputOf(4)}.includes('not reached')`);
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const notebook = (sources: readonly string[]): string =>
  JSON.stringify({
    cells: sources.map((source, at) => ({
      cell_type: 'code',
      id: `cell-${at}`,
      metadata: {},
      source,
      execution_count: null,
      outputs: [],
    })),
    metadata: { kernelspec: { name: 'nbserve', display_name: 'TypeScript (nbserve)', language: 'typescript' } },
    nbformat: 4,
    nbformat_minor: 5,
  });
