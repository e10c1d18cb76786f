import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nameOfOwnModule, urlOfOwnModule } from './own-modules.js';

describe('a module of nbserve', () => {
  it('is named without the folder of nbserve, which another machine may have elsewhere', () => {
    const url = new URL('../data/batch-worker.js', import.meta.url).href;
    const name = nameOfOwnModule(url);
    assert.equal(name, 'nbserve:data/batch-worker.js');
    assert.equal(urlOfOwnModule(name), url);
  });

  it('of others is named by its URL', () => {
    const url = 'file:///home/me/worker.js';
    assert.equal(urlOfOwnModule(nameOfOwnModule(url)), url);
  });
});
