import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type InstanceInit, startInstance } from './start-instance.js';
import type { StartWatch } from './start-watch.js';

/** What the start says that it waits for, each time it waits for the constructor's work. */
async function stagesOf(userConfig?: unknown): Promise<string[]> {
  const stages: string[] = [];
  const watch = {
    stage: '',
    async settled() {
      stages.push(watch.stage);
    },
  };
  class Chat {
    reconfigure(): void {
      stages.push(watch.stage);
    }
  }
  const init = { app: 'a', deployment: 'Chat', ingress: false, config: { userConfig } } as unknown as InstanceInit;
  await startInstance(Chat, [], init, watch as unknown as StartWatch);
  return stages;
}

describe('the start of an instance', () => {
  it('names its reconfigure only while that runs', async () => {
    assert.deepEqual(await stagesOf(), ['what its constructor began']);
    assert.deepEqual(await stagesOf({}), ['its reconfigure', 'what its constructor began']);
  });
});
