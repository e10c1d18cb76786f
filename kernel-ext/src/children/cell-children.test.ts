import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CellChildren } from './cell-children.js';
import type { ProcessEntry } from './process-table.js';

const self = process.pid;
const GROUP = 7;
/** Pids that no process has. */
const [FIRST, SECOND, THIRD] = [2 ** 30, 2 ** 30 + 1, 2 ** 30 + 2];

const entry = (pid: number, parent: number, more: Partial<ProcessEntry> = {}): ProcessEntry => ({
  pid,
  parent,
  group: GROUP,
  ageMs: 0,
  ...more,
});

function childrenOf(...table: ProcessEntry[]): CellChildren {
  const children = new CellChildren(() => [entry(self, 1, { ageMs: 60_000 }), ...table]);
  children.begin(Date.now() - 1000);
  return children;
}

describe('the children of a cell', () => {
  it('are whole trees', () => {
    const children = childrenOf(entry(SECOND, FIRST), entry(FIRST, self), entry(THIRD, SECOND));
    assert.deepEqual(children.list(), [FIRST, SECOND, THIRD]);
  });

  it('are not those that left the process group, nor their children', () => {
    const children = childrenOf(entry(FIRST, self, { group: FIRST }), entry(SECOND, FIRST), entry(THIRD, self));
    assert.deepEqual(children.list(), [THIRD]);
  });

  it('are not older than the cell, if nobody reported them', () => {
    const children = childrenOf(entry(FIRST, self, { ageMs: 5000 }), entry(SECOND, self, { ageMs: 500 }));
    assert.deepEqual(children.list(), [SECOND]);
  });

  it('are not those that an earlier cell starts meanwhile', () => {
    const children = childrenOf(entry(FIRST, self), entry(SECOND, self));
    children.spawned(FIRST, '');
    children.spawned(SECOND, 'cell');
    assert.deepEqual(children.list(), [SECOND]);
  });

  it('are not those of a cell that has ended while another one runs', () => {
    const [kept, ended, other] = [process.ppid, SECOND, THIRD];
    const children = childrenOf(entry(kept, self), entry(other, self));
    children.spawned(kept, 'ended');
    children.spawned(ended, 'ended');
    children.spawned(other, 'cell');
    assert.deepEqual(children.list(), [kept, other]);
    children.ended('ended');
    assert.deepEqual(children.list(), [other]);
  });

  it('are not a compiler that works for all cells', () => {
    const children = childrenOf(entry(FIRST, self, { isService: true }), entry(SECOND, self));
    assert.deepEqual(children.list(), [SECOND]);
  });

  it('are none before the first cell', () => {
    assert.deepEqual(new CellChildren(() => [entry(self, 1), entry(FIRST, self)]).list(), []);
  });
});
