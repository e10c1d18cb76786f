/** In checkpoints of an older nbserve, references to code contain only a name. Such a reference is valid if only one definition has that name. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isNbserveError, serve } from 'nbserve';
import { makeInert, WantedDefinition } from '../../dist/serve/modules/index.js';

test('a name that is unique is found, another one is refused', async () => {
  // A replica does the same.
  makeInert({ deployment: 'default/Single', isModule: true, isDefined: () => false });
  class Single {}
  serve.deployment(Single);
  for (const word of ['a', 'b'])
    serve.deployment(
      class Double {
        word = word;
      },
    );
  const settled = (deployment: string) =>
    new WantedDefinition({ kind: 'module', file: '/app.ts', hash: '', deployment }).settle(() => true);
  assert.equal(await settled('Single'), Single);
  const refused = (code: string) => (error: unknown) => isNbserveError(error) && error.code === code;
  await assert.rejects(settled('Double'), refused('NBS_NOT_TOLD_APART'));
  await assert.rejects(settled('Absent'), refused('NBS_NOT_DEFINED_AGAIN'));
});
