import { describe } from 'node:test';
import { type FileCases, runFileCases } from './session-harness.js';

const SELF = 'function self() { return this }';

const CASES: FileCases = {
  'if they are TypeScript or ES modules, and CommonJS that says so': [
    [
      {
        'a.ts': 'export function self(this: unknown) { return this }',
        'c.cts': 'function self(this: unknown) { return this }\nexport = { self }',
        'm.mjs': `export ${SELF}`,
        'j.js': `${SELF}\nexport { self }`,
        'own.cjs': `/* a licence */\n'use strict'; exports.self = ${SELF}`,
        'sloppy.cjs': `exports.self = ${SELF}`,
        'sloppy.js': `/* import, export */ exports.self = ${SELF}`,
      },
      `const found = [];
for (const file of ["a.ts", "c.cts", "m.mjs", "j.js", "own.cjs", "sloppy.cjs", "sloppy.js"]) {
  const { self } = require("./" + file);
  found.push(self() === undefined);
}
found.join()`,
      "'true,true,true,true,true,false,false'",
    ],
  ],
  'so a change of a frozen object is an error': [
    [
      {
        'b.ts':
          'export const limits: { max: number } = Object.freeze({ max: 1 });\nexport const raise = () => {\n  limits.max = 5;\n};',
      },
      'import { raise } from "./b"; raise()',
      /TypeError.*read only.*b\.ts:3/s,
    ],
  ],
};

describe('files beside the notebook are strict', () => runFileCases(CASES));
