import assert from 'node:assert/strict';
import { it } from 'node:test';
import { checkedNotebook } from './notebook-check.js';

const ORDER = ['cell_type', 'execution_count', 'id', 'metadata', 'outputs', 'source'];

it('the members of a cell keep their order, and what the cell lacks comes last', () => {
  const whole = { cell_type: 'code', execution_count: 1, id: 'a', metadata: {}, outputs: [], source: '1' };
  const short = { id: 'b', source: '2', cell_type: 'code', outputs: null };
  const text = { cell_type: 'markdown', id: 'c', outputs: null, execution_count: null, metadata: {}, source: '' };
  const checked = checkedNotebook({ nbformat: 4, nbformat_minor: 5, metadata: {}, cells: [whole, short, text] });
  assert.ok(typeof checked === 'object');
  assert.deepEqual(checked.cells.map(Object.keys), [
    ORDER,
    ['id', 'source', 'cell_type', 'outputs', 'metadata', 'execution_count'],
    ['cell_type', 'id', 'metadata', 'source'],
  ]);
  assert.deepEqual(checked.cells[1]?.outputs, []);
});
