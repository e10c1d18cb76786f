import assert from 'node:assert/strict';
import { it } from 'node:test';
import { compareOutputs } from './comparison.js';

it('what a progress bar has written over does not count', () => {
  const rules = { sanitizers: [], tolerance: 0, ignoredMimes: [] };
  const differs = (...texts: readonly [before: string, now: string]): boolean => {
    const [before, now] = texts.map((text) => [{ output_type: 'stream' as const, name: 'stderr' as const, text }]);
    return compareOutputs(before ?? [], now ?? [], rules).length > 0;
  };
  assert.ok(!differs('start\n10%\r60%\r100%\nend\n', 'start\n100%\nend\n'));
  assert.ok(!differs('10%\r100%\r', '50%\r100%'));
  assert.ok(!differs('wait|\b/\b-\bdone', 'wait-\bdone'));
  assert.ok(!differs('\x1b[2K\r10%\x1b[2K\r100%\n', '100%\r\n'));
  assert.ok(differs('10%\r60%', '10%\r100%'));
  assert.ok(differs('a\nb\rc', 'a\rc'));
});

it('half of a surrogate pair is the same as the character that stands for it in a saved notebook', () => {
  const rules = { sanitizers: [], tolerance: 0, ignoredMimes: [] };
  const shown = (text: string) => [
    { output_type: 'stream' as const, name: 'stdout' as const, text },
    { output_type: 'display_data' as const, data: { 'text/html': text, 'application/json': { [text]: [text] } }, metadata: {} },
    { output_type: 'error' as const, ename: 'Error', evalue: text, traceback: [] },
  ];
  assert.deepEqual(compareOutputs(shown('a\ufffd'), shown('a\ud83d'), rules), []);
  assert.equal(compareOutputs(shown('a'), shown('a\ud83d'), rules).length, 4);
});
