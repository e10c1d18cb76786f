import assert from 'node:assert/strict';
import { it } from 'node:test';
import { type Captured, CaptureReader, Captures } from './capture.js';

function setUp() {
  const sent: Captured[] = [];
  const reader = new CaptureReader<string>((captured) => sent.push(captured));
  const captures = new Captures<string>();
  const open = (cell: string) => {
    let text = '';
    const capture = captures.begin(cell, (step) => reader.take(cell, step), {
      begin: () => {
        text = '';
      },
      text: (name, more) => {
        text += `${name}:${more}`;
      },
    });
    const deliver = (): string => {
      for (const captured of sent.splice(0)) captures.got(captured);
      return text;
    };
    return { capture, deliver };
  };
  return { reader, captures, open };
}

it('a capture gets the texts until its end, and forgets those before it was cleared', async () => {
  const { reader, open } = setUp();
  assert.equal(reader.text('1', 'stdout', 'before'), false);
  const { capture, deliver } = open('1');
  assert.equal(reader.text('1', 'stdout', 'a'), true);
  capture.clear();
  reader.text('1', 'stderr', 'b');
  capture.print('stdout', 'c');
  const ended = capture.end();
  capture.print('stdout', 'late');
  assert.equal(reader.text('1', 'stdout', 'after'), false);
  assert.equal(deliver(), 'stderr:bstdout:c');
  await ended;
});

it('each cell has a capture of its own', () => {
  const { reader, open } = setUp();
  const one = open('1');
  const two = open('2');
  one.capture.print('stdout', 'a');
  assert.equal(reader.text('2', 'stdout', 'b'), true);
  assert.equal(reader.text('3', 'stdout', 'shown'), false);
  assert.deepEqual([one.deliver(), two.deliver()], ['stdout:a', 'stdout:b']);
});

it('a capture that a terminated cell has left open ends with the cell', async () => {
  const { reader, captures, open } = setUp();
  const { capture, deliver } = open('1');
  captures.end('1');
  assert.equal(capture.isOver, true);
  assert.equal(reader.text('1', 'stdout', 'shown'), false);
  deliver();
  await capture.end();
});

it('the late end of one capture does not end the next', async () => {
  const { reader, open } = setUp();
  const old = open('1');
  const next = open('1');
  const ended = old.capture.end();
  assert.equal(reader.text('1', 'stdout', 'kept'), true);
  assert.equal(next.deliver(), 'stdout:kept');
  await ended;
});
