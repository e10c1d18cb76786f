import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Channel } from '../../ipc/index.js';
import { Routers } from './routers.js';

test('a router that does not read counts as one that waits, and is not asked', async () => {
  const routers = new Routers();
  let asked = 0;
  const call = async (): Promise<number> => {
    asked += 1;
    return 0;
  };
  for (const isBehind of [false, true]) {
    routers.attach({ isBehind, call, closed: new Promise(() => {}) } as unknown as Channel);
    assert.deepEqual([await routers.isAwaited('r'), asked], isBehind ? [true, 2] : [false, 1]);
  }
});
