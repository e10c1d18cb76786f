import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Sender } from './sender.js';

it('a sender keeps the order over a socket that is busy now and then, and closes when all is sent', async () => {
  const sent: string[] = [];
  let inTurn = 0;
  let busy = false;
  const sink = {
    closed: false,
    send(frames: (Buffer | string)[]): Promise<void> {
      if (busy) throw Object.assign(new Error('busy'), { code: 'EBUSY' });
      if (inTurn++ < 5) {
        sent.push(String(frames[0]));
        return Promise.resolve();
      }
      busy = true;
      return new Promise((resolve) => {
        setImmediate(() => {
          busy = false;
          inTurn = 0;
          sent.push(String(frames[0]));
          resolve();
        });
      });
    },
    close() {
      this.closed = true;
    },
  };
  const sender = new Sender(sink);
  for (let i = 0; i < 100; i += 1) sender.send([String(i)]);
  await sender.close();
  assert.deepEqual(
    sent,
    Array.from({ length: 100 }, (_, i) => String(i)),
  );
  assert.ok(sink.closed);
});
