import assert from 'node:assert/strict';
import { once } from 'node:events';
import { it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { watchThread } from './lost-thread.js';

const ENDS = {
  'it throws': ["setTimeout(() => { throw new Error('boom'); });", /^Error: boom$/],
  'its heap is full': ['for (const all = []; ; ) all.push([1]);', /memory/],
  'it exits': ['process.exit(0);', /no reason/],
} as const;

for (const [name, [code, expected]] of Object.entries(ENDS)) {
  it(`a thread is lost if ${name}`, async () => {
    const worker = new Worker(code, { eval: true, resourceLimits: { maxOldGenerationSizeMb: 16 } });
    assert.match(await new Promise((lost) => watchThread(worker, () => false, lost)), expected);
  });
}

it('a thread that was asked to end is not lost', async () => {
  const worker = new Worker('0', { eval: true });
  watchThread(worker, () => true, assert.fail);
  await once(worker, 'exit');
});
