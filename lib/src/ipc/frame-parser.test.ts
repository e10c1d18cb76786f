import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { hasCode } from '../core/index.js';
import { ProtocolViolation } from './errors.js';
import { Flag, FrameType, HEADER_BYTES, MAX_HEAD, MAX_PAYLOAD } from './frame.js';
import { FrameParser, type FrameSink } from './frame-parser.js';
import { FrameWriter } from './frame-writer.js';

interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly head: string;
  readonly body: string;
}

class Frames implements FrameSink {
  readonly seen: Frame[] = [];

  onFrame(type: number, flags: number, stream: number, bytes: Buffer, head: number, body: number, end: number): void {
    this.seen.push({ type, flags, stream, head: bytes.toString('utf8', head, body), body: bytes.toString('latin1', body, end) });
  }
}

/** The frames that the parser makes of the chunks. */
function parse(chunks: readonly Buffer[]): Frame[] {
  const frames = new Frames();
  const parser = new FrameParser(frames);
  for (const chunk of chunks) parser.feed(chunk);
  return frames.seen;
}

function sample(): Buffer {
  const writer = new FrameWriter();
  writer.head(FrameType.REQUEST, 1, '{"kind":"método"}', Buffer.from('body'), true, 100);
  writer.bare(FrameType.STARTED, 0xfffffffe);
  writer.window(2, 65536);
  writer.text(FrameType.CANCEL, 3, 'raison: €');
  writer.data(FrameType.DATA, Flag.END, 1, Buffer.from('xyz'), 1, 3);
  return Buffer.concat(writer.take());
}

const SAMPLE: readonly Frame[] = [
  { type: FrameType.REQUEST, flags: Flag.END, stream: 1, head: '{"kind":"método"}', body: 'body' },
  { type: FrameType.STARTED, flags: 0, stream: 0xfffffffe, head: '', body: '' },
  { type: FrameType.WINDOW, flags: 0, stream: 2, head: '', body: '\0\0\x01\0' },
  { type: FrameType.CANCEL, flags: 0, stream: 3, head: 'raison: €', body: '' },
  { type: FrameType.DATA, flags: Flag.END, stream: 1, head: '', body: 'yz' },
];

test('frames come out as they went in, split at every byte', () => {
  const bytes = sample();
  assert.deepEqual(parse([bytes]), SAMPLE);
  for (let at = 0; at <= bytes.length; at += 1) assert.deepEqual(parse([bytes.subarray(0, at), bytes.subarray(at)]), SAMPLE);
  assert.deepEqual(parse([...bytes].map((byte) => Buffer.from([byte]))), SAMPLE);
});

test('any frames, cut anywhere, come out the same', () => {
  const frame = fc.record({
    stream: fc.integer({ min: 0, max: 0xffffffff }),
    head: fc.string({ unit: 'grapheme', maxLength: 300 }),
    body: fc.uint8Array({ maxLength: 3000 }),
    end: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 20 }), fc.array(fc.nat({ max: 4000 }), { maxLength: 60 }), (frames, cuts) => {
      const writer = new FrameWriter();
      for (const { stream, head, body, end } of frames) writer.head(FrameType.REQUEST, stream, head, body, end, body.length);
      let rest = Buffer.concat(writer.take());
      const chunks: Buffer[] = [];
      for (const cut of cuts) {
        chunks.push(rest.subarray(0, cut));
        rest = rest.subarray(Math.min(cut, rest.length));
      }
      const expected = frames.map(({ stream, head, body, end }) => ({
        type: FrameType.REQUEST as number,
        flags: end ? Flag.END : Flag.NONE,
        stream,
        head,
        body: Buffer.from(body).toString('latin1'),
      }));
      assert.deepEqual(parse([...chunks, rest]), expected);
    }),
    { numRuns: 100 },
  );
});

/** What one stream carries, with the pieces of each body joined. */
function joined(frames: readonly Frame[]): Frame[] {
  const whole: Frame[] = [];
  let isOpen = false;
  for (const frame of frames) {
    const before = whole.at(-1);
    if (isOpen && frame.type === FrameType.DATA && before !== undefined)
      whole[whole.length - 1] = { ...before, flags: frame.flags, body: before.body + frame.body };
    else whole.push(frame);
    isOpen = frame.flags === Flag.NONE;
  }
  return whole;
}

test('a large body that spans chunks comes out in pieces, before all of it has arrived', () => {
  const writer = new FrameWriter();
  const body = Buffer.from(Uint8Array.from({ length: 150_000 }, (_, i) => i % 251));
  const head = '{"kind":"method"}';
  const taken = writer.head(FrameType.REQUEST, 7, head, body, true, body.length);
  for (let at = taken; at < body.length; at += MAX_PAYLOAD) {
    const to = Math.min(at + MAX_PAYLOAD, body.length);
    writer.data(FrameType.DATA, to === body.length ? Flag.END : Flag.NONE, 7, body, at, to);
  }
  const bytes = Buffer.concat(writer.take());
  const expected = [{ type: FrameType.REQUEST, flags: Flag.END, stream: 7, head, body: body.toString('latin1') }];
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 70_000 }), { maxLength: 20 }), (cuts) => {
      const chunks: Buffer[] = [];
      let at = 0;
      for (const cut of cuts) {
        chunks.push(bytes.subarray(at, at + cut));
        at += cut;
      }
      const frames = parse([...chunks, bytes.subarray(at)]);
      assert.deepEqual(joined(frames), expected);
      assert.ok(frames.slice(0, -1).every(({ flags }) => flags === Flag.NONE));
    }),
    { numRuns: 50 },
  );
  assert.equal(parse([bytes.subarray(0, 30_000)])[0]?.body.length, 30_000 - HEADER_BYTES - head.length);
});

