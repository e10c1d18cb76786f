import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { ExecutedCell } from './fixtures/notebook.js';
import { notebookOf, type Run, run, start, textOf } from './fixtures/runner.js';

interface Marked {
  readonly status?: string;
}
interface Written {
  readonly cells: readonly (ExecutedCell & { readonly metadata: { readonly nbserve?: Marked } })[];
  readonly metadata: { readonly nbserve?: Marked };
}

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'nbserve-killed-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Kills the run when the file contains the text, and reads the file. */
async function killedWhen(one: Run, output: string, text: string): Promise<Written> {
  while (!existsSync(output) || !readFileSync(output, 'utf8').includes(text)) await delay(10);
  one.child.kill('SIGKILL');
  assert.equal((await one.ended).signal, 'SIGKILL');
  return JSON.parse(readFileSync(output, 'utf8')) as Written;
}

const statuses = ({ cells }: Written): (string | undefined)[] => cells.map(({ metadata }) => metadata.nbserve?.status);

describe('the file of a run whose process is killed', () => {
  it('has the outputs so far, and marks the cell that ran', async (t) => {
    const output = join(folderFor(t), 'out.ipynb');
    const cells = ['const one = 1; one', 'console.log("be" + "gun"); await new Promise(() => {});', '3'];
    const written = await killedWhen(start(t, notebookOf(cells), ['--output', output]), output, 'begun');
    assert.deepEqual(written.cells[0]?.outputs[0]?.data, { 'text/plain': ['1'] });
    assert.equal(textOf(written.cells[1]), 'begun\n');
    assert.deepEqual(statuses(written), [undefined, 'running', undefined]);
    assert.equal(written.metadata.nbserve?.status, 'running');
  });

  it('exists while the first cell runs, also if it prints nothing', async (t) => {
    const output = join(folderFor(t), 'out.ipynb');
    const written = await killedWhen(
      start(t, notebookOf(['for (;;);', '2']), ['--output', output]),
      output,
      '"execution_count": 1',
    );
    assert.deepEqual(statuses(written), ['running', undefined]);
  });

  it('has the last result while the run waits for the timers of its cells', async (t) => {
    const output = join(folderFor(t), 'out.ipynb');
    const cells = ['setTimeout(() => {}, 9_000); 6 * 7'];
    const written = await killedWhen(start(t, notebookOf(cells), ['--output', output]), output, 'execute_result');
    assert.deepEqual(written.cells[0]?.outputs[0]?.data, { 'text/plain': ['42'] });
    assert.deepEqual(statuses(written), [undefined]);
    assert.equal(written.metadata.nbserve?.status, 'running');
  });
});

describe('the file of a run that ended', () => {
  const marks = { nbserve: { status: 'running', own: 1 } };

  for (const [how, cells, args] of [
    ['in order', ['1', '2'], []],
    ['with a cell that failed', ['throw new Error("no")', '2'], []],
    ['with the death of the process that runs the cells', ['process.kill(process.pid, "SIGKILL")', '2'], []],
    ['at a timeout', ['for (;;);', '2'], ['--timeout', '1']],
  ] as const) {
    it(`${how} has no mark, not even one of an earlier run`, async (t) => {
      const source = notebookOf(cells, { metadata: marks });
      Object.assign((source.cells as { metadata: object }[])[1]?.metadata ?? {}, marks);
      const { notebook } = await run(t, source, args);
      assert.deepEqual(notebook?.metadata.nbserve, { own: 1 });
      assert.deepEqual(
        notebook?.cells.map(({ metadata }) => metadata),
        [{ tags: [] }, { tags: [], nbserve: { own: 1 } }],
      );
    });
  }

  it('at a second Ctrl-C has no mark', async (t) => {
    const one = start(
      t,
      notebookOf(['console.log("begun"); require("node:child_process").execSync("trap \\"\\" INT; sleep 600")']),
    );
    await one.printed('begun');
    one.child.kill('SIGINT');
    // Within a fifth of a second, the same signal counts once.
    await delay(300);
    one.child.kill('SIGINT');
    const { code, notebook } = await one.ended;
    assert.equal(code, 130);
    assert.equal(notebook?.metadata.nbserve, undefined);
    assert.deepEqual(notebook?.cells[0]?.metadata, { tags: [] });
  });

  it('is alone in its folder', async (t) => {
    const folder = folderFor(t);
    const cells = Array.from({ length: 30 }, (_, i) => `console.log("${i}".repeat(1e5));`);
    const { code, stderr } = await run(t, notebookOf(cells), ['--output', join(folder, 'out.ipynb')]);
    assert.equal(code, 0, stderr);
    assert.deepEqual(readdirSync(folder), ['out.ipynb']);
  });

  it('is written once if it is a pipe', async (t) => {
    const pipe = join(folderFor(t), 'pipe');
    execFileSync('mkfifo', [pipe]);
    const reader = spawn('cat', [pipe]);
    t.after(() => reader.kill('SIGKILL'));
    let text = '';
    reader.stdout.on('data', (chunk: Buffer) => {
      text += chunk;
    });
    const closed = new Promise((resolve) => reader.on('close', resolve));
    const { code, stderr } = await run(t, notebookOf(['1', '2']), ['--output', pipe]);
    assert.equal(code, 0, stderr);
    await closed;
    const { cells, metadata } = JSON.parse(text) as Written;
    assert.deepEqual(cells[1]?.outputs[0]?.data, { 'text/plain': ['2'] });
    assert.equal(metadata.nbserve, undefined);
  });
});
