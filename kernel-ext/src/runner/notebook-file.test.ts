import assert from 'node:assert/strict';
import { it } from 'node:test';
import { notebookText } from './notebook-file.js';

it('texts with line ends of Unicode are written as they are', () => {
  const source = 'const text = "a\u2028b\u2029c";\n"d\re";';
  const notebook = {
    cells: [{ cell_type: 'code' as const, metadata: {}, execution_count: null, outputs: [], source }],
    metadata: {},
    nbformat: 4,
    nbformat_minor: 5,
  };
  const text = [...notebookText(notebook)].join('');
  const { cells } = JSON.parse(text) as { cells: { source: string[] }[] };
  assert.equal(cells[0]?.source.join(''), source);
  assert.match(text, /^ {3}"cell_type": "code",$/m);
});
