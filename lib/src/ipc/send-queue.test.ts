import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SMALL_BYTES } from './byte-queue.js';
import { Flag, MAX_PAYLOAD, WINDOW_BYTES } from './frame.js';
import { FrameParser } from './frame-parser.js';
import { FrameWriter } from './frame-writer.js';
import { SendQueue, SendStream } from './send-queue.js';

/** A queue in front of a connection that takes `room` bytes at a time. */
class Connection {
  readonly frames: { stream: number; length: number; end: boolean; text: string }[] = [];
  readonly writer = new FrameWriter();
  readonly queue: SendQueue;
  readonly #parser: FrameParser;

  constructor(room = Number.POSITIVE_INFINITY) {
    const onFrame = (_: number, flags: number, stream: number, bytes: Buffer, _head: number, body: number, end: number): void => {
      this.frames.push({ stream, length: end - body, end: (flags & Flag.END) !== 0, text: bytes.toString('latin1', body, end) });
    };
    this.#parser = new FrameParser({ onFrame });
    this.queue = new SendQueue(
      this.writer,
      () => {},
      () => this.writer.pending >= room,
    );
  }

  stream(id: number): SendStream {
    return new SendStream(id, this.queue, { onSendDrain: () => {}, onSent: () => {} });
  }

  flush(): void {
    this.queue.pump();
    for (const chunk of this.writer.take()) this.#parser.feed(chunk);
    this.writer.recycle();
  }

  sent(stream: number): number {
    return this.frames.filter((frame) => frame.stream === stream).reduce((sum, frame) => sum + frame.length, 0);
  }
}

test('a stream never sends beyond its credit, and all of it once granted', () => {
  const step = fc.oneof(
    fc.record({ write: fc.integer({ min: 0, max: 3 * MAX_PAYLOAD }) }),
    fc.record({ grant: fc.integer({ min: 1, max: WINDOW_BYTES }) }),
    fc.constant('flush' as const),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const connection = new Connection();
      const stream = connection.stream(1);
      let allowed = WINDOW_BYTES;
      let written = '';
      for (const each of steps) {
        if (each === 'flush') connection.flush();
        else if ('grant' in each) {
          allowed += each.grant;
          stream.grant(each.grant);
        } else {
          const chunk = Buffer.alloc(each.write, String.fromCharCode(97 + (written.length % 26)));
          written += chunk.toString('latin1');
          stream.write(chunk);
          chunk.fill(0);
        }
        assert.ok(connection.sent(1) <= allowed);
      }
      stream.end();
      stream.grant(written.length);
      connection.flush();
      assert.equal(connection.frames.map(({ text }) => text).join(''), written);
      assert.deepEqual(connection.frames.filter(({ end }) => end).length, 1, 'END is sent once');
      assert.ok(connection.frames.at(-1)?.end);
      assert.ok(connection.frames.every(({ length }) => length <= MAX_PAYLOAD));
    }),
    { numRuns: 60 },
  );
});

test('streams take turns, one frame each', () => {
  const connection = new Connection(MAX_PAYLOAD);
  const streams = [1, 3, 5].map((id) => connection.stream(id));
  for (const stream of streams) stream.write(Buffer.alloc(4 * MAX_PAYLOAD));
  for (let i = 0; i < 12; i += 1) connection.flush();
  assert.deepEqual(
    connection.frames.map(({ stream }) => stream),
    [1, 3, 5, 1, 3, 5, 1, 3, 5, 1, 3, 5],
  );
});

test('a stream without credit does not hold up the others', () => {
  const connection = new Connection();
  const [slow, quick] = [connection.stream(1), connection.stream(3)];
  slow.write(Buffer.alloc(WINDOW_BYTES * 2));
  connection.flush();
  assert.equal(connection.sent(1), WINDOW_BYTES);
  quick.write(Buffer.from('hello'));
  quick.end();
  connection.flush();
  assert.equal(connection.sent(3), 5);
});

test('a write of a stream in nobody’s way goes out at once; one beyond its credit asks for a pause and says when it is over', () => {
  const connection = new Connection();
  let drained = 0;
  const stream = new SendStream(1, connection.queue, { onSendDrain: () => (drained += 1), onSent: () => {} });
  assert.equal(stream.write(Buffer.alloc(SMALL_BYTES)), true);
  assert.equal(connection.writer.pending > SMALL_BYTES, true);
  assert.equal(stream.write(Buffer.alloc(WINDOW_BYTES + MAX_PAYLOAD)), false);
  connection.flush();
  assert.equal(drained, 0);
  stream.grant(WINDOW_BYTES);
  connection.flush();
  assert.equal(drained, 1);
});

test('small pieces of one turn leave as one frame, even if streams write by turns', () => {
  const connection = new Connection();
  const streams = [1, 3].map((id) => connection.stream(id));
  for (let i = 0; i < 1000; i += 1) for (const stream of streams) stream.write(Buffer.from('x'));
  streams[1]?.end();
  connection.flush();
  assert.deepEqual(
    connection.frames.map(({ stream, length, end }) => [stream, length, end]),
    [
      [1, 1000, false],
      [3, 1000, true],
    ],
  );
});

test('a stream that fails sends first what may leave', () => {
  const connection = new Connection();
  const stream = connection.stream(1);
  stream.write(Buffer.from('so far'));
  stream.sendRest();
  stream.abandon();
  connection.flush();
  assert.deepEqual(
    connection.frames.map(({ text }) => text),
    ['so far'],
  );
});

test('an abandoned stream sends nothing more', () => {
  const connection = new Connection();
  const stream = connection.stream(1);
  stream.write(Buffer.alloc(2 * MAX_PAYLOAD));
  stream.abandon();
  stream.end();
  stream.grant(1000);
  connection.flush();
  assert.deepEqual(connection.frames, []);
});
