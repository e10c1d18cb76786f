import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NotebookNames } from './notebook-names.js';

test('until a cell reaches a declaration, other cells see the value from before, which may be that of a global', (t) => {
  const unreached = (): never => {
    throw new ReferenceError('not initialized');
  };
  const names = new NotebookNames();
  Object.assign(globalThis, { nbsMadeLater: 'global' });
  t.after(() => Reflect.deleteProperty(globalThis, 'nbsMadeLater'));
  let own: unknown;
  const cell = names.open(
    {
      nbsMadeLater: ['const', () => own ?? unreached(), null],
      crypto: ['const', unreached, null],
      other: ['const', unreached, null],
    },
    () => {},
  );
  assert.equal(names.exports.nbsMadeLater, 'global');
  assert.equal(names.exports.crypto, globalThis.crypto);
  assert.throws(() => names.exports.other, ReferenceError);
  own = 'own';
  assert.equal(names.exports.nbsMadeLater, 'own');
  assert.deepEqual([...cell.close(false).missing], ['crypto', 'other']);
  assert.deepEqual([names.exports.nbsMadeLater, Object.hasOwn(names.exports, 'crypto')], ['own', false]);
});
