/** What a person does in the real JupyterLab, in a browser: run a lesson, complete, inspect, answer, look at a chart, interrupt, restart, debug. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import type { Page } from './fixtures/chromium.js';
import { cell, command, kernelIs, Lab, missing, notebook, outputOf, query, textOf } from './fixtures/lab.js';
import { testDebugger } from './fixtures/lab-debugger.js';

const LESSON = new URL('../../notebooks/02-hello-serve.ipynb', import.meta.url);

interface Cell {
  readonly cell_type: string;
  readonly id: string;
  readonly execution_count: number | null;
  readonly outputs: readonly { readonly output_type: string; readonly text?: string | string[]; readonly data?: object }[];
}

const CELLS = [
  'const shop = { apples: 3, apricots: 4, bananas: 5 };\nshop.apricots',
  'shop.ap',
  'shop.bananas',
  "const name = await prompt('Your name? ');\n`hello, ${name}`",
  "display.vega({\n  data: { values: [{ x: 1, y: 2 }, { x: 2, y: 4 }] },\n  mark: 'bar',\n  encoding: { x: { field: 'x' }, y: { field: 'y', type: 'quantitative' } },\n});",
  'while (true) {}',
];

describe('JupyterLab', { skip: missing }, () => {
  let lab: Lab;
  let page: Page;
  before(async () => {
    lab = await Lab.start();
    page = lab.page;
    await lab.show('person.ipynb', notebook(CELLS));
    await lab.run(1);
    await page.until(`${outputOf(1)}.includes('4')`);
  });
  after(() => lab?.close());

  /** Puts the cursor at the end of a cell of one line. */
  const edit = async (number: number): Promise<void> => {
    await lab.select(number);
    await page.press('End');
  };

  it('completes what earlier cells have defined', async () => {
    await edit(2);
    await page.press('Tab');
    const completer = textOf(query('.jp-Completer'));
    await page.until(`${completer}.includes('apples') && ${completer}.includes('apricots') && !${completer}.includes('bananas')`);
    await lab.picture('completion');
    await page.press('Enter');
    await page.until(`/shop\\.ap(ples|ricots)/.test(${textOf(cell(2, '.cm-content'))})`);
  });

  it('shows the type of what the cursor is at', async () => {
    await edit(3);
    await page.press('Tab', { shift: true });
    await page.until(`/bananas: number/.test(${textOf(query('.jp-Tooltip'))})`);
    await lab.picture('inspection');
    await page.press('Escape');
  });

  it('asks in a field below the cell', async () => {
    await lab.run(4);
    await page.click(query('input.jp-Stdin-input'));
    await page.type('Ada');
    await lab.picture('question');
    await page.press('Enter');
    await page.until(`${outputOf(4)}.includes('hello, Ada')`);
  });

  it('shows a chart', async () => {
    await lab.run(5);
    await page.until(cell(5, '.jp-OutputArea .vega-embed :is(svg, canvas)'));
    await lab.picture('chart');
  });

  it('ends a cell by an interrupt, keeps what it knows, and forgets it by a restart', async () => {
    await lab.run(6);
    await page.until(kernelIs('busy'));
    await page.click(command('notebook:interrupt-kernel'));
    await page.until(`${kernelIs('idle')} && ${outputOf(6)}.includes('KeyboardInterrupt')`);
    await lab.run(3);
    await page.until(`${outputOf(3)}.includes('5')`);
    await page.click(command('notebook:restart-kernel'));
    await page.click(query('.jp-Dialog button.jp-mod-accept'));
    await page.until(kernelIs('idle'));
    await lab.run(3);
    await page.until(`/shop/.test(${outputOf(3)}) && !/^5$/m.test(${outputOf(3)})`);
    await lab.picture('restarted');
  });

  it('runs a lesson from its first cell to its last one', async () => {
    const file = await lab.show('02-hello-serve.ipynb', readFileSync(LESSON, 'utf8'));
    const cells = (): readonly Cell[] =>
      (JSON.parse(readFileSync(file, 'utf8')) as { cells: Cell[] }).cells.filter(({ cell_type: type }) => type === 'code');
    await page.click(command('notebook:restart-run-all'));
    await page.click(query('.jp-Dialog button.jp-mod-accept'));
    // JupyterLab has only the visible cells in its page, so the file is looked at.
    const isDone = (): boolean => cells().at(-1)?.execution_count === cells().length;
    do {
      await page.until(kernelIs('idle'));
      await page.click(command('docmanager:save'));
      await page.becomes('false', 10);
    } while (!isDone());
    await lab.picture('lesson-02');
    const outputs = new Map(cells().map(({ id, outputs: all }) => [id, JSON.stringify(all)]));
    assert.match(outputs.get('cell-08') ?? '', /Yes\.\.\. hello/);
    assert.match(outputs.get('cell-10') ?? '', /Yes\.\.\. hello from curl/);
    assert.match(outputs.get('cell-28') ?? '', /No\.\.\. is it you\?/);
    assert.match(outputs.get('cell-30') ?? '', /RangeError: 12 is too young/);
    assert.deepEqual(
      cells().flatMap(({ id, outputs: all }) => (all.some(({ output_type: type }) => type === 'error') ? id : [])),
      [],
    );
  });

  testDebugger(() => lab);
});
