import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mapStack, registerCompiled } from './stack.js';

// Line 2, column 3 of the code is line 7, column 11 of the cell. nbserve added line 1.
const MAP = { version: 3, sources: ['cell[3].ts'], names: [], mappings: ';EAMU' };
const CODE = `x\n//# sourceMappingURL=data:application/json;base64,${Buffer.from(JSON.stringify(MAP)).toString('base64')}\n`;
const FILE = '/home/a b (c)/.nbserve-1.cjs';
registerCompiled(FILE, () => CODE, { Chat$1: 'Chat' });

test('positions and names are the user’s; frames of Node, nbserve and added code are removed', () => {
  const stack = [
    'Error: many',
    'lines: 1:2',
    `    at Chat$1.fetch (${FILE}:2:3)`,
    `    at async ${FILE}:2:3`,
    `    at Object.<anonymous> (${FILE}:1:1)`,
    '    at /elsewhere/user.js:1:2',
    `    at load (${import.meta.url.replace(/stack\.test\.js$/, 'loader.js')}:5:6)`,
    '    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)',
  ];
  const expected = [
    'Error: many',
    'lines: 1:2',
    '    at Chat.fetch (cell[3].ts:7:11)',
    '    at async cell[3].ts:7:11',
    '    at /elsewhere/user.js:1:2',
  ];
  assert.equal(mapStack(stack.join('\n')), expected.join('\n'));
  assert.equal(mapStack(expected.join('\n')), expected.join('\n'), 'what is mapped stays');
});

test('an error of nbserve alone keeps its frames', () => {
  const stack = `Error: ours\n    at f (${import.meta.url}:1:1)`;
  assert.equal(mapStack(stack), stack);
  assert.equal(mapStack('no stack'), 'no stack');
});
