import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { NBSERVE } from './fixtures/notebook.js';
import { notebookOf } from './fixtures/runner.js';

const ESCAPE = '\u001b[';
const STRONG = `${ESCAPE}1;31m`;

describe('colours of nbserve execute', () => {
  const folder = mkdtempSync(join(tmpdir(), 'nbs-colors-'));
  after(() => rmSync(folder, { recursive: true, force: true }));

  function execute(env: Record<string, string>): { stderr: string; result: string; traceback: string } {
    const input = join(folder, 'in.ipynb');
    const output = join(folder, 'out.ipynb');
    writeFileSync(input, JSON.stringify(notebookOf(['({ a: 1 })', 'const n: string = 1'])));
    const { CI: _ci, NO_COLOR: _no, FORCE_COLOR: _force, ...inherited } = process.env;
    const { stderr } = spawnSync(process.execPath, [NBSERVE, 'execute', input, '--output', output], {
      env: { ...inherited, ...env },
      encoding: 'utf8',
    });
    const { cells } = JSON.parse(readFileSync(output, 'utf8')) as {
      cells: { outputs: { data?: Record<string, string>; traceback?: string[] }[] }[];
    };
    const [shown, failed] = cells.map(({ outputs }) => outputs[0]);
    return { stderr, result: String(shown?.data?.['text/plain']), traceback: failed?.traceback?.join('\n') ?? '' };
  }

  it('are in the errors in the notebook, and not in results, which programs compare', () => {
    const { stderr, result, traceback } = execute({});
    assert.ok(traceback.includes(`${STRONG}TypeScriptError`), traceback);
    assert.equal(result, '{ a: 1 }');
    assert.ok(!stderr.includes(ESCAPE), stderr);
    assert.match(stderr, /TS2322: Type 'number' is not assignable to type 'string'/);
  });

  it('are in the output for a CI service', () => {
    assert.ok(execute({ CI: 'true' }).stderr.includes(STRONG));
    assert.ok(execute({ FORCE_COLOR: '1' }).stderr.includes(STRONG));
  });

  it('are not used with NO_COLOR', () => {
    const { stderr, traceback } = execute({ CI: 'true', NO_COLOR: '1' });
    assert.ok(!(stderr + traceback).includes(ESCAPE), stderr);
  });
});
