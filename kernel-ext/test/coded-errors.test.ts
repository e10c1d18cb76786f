import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { isNbserveError } from 'nbserve/errors';
import { installKernelspec } from '../dist/install/index.js';
import { readConnectionFile } from '../dist/wire/index.js';
import { TestNotebook } from './session-harness.js';

const thrownBy = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (error) {
    return error;
  }
};

describe('errors of the kernel', () => {
  const notebook = new TestNotebook();
  after(() => notebook.close());

  it('have a code before there is a session', () => {
    const nowhere = join(tmpdir(), 'nbserve', 'no', 'such', 'file');
    for (const work of [() => readConnectionFile(nowhere), () => installKernelspec({ prefix: nowhere, name: 'a b' })])
      assert.ok(isNbserveError(thrownBy(work)));
  });

  it('are recognised in a cell, by every copy of nbserve', async () => {
    await notebook.value(`
import * as library from 'nbserve';
import * as errors from 'nbserve/errors';
const file: string = '${import.meta.resolve('nbserve/errors')}?copy';
const copy = await import(file) as typeof errors;
function seen(work: () => unknown): string {
  try { work() } catch (error) {
    const known = [library, errors, copy].every((one) => one.isNbserveError(error));
    return known ? (error as { code: string }).code : String(error);
  }
  return 'no error';
}`);
    assert.equal(await notebook.value('seen(() => process.exit(1))'), "'NBS_EXIT_IN_CELL'");
    assert.equal(await notebook.value('seen(() => display.image(new Uint8Array([1, 2, 3])))'), "'NBS_NOT_AN_IMAGE'");
  });

  it('show one line and no stack if a magic failed', async () => {
    assert.match(await notebook.failure('%nothing'), /^NbserveError \[NBS_UNKNOWN_MAGIC\]: there is no magic %nothing; [^\n]*$/);
    assert.match(await notebook.failure('!exit 3'), /^NbserveError \[NBS_COMMAND_FAILED\]: !exit 3 ended with exit code 3$/);
  });
});
