import assert from 'node:assert/strict';
import { it } from 'node:test';
import { notebookText } from './notebook-file.js';

it('no half of a surrogate pair is written, which Jupyter could not save, and all else is written as it is', () => {
  const source = "'a😀'.slice(0, 2) + '\\ud83d'";
  const output = { output_type: 'stream' as const, name: 'stdout' as const, text: 'a\ud83d\n\\ud83d' };
  const cell = { cell_type: 'code' as const, metadata: {}, execution_count: null, outputs: [output], source };
  const text = [...notebookText({ cells: [cell], metadata: { title: '\ude00' }, nbformat: 4, nbformat_minor: 5 })].join('');
  const read = JSON.parse(text) as { cells: { source: string[]; outputs: { text: string[] }[] }[]; metadata: { title: string } };
  assert.deepEqual(read.cells[0]?.source, [source]);
  assert.deepEqual(read.cells[0]?.outputs[0]?.text, ['a\ufffd\n', '\\ud83d']);
  assert.equal(read.metadata.title, '\ufffd');
});

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