test('a call that is one frame, and any other frame that carries no piece of a body, stays whole', () => {
  for (const type of [FrameType.REQUEST, FrameType.RESPONSE, FrameType.ERROR, FrameType.NOTIFY]) {
    const writer = new FrameWriter();
    writer.head(type, 1, 'h'.repeat(20_000), Buffer.alloc(20_000, 'b'), true, 20_000);
    const bytes = Buffer.concat(writer.take());
    for (const at of [5, 100, 25_000]) {
      const frames = parse([bytes.subarray(0, at), bytes.subarray(at)]);
      assert.deepEqual(
        frames.map(({ head, body }) => [head.length, body.length]),
        [[20_000, 20_000]],
      );
    }
  }
});

test('nothing of a large frame comes out after a stop', () => {
  const frames = new Frames();
  const parser = new FrameParser(frames);
  const writer = new FrameWriter();
  writer.data(FrameType.DATA, Flag.END, 1, Buffer.alloc(40_000), 0, 40_000);
  const bytes = Buffer.concat(writer.take());
  parser.feed(bytes.subarray(0, 20_000));
  parser.stop();
  parser.feed(bytes.subarray(20_000));
  assert.equal(frames.seen.length, 1);
});

test('a frame of the largest size passes, and takes of the body what fits', () => {
  const writer = new FrameWriter();
  const head = 'h'.repeat(1000);
  assert.equal(writer.head(FrameType.REQUEST, 1, head, Buffer.alloc(70_000, 'b'), true, 1e6), MAX_PAYLOAD - 1000);
  const [frame] = parse(writer.take());
  assert.equal(frame?.flags, Flag.NONE, 'the body has not ended');
  assert.equal(frame?.body.length, MAX_PAYLOAD - 1000);
});

test('a head over its limit is not written', () => {
  const writer = new FrameWriter();
  assert.equal(writer.head(FrameType.REQUEST, 1, 'h'.repeat(MAX_HEAD + 1), null, true, 0), -1);
  assert.equal(writer.head(FrameType.REQUEST, 1, '€'.repeat(MAX_HEAD / 2), null, true, 0), -1);
  assert.equal(writer.head(FrameType.REQUEST, 1, '€'.repeat(Math.floor(MAX_HEAD / 3)), null, true, 0), 0);
  assert.equal(parse(writer.take()).length, 1);
});

test('a long text goes over several frames and loses nothing', () => {
  const writer = new FrameWriter();
  const text = 'é'.repeat(200_000);
  writer.text(FrameType.NOTIFY, 0, text);
  const frames = parse(writer.take());
  assert.deepEqual(new Set(frames.slice(0, -1).map(({ flags }) => flags)), new Set([Flag.MORE]));
  assert.equal(frames.at(-1)?.flags, Flag.NONE);
  assert.equal(Buffer.from(frames.map(({ body }) => body).join(''), 'latin1').toString(), text);
});

test('the slab is used again without touching what was taken before', () => {
  const writer = new FrameWriter();
  for (let round = 0; round < 20; round += 1) {
    writer.data(FrameType.DATA, Flag.NONE, round, Buffer.alloc(60_000, round), 0, 60_000);
    const taken = writer.take();
    assert.equal(parse(taken)[0]?.stream, round);
    if (round % 3 === 0) writer.recycle();
  }
});

test('garbage ends in one coded error, and nothing is read after it', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: HEADER_BYTES, maxLength: 2000 }), (garbage) => {
      const frames = new Frames();
      const parser = new FrameParser(frames);
      try {
        parser.feed(Buffer.from(garbage));
      } catch (error) {
        assert.ok(hasCode(error, ProtocolViolation));
        const before = frames.seen.length;
        parser.feed(sample());
        assert.equal(frames.seen.length, before);
      }
    }),
  );
});

test('a header over the limits is refused before its payload is waited for', () => {
  const header = (payload: number, type: number, head: number): Buffer => {
    const bytes = Buffer.alloc(HEADER_BYTES);
    bytes.writeUInt32LE(payload, 0);
    bytes[4] = type;
    bytes.writeUInt16LE(head, 6);
    return bytes;
  };
  for (const bad of [
    header(MAX_PAYLOAD + 1, FrameType.DATA, 0),
    header(10, 99, 0),
    header(10, 0, 0),
    header(5, FrameType.REQUEST, 6),
  ]) {
    assert.throws(
      () => parse([bad]),
      (error) => hasCode(error, ProtocolViolation),
    );
    const frames = new Frames();
    const parser = new FrameParser(frames);
    parser.feed(bad.subarray(0, 5));
    assert.throws(
      () => parser.feed(bad.subarray(5)),
      (error) => hasCode(error, ProtocolViolation),
    );
    parser.feed(sample());
    assert.equal(frames.seen.length, 0);
  }
});
