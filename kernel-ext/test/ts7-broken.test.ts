import assert from 'node:assert/strict';
import childProcess from 'node:child_process';
import { syncBuiltinESMExports } from 'node:module';
import { it } from 'node:test';
import { TestNotebook } from './session-harness.js';

/** A program that starts, and ends at once. */
const BROKEN = '/bin/false';

it('if the program of TypeScript 7 does not start, tslab checks the cells, and one line says so', async (t) => {
  const { spawn } = childProcess;
  const broken = (file: string, ...rest: unknown[]): unknown =>
    (spawn as (...all: unknown[]) => unknown)(/[\\/]tsc$/.test(file) ? BROKEN : file, ...rest);
  childProcess.spawn = broken as typeof spawn;
  syncBuiltinESMExports();
  t.after(() => {
    childProcess.spawn = spawn;
    syncBuiltinESMExports();
  });
  const notebook = new TestNotebook();
  t.after(() => notebook.close());
  const first = await notebook.run('const x: number = 1; x');
  assert.equal(first.outcome.status, 'ok', JSON.stringify(first.outcome));
  assert.match(first.text(), /^TypeScript 7 does not start: .*; TypeScript 5\.\S+ of tslab checks the cells\n$/);
  assert.match(await notebook.failure('x.toUpperCase()'), /TS2339/);
  const second = await notebook.run('x + 1');
  assert.equal(second.text(), '');
});
