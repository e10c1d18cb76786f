import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { Inspector } from './inspector-client.js';
import { ReplicaScripts } from './replica-scripts.js';
import { Sources } from './sources.js';

const CELL_1 = 'const limit = 2;\n// nothing\nfunction f() { return limit; }';
/** The header; lines 1 and 3 of the cell; a line that the compiler has added. */
const map = { version: 3, names: [], sources: ['cell[1].ts', '/home/me/beside.ts'], mappings: ';AAAA;AAEA;;ACFA' };
const sourceMapURL = `data:application/json;base64,${Buffer.from(JSON.stringify(map)).toString('base64')}`;

let scripts: ReplicaScripts;
let cell: string;

beforeEach(async () => {
  const listeners: ((script: object) => void)[] = [];
  const inspector = {
    on: (_: string, listener: (script: object) => void) => listeners.push(listener),
    send: async () => ({ locations: [1, 2, 3, 4].map((lineNumber) => ({ scriptId: '1', lineNumber, columnNumber: 0 })) }),
  } as unknown as Inspector;
  const sources = new Sources(async () => [['cell[1].ts', CELL_1]]);
  scripts = new ReplicaScripts(inspector, sources);
  await sources.learn();
  cell = sources.dump(CELL_1);
  for (const [scriptId, url] of [
    ['1', '/home/me/.nbserve-0123456789abcdef.cjs'],
    ['2', 'node:fs'],
    ['3', '/home/me/node_modules/some/index.js'],
  ])
    listeners[0]?.({ scriptId, url, sourceMapURL });
});

const at = (lineNumber: number) => ({ scriptId: '1', lineNumber, columnNumber: 0 });

describe('the scripts of a replica', () => {
  it('are those with code of cells and of the files that cells import', async () => {
    assert.deepEqual(await scripts.withPath(cell), ['1']);
    assert.deepEqual(await scripts.withPath('/home/me/beside.ts'), ['1']);
    assert.deepEqual(await scripts.withPath('/home/me/other.ts'), []);
  });

  it('have places in the sources, except for what the compiler has added', async () => {
    assert.deepEqual(await scripts.place(at(2)), { path: cell, line: 2, column: 0 });
    assert.deepEqual(
      [await scripts.isMade(at(2)), await scripts.isMade(at(3)), await scripts.isMade(at(0))],
      [false, true, true],
    );
    assert.equal((await scripts.place(at(4))).path, '/home/me/beside.ts');
  });

  it('have a breakpoint only at the very line, because the next one may belong to something else', async () => {
    assert.deepEqual(await scripts.locationOf('1', 2, cell), { location: at(2), line: 2 });
    assert.equal(await scripts.locationOf('1', 1, cell), undefined);
    assert.equal((await scripts.locationOf('1', 0, '/home/me/beside.ts'))?.location.lineNumber, 4);
  });
});
