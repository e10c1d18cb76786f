import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Capture, type Captured, CaptureReader } from './capture.js';

function captures() {
  const sent: Captured[] = [];
  const reader = new CaptureReader((captured) => sent.push(captured));
  const open = () => {
    let text = '';
    const capture = new Capture((step) => reader.take(step), {
      begin: () => {
        text = '';
      },
      text: (name, more) => {
        text += `${name}:${more}`;
      },
    });
    const deliver = (): string => {
      for (const captured of sent) capture.got(captured);
      return text;
    };
    return { capture, deliver };
  };
  return { reader, open };
}

it('a capture gets the texts until its end, and forgets those before it was cleared', async () => {
  const { reader, open } = captures();
  assert.equal(reader.text('stdout', 'before'), false);
  const { capture, deliver } = open();
  assert.equal(reader.text('stdout', 'a'), true);
  capture.clear();
  reader.text('stderr', 'b');
  const ended = capture.end();
  assert.equal(reader.text('stdout', 'after'), false);
  assert.equal(deliver(), 'stderr:b');
  await ended;
});

it('a capture that a terminated cell has left open gets nothing more, and the next one nothing of it', () => {
  const { reader, open } = captures();
  open();
  reader.text('stdout', 'old');
  reader.cellBegins();
  assert.equal(reader.text('stdout', 'shown'), false);
  const { deliver } = open();
  reader.text('stdout', 'new');
  assert.equal(deliver(), 'stdout:new');
});
