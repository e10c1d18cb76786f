import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import fc from 'fast-check';
import { chunks, StreamBuffer, type StreamText } from './stream-buffer.js';

const LONE_SURROGATE = /\p{Surrogate}/u;

describe('chunks', () => {
  it('join to the text, keep the limit, and break no surrogate pair', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), fc.integer({ min: 2, max: 20 }), (text, limit) => {
        const pieces = chunks(text, limit);
        assert.equal(pieces.join(''), text);
        for (const piece of pieces) {
          assert.ok(piece.length <= limit);
          assert.ok(!LONE_SURROGATE.test(piece) || LONE_SURROGATE.test(text));
        }
      }),
    );
  });
});

describe('StreamBuffer', () => {
  it('joins prints of one cell and stream, and sends before another begins', () => {
    const sent: StreamText[] = [];
    const buffer = new StreamBuffer((piece) => sent.push(piece));
    const print = (name: 'stdout' | 'stderr', text: string, parent: string): void => buffer.add({ name, text, parent });
    print('stdout', 'a', '1');
    print('stdout', 'b', '1');
    assert.equal(sent.length, 0);
    print('stderr', 'c', '1');
    print('stderr', 'd', '2');
    buffer.flush();
    buffer.flush();
    assert.deepEqual(
      sent.map(({ name, text, parent }) => [name, text, parent]),
      [
        ['stdout', 'ab', '1'],
        ['stderr', 'c', '1'],
        ['stderr', 'd', '2'],
      ],
    );
  });

  it('keeps half of a surrogate pair for the print that brings the other half, but not beyond another message', () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    const sent: string[] = [];
    const buffer = new StreamBuffer(({ text }) => sent.push(text));
    const print = (text: string): void => {
      buffer.add({ name: 'stdout', text, parent: '1' });
      mock.timers.tick(20);
    };
    print('a\ud83d');
    assert.deepEqual(sent.splice(0), ['a']);
    print('\ude00b');
    assert.deepEqual(sent.splice(0), ['😀b']);
    print('\ud83d');
    assert.deepEqual(sent.splice(0), []);
    buffer.flush();
    print('\ude00');
    assert.deepEqual(sent, ['\ud83d', '\ude00']);
    mock.timers.reset();
  });

  it('sends by itself after a short time', async () => {
    await new Promise<void>((resolve) => new StreamBuffer(() => resolve()).add({ name: 'stdout', text: 'x', parent: '' }));
  });
});
