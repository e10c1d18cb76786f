import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { diffTexts } from './text-diff.js';

const numbers = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i));

describe('the lines that differ', () => {
  it('come with the lines around them', () => {
    const old = numbers(20);
    const now = old.with(5, 'five').with(15, 'fifteen');
    assert.deepEqual(diffTexts(old.join('\n'), now.join('\n')), [
      ...['  …', '  3', '  4', '- 5', '+ five', '  6', '  7'],
      ...['  …', '  13', '  14', '- 15', '+ fifteen', '  16', '  17', '  …'],
    ]);
  });

  it('are few if a line was added or removed', () => {
    assert.deepEqual(diffTexts('a\nb\nc', 'a\nc'), ['  a', '- b', '  c']);
    assert.deepEqual(diffTexts('a\nc\n', 'a\nb\nc\n'), ['  a', '+ b', '  c']);
  });

  it('do not contain lines that count as the same', () => {
    assert.deepEqual(
      diffTexts('x 1\ny', 'x 2\nz', (a, b) => a[0] === b[0]),
      ['  x 1', '- y', '+ z'],
    );
  });

  it('show the part of a long line that differs', () => {
    const [old, now] = diffTexts(`${'a'.repeat(1000)}x${'b'.repeat(1000)}`, `${'a'.repeat(1000)}y${'b'.repeat(1000)}`);
    assert.match(old ?? '', /^- …a+xb+…$/);
    assert.match(now ?? '', /^\+ …a+yb+…$/);
  });

  it('are found in large texts too, and not all are shown', () => {
    const lines = diffTexts(numbers(100_000).join('\n'), numbers(100_000).reverse().join('\n'));
    assert.equal(lines.length, 61);
    assert.match(lines.at(-1) ?? '', /^ {2}… and \d+ lines more$/);
  });
});
