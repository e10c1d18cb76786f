import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LineSplitter } from './line-splitter.js';

function split(chunks: readonly Buffer[], maxBytes?: number): string[] {
  const lines: string[] = [];
  const splitter = new LineSplitter((line) => lines.push(line), maxBytes);
  for (const chunk of chunks) splitter.push(chunk);
  splitter.flush();
  return lines;
}

test('lines are complete wherever the bytes are cut', () => {
  const line = fc.string({ unit: 'grapheme' }).filter((text) => !/[\n\r]/.test(text));
  fc.assert(
    fc.property(fc.array(line, { minLength: 1 }), fc.array(fc.nat(30)), (lines, sizes) => {
      const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(''));
      const chunks: Buffer[] = [];
      let at = 0;
      for (const size of sizes) {
        chunks.push(bytes.subarray(at, at + size));
        at += size;
      }
      chunks.push(bytes.subarray(at));
      assert.deepEqual(
        split(chunks),
        lines.map((text) => Buffer.from(text).toString()),
      );
    }),
  );
});

test('a last line without its end is flushed, CRLF is a line end, empty lines stay', () => {
  assert.deepEqual(split([Buffer.from('a\r\n\nlast')]), ['a', '', 'last']);
  assert.deepEqual(split([]), []);
  assert.deepEqual(split([Buffer.from('a\n')]), ['a']);
});

test('a long line comes in pieces of bounded size, cut between characters, nothing lost', () => {
  const text = 'ä€😀x'.repeat(50);
  const bytes = Buffer.from(`${text}\nnext\n`);
  for (const size of [1, 7, bytes.length]) {
    const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size));
    const lines = split(chunks, 16);
    assert.equal(lines.slice(0, -1).join(''), text);
    assert.equal(lines.at(-1), 'next');
    for (const line of lines) assert.ok(Buffer.byteLength(line) <= 16 && !line.includes('\ufffd'), line);
  }
});
