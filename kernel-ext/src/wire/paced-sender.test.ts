import assert from 'node:assert/strict';
import { it } from 'node:test';
import { logTo } from './index.js';
import { PacedSender } from './paced-sender.js';

/**
 * A socket with one subscriber, as in libzmq (`pipe.cpp`, `dist.cpp`): if the queue was full, it has room again only when half of it has been read, and a
 * subscriber that has lost a message gets nothing, and is not waited for, until then.
 */
class Subscribed {
  closed = false;
  noDrop = true;
  readonly got: string[] = [];
  readonly #limit: number;
  #read = 0;
  /** The {@link #read} that the sender knows. */
  #told = 0;
  #isActive = true;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get isFull(): boolean {
    return this.got.length - this.#told >= this.#limit;
  }

  /** The subscriber reads a message, if there is one. */
  read(): void {
    if (this.#read === this.got.length) return;
    this.#read += 1;
    if (this.#read % Math.ceil(this.#limit / 2) !== 0) return;
    this.#told = this.#read;
    this.#isActive = true;
  }

  async send([text]: readonly unknown[]): Promise<void> {
    if (!this.#isActive) return;
    if (!this.isFull) this.got.push(String(text));
    else if (this.noDrop) throw Object.assign(new Error('full'), { code: 'EAGAIN' });
    else this.#isActive = false;
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
    socket.read();
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
  for (let read = 0; read < 3; read += 1) socket.read();
  sender.send(['x']);
  await sender.close();
  assert.deepEqual(socket.got, ['a', 'b', 'c', 'x']);
});

/** A clock that goes on by 5 ms with each look, and the time that has passed. */
function clock(): () => number {
  let now = 0;
  return () => {
    now += 5;
    return now;
  };
}

it('waits once for those that read nothing, however often they come', async () => {
  logTo(1);
  const now = clock();
  const begun = now();
  const socket = new Subscribed(0);
  // As many strangers as there are messages, each of whom is full.
  const { send } = socket;
  socket.send = (frames) =>
    socket.noDrop ? Promise.reject(Object.assign(new Error('full'), { code: 'EAGAIN' })) : send.call(socket, frames);
  const sender = new PacedSender(socket, 500, now);
  for (const letter of letters) sender.send([letter]);
  await new Promise<void>((resolve) => sender.whenSent(resolve));
  assert.ok(now() - begun < 500 + letters.length * 150);
  await sender.close();
});

it('loses nothing for a subscriber that reads slowly while another reads nothing', async () => {
  logTo(1);
  const socket = new Subscribed(4);
  // The time for half a queue is 2 reads of 80 ms, and nobody waits longer than 200 ms.
  const sender = new PacedSender(socket, 1000, clock());
  let full = 0;
  const { send } = socket;
  let stopped = true;
  socket.send = async (frames) => {
    // First the other subscriber is full.
    if (stopped && socket.noDrop) throw Object.assign(new Error('full'), { code: 'EAGAIN' });
    if (stopped) {
      stopped = false;
      return;
    }
    if (socket.isFull) {
      full += 1;
      if (full % 16 === 0) socket.read();
    }
    return send.call(socket, frames);
  };
  sender.send(['lost']);
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
