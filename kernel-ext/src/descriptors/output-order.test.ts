import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { OutputOrder } from './output-order.js';

const SECRET = '\x1b_secret ';
const mark = (number: number): string => SECRET + number.toString(16).padStart(8, '0');

function ordered(): { order: OutputOrder<string>; seen: string[] } {
  const seen: string[] = [];
  const order = new OutputOrder<string>(SECRET, {
    text: (name, text) => seen.push(`${name === 'stdout' ? 1 : 2}:${text}`),
    message: (message) => seen.push(message),
    beginsCell: (message) => message.startsWith('cell'),
  });
  return { order, seen };
}

describe('the order of output', () => {
  it('is that of the marks, however late the messages come, and however the bytes are cut', () => {
    const bytes = Buffer.from(`é${mark(1)}b${mark(2)}\x1b_se`);
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      const { order, seen } = ordered();
      order.bytes(2, Buffer.from(`${mark(1)}${mark(2)}`));
      order.bytes(1, bytes.subarray(0, cut));
      order.bytes(1, bytes.subarray(cut));
      order.message(1, [1, 2], 'first');
      order.message(2, [1, 2], 'second');
      order.end();
      assert.deepEqual(seen, ['1:é', 'first', '1:b', 'second', '1:\x1b_se'], `cut at ${cut}`);
    }
  });

  it('delays a message until both descriptors have reached its mark', () => {
    const { order, seen } = ordered();
    order.message(1, [1, 2], 'message');
    order.bytes(1, Buffer.from(mark(1)));
    assert.deepEqual(seen, []);
    order.bytes(2, Buffer.from(`late${mark(1)}`));
    assert.deepEqual(seen, ['2:late', 'message']);
  });

  it('does not wait for a descriptor that is closed, nor for a message that was never sent', () => {
    const { order, seen } = ordered();
    order.message(1, [], 'first');
    order.bytes(1, Buffer.from(`${mark(2)}a${mark(3)}`));
    order.message(3, [1], 'third');
    assert.deepEqual(seen, ['first', '1:a', 'third']);
  });

  it('does not complete half a character of one cell with bytes of the next', () => {
    const { order, seen } = ordered();
    order.bytes(1, Buffer.concat([Buffer.from('caf'), Buffer.from([0xc3]), Buffer.from(mark(1)), Buffer.from([0xa9])]));
    order.message(1, [1], 'printed');
    order.bytes(1, Buffer.concat([Buffer.from([0xc3]), Buffer.from(mark(2)), Buffer.from('next')]));
    order.message(2, [1], 'cell 2');
    assert.deepEqual(seen, ['1:caf', 'printed', '1:é', '1:\ufffd', 'cell 2', '1:next']);
  });

  it('delivers the delayed messages when the process ends', () => {
    const { order, seen } = ordered();
    order.bytes(1, Buffer.from(`${mark(1)}after`));
    assert.deepEqual(seen, []);
    order.end();
    assert.deepEqual(seen, ['1:after']);
  });
});
