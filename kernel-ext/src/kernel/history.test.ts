import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readHistory } from '../wire/index.js';
import { History } from './history.js';

describe('History', () => {
  const history = new History();
  for (const [at, source] of ['a = 1', 'b = 2', 'a = 1', 'c(*)'].entries()) history.add(at + 1, source);
  history.setOutput(4, 'out');
  const lines = (content: Record<string, unknown>): number[] => history.query(readHistory(content)).map(([, line]) => line);

  it('returns the tail', () => {
    assert.deepEqual(lines({ hist_access_type: 'tail', n: 2 }), [3, 4]);
    assert.deepEqual(lines({ hist_access_type: 'tail', n: 0 }), []);
    assert.deepEqual(history.query(readHistory({ n: 1, output: true })), [[1, 4, ['c(*)', 'out']]]);
  });

  it('returns a range of this session, and nothing of others', () => {
    assert.deepEqual(lines({ hist_access_type: 'range', session: 0, start: 2, stop: 4 }), [2, 3]);
    assert.deepEqual(lines({ hist_access_type: 'range', session: 1, start: 3 }), [3, 4]);
    assert.deepEqual(lines({ hist_access_type: 'range', session: -1, start: 1 }), []);
  });

  it('searches with * and ?; other characters match themselves', () => {
    assert.deepEqual(lines({ hist_access_type: 'search', pattern: '?*= 1' }), [1, 3]);
    assert.deepEqual(lines({ hist_access_type: 'search', pattern: 'a*', unique: true }), [3]);
    assert.deepEqual(lines({ hist_access_type: 'search', pattern: '*', n: 1 }), [4]);
    assert.deepEqual(lines({ hist_access_type: 'search', pattern: '? = *', unique: true }), [2, 3]);
    assert.deepEqual(lines({ hist_access_type: 'search', pattern: '? = *', unique: true, n: 1 }), [3]);
    assert.deepEqual(lines({ hist_access_type: 'search', pattern: 'c(\\*)' }), []);
  });
});
