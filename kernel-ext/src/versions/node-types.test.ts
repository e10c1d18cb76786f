import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, it } from 'node:test';
import { nodeTypesFile, nodeTypesPackage } from './node-types.js';

const own = createRequire(import.meta.url);

describe('the types of Node', () => {
  it('are those of the version that runs, or of the newest before it', () => {
    for (const [node, types] of [
      [20, 20],
      [21, 20],
      [22, 22],
      [23, 22],
      [24, 24],
      [26, 24],
    ] as const) {
      const { version } = JSON.parse(readFileSync(own.resolve(`${nodeTypesPackage(node)}/package.json`), 'utf8')) as {
        version: string;
      };
      assert.equal(Number.parseInt(version, 10), types);
    }
    assert.match(nodeTypesFile(), /node\/package\.json$/);
  });
});
