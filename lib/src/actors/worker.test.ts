import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { WorkerApp } from '../serve/host.js';
import { PooledWorker } from './worker.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const CALLS = 100;

/** What a call of the method `give` answers: a promise and a stream. */
type Response = Promise<unknown> & AsyncIterable<unknown> & { cancel(): void };

const responseOf = (result: Promise<unknown>, items: AsyncIterable<unknown>): Response =>
  Object.assign(result, { [Symbol.asyncIterator]: () => items[Symbol.asyncIterator](), cancel: () => {} });

function workerWith(remote: () => Response): PooledWorker {
  const app = { handle: () => ({ give: { remote } }) } as unknown as WorkerApp;
  return new PooledWorker({ app, pool: 'test-1', deployment: 'give', index: 0, onDied: () => {} });
}

describe('a worker', () => {
  it('does not keep the results and items that it has given', async () => {
    const given: WeakRef<object>[] = [];
    const give = (): object => {
      const result = new Uint8Array(1024);
      given.push(new WeakRef(result));
      return result;
    };
    async function* items(): AsyncGenerator<object> {
      for (let i = 0; i < CALLS; i += 1) yield give();
    }
    const worker = workerWith(() => responseOf(Promise.resolve(give()), items()));
    for (let i = 0; i < CALLS; i += 1) await worker.call('give', []);
    for await (const _ of worker.stream('give', []));
    await turn();
    collectGarbage();
    const kept = given.filter((one) => one.deref() !== undefined).length;
    assert.equal(given.length, 2 * CALLS + 1);
    assert.ok(kept < 10, `${kept} of ${given.length} are kept`);
    assert.equal(worker.isAlive, true);
  });

  it('rejects the calls and streams in progress when it ends, and those after that', async () => {
    const never = new Promise<never>(() => {});
    async function* one(): AsyncGenerator<number> {
      yield 1;
      await never;
    }
    const worker = workerWith(() => responseOf(new Promise(() => {}), one()));
    const code = 'NBS_WORKER_DEAD';
    const call = assert.rejects(worker.call('give', []), { code, message: /its pool was closed/ });
    const [waiting, paused] = [worker.stream('give', []), worker.stream('give', [])];
    for (const stream of [waiting, paused]) assert.equal((await stream.next()).value, 1);
    const next = assert.rejects(waiting.next(), { code });
    worker.end('its pool was closed');
    await Promise.all([call, next]);
    await assert.rejects(paused.next(), { code });
    await assert.rejects(worker.call('give', []), { code });
  });
});
