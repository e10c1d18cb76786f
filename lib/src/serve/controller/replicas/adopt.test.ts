import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HandClock } from '../../../core/hand-clock.test-support.js';
import type { Engine, ProcessInfo } from '../../../engine/index.js';
import { ConnectFailed, DeadlineExceeded } from '../../../ipc/index.js';
import { ActualState } from './actual.js';
import { adoptRunning } from './adopt.js';
import type { ReplicaControl } from './replica-control.js';

const log = { info: () => {}, warn: () => {} };
const ready = { methods: ['fetch'], http: true };
const self = { state: 'RUNNING', ongoing: 0, app: 'one', deployment: 'Chat', replicaHash: 'h', ready };
const replica = (more: object): ProcessInfo =>
  ({ id: 'one/Chat#1', role: 'replica', label: 'Chat#1', pid: 7, state: 'RUNNING', startedAt: 0, ...more }) as ProcessInfo;

/** @returns the replicas that were taken over, and those that were ended */
async function adopt(process: ProcessInfo, connect: () => Promise<ReplicaControl>) {
  const adopted: string[] = [];
  const ended: string[] = [];
  const actual = new ActualState(log);
  await adoptRunning({
    dir: '/cluster',
    engine: { list: async () => [process], stop: async (id: string) => void ended.push(id) } as unknown as Engine,
    connectControl: connect,
    clock: new HandClock(),
    log,
    actual,
    executor: { adopt: (id: string) => void adopted.push(id) } as never,
    spares: { endForeign: async () => {} } as never,
  });
  assert.equal(actual.replicas.size, adopted.length);
  return { adopted, ended };
}

const rejects = (error: Error) => () => Promise.reject(error);
const silent = (error: Error) => async () =>
  ({ status: () => Promise.reject(error), close: () => {}, closed: new Promise(() => {}) }) as unknown as ReplicaControl;
const late = DeadlineExceeded({ what: 'status', timeoutMs: 3000 });
const noAnswer = (code: string) => ConnectFailed({ address: '/s', reason: code }, Object.assign(new Error(code), { code }));

for (const [what, connect] of [
  ['its status', silent(late)],
  ['connections', rejects(noAnswer('ETIMEDOUT'))],
] as const) {
  test(`a replica that does not answer ${what} in time is taken over by what it said of itself`, async () => {
    assert.deepEqual(await adopt(replica({ self }), connect), { adopted: ['one/Chat#1'], ended: [] });
    assert.deepEqual(await adopt(replica({}), connect), { adopted: [], ended: ['one/Chat#1'] });
    const starting = replica({ self: { ...self, state: 'INITIALIZING' } });
    assert.deepEqual(await adopt(starting, connect), { adopted: [], ended: ['one/Chat#1'] });
  });
}

test('a replica that refuses is ended', async () => {
  assert.deepEqual(await adopt(replica({ self }), rejects(noAnswer('ECONNREFUSED'))), { adopted: [], ended: ['one/Chat#1'] });
});
