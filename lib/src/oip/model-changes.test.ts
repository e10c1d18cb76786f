import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ModelChanges } from './model-changes.js';

/** Work that goes on until it is ended. */
const endless = (signal: AbortSignal): Promise<void> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
const unloaded = { code: 'NBS_OIP_LOAD_FAILED', message: /a could not be loaded: it was unloaded before it was ready/ };

test('an unload ends the loads of its model that came before it, and those that come later are done', async () => {
  const changes = new ModelChanges();
  const done: string[] = [];
  const note = (text: string) => async () => void done.push(text);
  const running = changes.load('a', endless);
  const waiting = changes.load('a', note('a second'));
  const other = changes.load('b', note('b'));
  const unloading = changes.unload('a', async (hadLoad) => void done.push(`a unloaded ${hadLoad}`));
  const later = changes.load('a', note('a later'));
  await Promise.all([assert.rejects(running, unloaded), assert.rejects(waiting, unloaded), other, unloading, later]);
  assert.deepEqual(done, ['b', 'a unloaded true', 'a later']);
  await changes.unload('a', async (hadLoad) => void done.push(`a unloaded ${hadLoad}`));
  assert.equal(done.at(-1), 'a unloaded false');
});

test('two loads of a model are done one after the other, and each has its own error', async () => {
  const changes = new ModelChanges();
  const done: string[] = [];
  const first = changes.load('a', async () => {
    await new Promise(setImmediate);
    done.push('first');
    throw new Error('of the first');
  });
  const second = changes.load('a', async () => void done.push('second'));
  await Promise.all([assert.rejects(first, /of the first/), second]);
  assert.deepEqual(done, ['first', 'second']);
});
