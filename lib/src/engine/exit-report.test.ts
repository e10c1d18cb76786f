import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ExitCode, nameExit } from './exit-report.js';

const end = { code: null, signal: null, asked: false, stderrTail: [] };

test('every kind of end has a name', () => {
  assert.equal(nameExit({ ...end, code: 0 }), 'ENDED');
  assert.equal(nameExit({ ...end, code: 0, asked: true }), 'STOPPED');
  assert.equal(nameExit({ ...end, signal: 'SIGKILL', asked: true }), 'STOPPED');
  assert.equal(nameExit({ ...end, signal: 'SIGKILL' }), 'KILLED');
  assert.equal(nameExit({ ...end, signal: 'SIGKILL', starved: true }), 'OUT_OF_MEMORY');
  assert.equal(nameExit({ ...end, signal: 'SIGKILL', starved: true, asked: true }), 'STOPPED');
  assert.equal(nameExit({ ...end, signal: 'SIGKILL', starved: true, said: 'STUCK' }), 'STUCK');
  assert.equal(nameExit({ ...end, signal: 'SIGTERM', starved: true }), 'KILLED');
  assert.equal(nameExit({ ...end, code: 1 }), 'CRASHED');
  assert.equal(nameExit({ ...end, code: 42 }), 'CRASHED');
  assert.equal(nameExit({ ...end, code: 1, asked: true }), 'CRASHED');
  assert.equal(nameExit({ ...end, code: ExitCode.CONSTRUCTOR_FAILED }), 'CONSTRUCTOR_FAILED');
  const stderrTail = ['FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory'];
  assert.equal(nameExit({ ...end, signal: 'SIGABRT', stderrTail }), 'OUT_OF_MEMORY');
});
