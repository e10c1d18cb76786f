import assert from 'node:assert/strict';
import { it } from 'node:test';
import { logTo } from './index.js';
import { PacedSender } from './paced-sender.js';

/** A socket with one subscriber, whose queue has room for `room` messages. */
class Subscribed {
  closed = false;
  noDrop = true;
  readonly got: string[] = [];
  room: number;

  constructor(room: number) {
    this.room = room;
  }

  async send([text]: readonly unknown[]): Promise<void> {
    if (this.room === 0) {
      if (this.noDrop) throw Object.assign(new Error('full'), { code: 'EAGAIN' });
      return;
    }
    this.room -= 1;
    this.got.push(String(text));
  }

  close(): void {
    this.closed = true;
  }
}

const letters = [...'abcdefgh'];

it('waits for a subscriber that reads slowly: it gets everything in order', async () => {
  const socket = new Subscribed(3);
  const sender = new PacedSender(socket);
  for (const letter of letters) sender.send([letter]);
  const sent = new Promise<number>((resolve) => sender.whenSent(() => resolve(socket.got.length)));
  while (socket.got.length < letters.length) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    if (socket.room === 0) socket.room = 1;
  }
  assert.equal(await sent, letters.length);
  await sender.close();
  assert.deepEqual([socket.got, socket.closed], [letters, true]);
});

it('goes on without a subscriber that reads nothing for a while', async () => {
  logTo(1);
  const socket = new Subscribed(3);
  const sender = new PacedSender(socket, 20);
  for (const letter of letters) sender.send([letter]);
  await new Promise<void>((resolve) => sender.whenSent(resolve));
  socket.room = 2;
  sender.send(['x']);
  await sender.close();
  assert.deepEqual(socket.got, ['a', 'b', 'c', 'x']);
});

it('waits once for those that read nothing, however often they come', async () => {
  logTo(1);
  const socket = new Subscribed(0);
  const sender = new PacedSender(socket, 500);
  const begun = performance.now();
  for (const letter of letters) sender.send([letter]);
  await new Promise<void>((resolve) => sender.whenSent(resolve));
  assert.ok(performance.now() - begun < 2 * 500 + letters.length * 200);
  await sender.close();
});

it('loses nothing for a subscriber that reads slowly while another reads nothing', async () => {
  logTo(1);
  const socket = new Subscribed(0);
  const sender = new PacedSender(socket, 1000);
  sender.send(['lost']);
  await new Promise<void>((resolve) => sender.whenSent(resolve));
  const { send } = socket;
  let tries = 0;
  socket.send = (frames) => {
    tries += 1;
    if (tries % 8 === 0) socket.room = 1;
    return send.call(socket, frames);
  };
  for (const letter of letters) sender.send([letter]);
  await new Promise<void>((resolve) => sender.whenSent(resolve));
  await sender.close();
  assert.deepEqual(socket.got, letters);
});

it('does not wait when the kernel ends', async () => {
  const socket = new Subscribed(1);
  const sender = new PacedSender(socket);
  for (const letter of letters) sender.send([letter]);
  await sender.close();
  assert.deepEqual([socket.got, socket.closed], [['a'], true]);
});
