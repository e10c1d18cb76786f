import assert from 'node:assert/strict';
import { it } from 'node:test';
import { findProgram, typesChoice, useTslab, versionText } from './index.js';

it('TypeScript 7 checks the cells if there is a program of it for the platform', () => {
  assert.equal(findProgram('sunos-sparc'), undefined);
  const isHere = findProgram() !== undefined && process.env.NBSERVE_TYPES !== 'tslab';
  assert.equal(typesChoice(), isHere ? 'ts7' : 'tslab');
});

it('tslab checks the cells if the program does not start', () => {
  useTslab();
  assert.equal(typesChoice(), 'tslab');
  assert.match(versionText(), /^TypeScript {2}5\.\S+ \(of tslab; TypeScript 7 does not start\)$/m);
});
