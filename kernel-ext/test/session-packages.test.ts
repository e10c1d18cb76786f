import { describe } from 'node:test';
import { type FileCases, runFileCases } from './session-harness.js';

const OTHER = { 'node_modules/other/package.json': '{"name":"other"}', 'node_modules/other/index.js': 'exports.o = 1' };
const LATE = {
  'node_modules/late/package.json': '{"name":"late","main":"lib/l.js","types":"l.d.ts"}',
  'node_modules/late/lib/l.js': 'exports.late = 2',
  'node_modules/late/l.d.ts': 'export const late: number',
};
const SCOPED = {
  'node_modules/@s/esm/package.json': '{"name":"@s/esm","type":"module","exports":{".":"./e.js","./sub":"./s.js"}}',
  'node_modules/@s/esm/e.js': 'export const e = 3',
  'node_modules/@s/esm/s.js': 'export const s = 4',
};

const versioned = (version: string): Record<string, string> => ({
  'node_modules/versioned/package.json': JSON.stringify({ name: 'versioned', version, main: 'v.js', types: 'v.d.ts' }),
  'node_modules/versioned/v.js': `exports.v = ${version[0]}`,
  'node_modules/versioned/v.d.ts': 'export const v: number',
});

const CASES: FileCases = {
  'of another version than the one that is loaded': [
    [versioned('1.0.0'), 'import { v } from "versioned"; v', '1'],
    [{}, 'import { v } from "versioned"; v', '1'],
    [versioned('2.0.0'), 'import { v } from "versioned"; v', /NBS_PACKAGE_CHANGED.*restart the kernel to use 2\.0\.0/],
    [{}, 'require("versioned")', /NBS_PACKAGE_CHANGED/],
    [{}, 'v', '1'],
    [versioned('1.0.0'), 'import { v } from "versioned"; v', '1'],
  ],
  'after an import that the check refused': [
    [OTHER, 'import { late } from "late"; late', /TS2307/],
    [LATE, 'import { late } from "late"; late.toFixed(1)', "'2.0'"],
  ],
  'after an import that failed when it ran': [
    [OTHER, '// @ts-nocheck\nimport { late } from "late"; late', /NBS_PACKAGE_NOT_FOUND/],
    [LATE, '// @ts-nocheck\nimport { late } from "late"; late', '2'],
  ],
  'with exports, under all of its names': [
    [OTHER, 'await import("@s/esm")', /NBS_PACKAGE_NOT_FOUND/],
    [{}, 'await import("@s/esm/sub")', /NBS_PACKAGE_NOT_FOUND/],
    [SCOPED, '[(await import("@s/esm")).e, (await import("@s/esm/sub")).s]', '[ 3, 4 ]'],
  ],
  'after a require that failed, also one that the cell made itself': [
    [OTHER, 'require("late")', /Cannot find module 'late'/],
    [
      {},
      'import { createRequire } from "node:module"; createRequire(import.meta.url).resolve("@s/esm")',
      /Cannot find module '@s\/esm'/,
    ],
    [{}, 'import.meta.resolve("late")', /Cannot find module 'late'/],
    [
      { ...LATE, ...SCOPED },
      '[require("late").late, require.resolve("late").endsWith("l.js"), import.meta.resolve("late").endsWith("l.js"), createRequire(import.meta.url).resolve("@s/esm").endsWith("e.js")]',
      '[ 2, true, true, true ]',
    ],
  ],
  'as a file without a folder, which nobody needs to install': [
    [{ ...OTHER, 'node_modules/single.js': 'exports.x = 5' }, 'require("single").x + require("other").o', '6'],
  ],
};

describe('a package that is installed after its first import', () => runFileCases(CASES));
