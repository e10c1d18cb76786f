import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync } from 'node:fs';
import { it } from 'node:test';
import { makePipes, OutputOrder, PipeReaders } from './index.js';

const SIZE = 1_000_000;

it('while pipes are paused, each sip delivers a little, until whoever prints has ended', async () => {
  let units = 0;
  const text = (_name: string, piece: string): void => {
    units += piece.length;
  };
  const order = new OutputOrder('secret', { text, message: () => {}, beginsCell: () => false });
  const pipes = makePipes(2);
  const readers = new PipeReaders(
    pipes.map(({ readFd }) => readFd),
    order,
  );
  const print = () => {
    const [out, err] = pipes.map(({ writeFd }) => writeFd);
    return once(spawn('head', ['-c', String(SIZE), '/dev/zero'], { stdio: ['ignore', out, err] }), 'exit');
  };
  for (const pipe of readers.pipes) pipe.pause();
  let ended = false;
  const exit = print().finally(() => {
    ended = true;
  });
  let most = 0;
  while (!ended || units < SIZE) {
    const before = units;
    for (const pipe of readers.pipes) pipe.sip();
    most = Math.max(most, units - before);
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.deepEqual([await exit, units], [[0, null], SIZE]);
  assert.ok(most < SIZE / 4, `${most} in one sip`);

  for (const pipe of readers.pipes) pipe.resume();
  assert.deepEqual(await print(), [0, null]);
  readers.finish();
  assert.equal(units, 2 * SIZE);
  for (const { writeFd } of pipes) closeSync(writeFd);
});
