import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LessonProgress } from './lesson-progress.js';

function shown(isTTY: boolean) {
  const texts: string[] = [];
  const clock = { ms: 0 };
  const progress = new LessonProgress({ isTTY, columns: 20, write: (text) => texts.push(text) }, () => clock.ms);
  return { texts, clock, progress };
}

describe('progress of lessons', () => {
  it('is a line that changes in a terminal, is never wider than it, and is gone at the end', () => {
    const { texts, progress } = shown(true);
    progress.onCell('03-chat.ipynb', 1, 9);
    progress.onCell('03-chat.ipynb', 2, 9);
    progress.onCell('10-serving-challenges.ipynb', 2, 9);
    progress.onEnd();
    const line = '\r\x1b[K';
    const long = '10-serving-challeng';
    assert.deepEqual(texts, [`${line}03-chat: cell 1 of `, `${line}03-chat: cell 2 of `, `${line}${long}`, line]);
  });

  it('is in a log a line when a lesson begins, and one each half minute', () => {
    const { texts, clock, progress } = shown(false);
    for (const [number, ms] of [0, 10_000, 29_999, 31_000, 60_000, 61_000].entries()) {
      clock.ms = ms;
      progress.onCell('a.ipynb', number + 1, 6);
    }
    progress.onEnd();
    progress.onCell('b.ipynb', 1, 2);
    assert.deepEqual(texts, ['a: cell 1 of 6\n', 'a: cell 4 of 6\n', 'a: cell 6 of 6\n', 'b: cell 1 of 2\n']);
  });
});
