import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { aboutInput, NbserveError } from '../core/index.js';
import { BadInference } from './errors.js';
import type { GrpcInferRequest } from './grpc-forms.js';
import { type RegisteredModel, Registry } from './registry.js';
import { Repository } from './repository.js';
import type { ModelState, RunningModels } from './running-models.js';

const failing = (status: number): Error =>
  new NbserveError({ code: 'NBS_TEST_FAILED', status, message: 'the replica OnnxModel#abc at /home/someone failed' });

/** Streams messages whose ids say with what the model fails. */
async function streamed(
  errors: Readonly<Record<string, unknown>>,
  ids: readonly string[],
  signal = new AbortController().signal,
) {
  const infer = (request: { id: string }): object => {
    if (request.id in errors) throw errors[request.id];
    return { version: '1', outputs: [], labels: {} };
  };
  const models = {
    call: async (_: string, work: (handle: object) => unknown) =>
      work({ infer: { remote: (_: string, request: { id: string }) => infer(request) } }),
  };
  const repository = new Repository(tmpdir(), models as unknown as RunningModels);
  const messages = async function* () {
    for (const id of ids)
      yield { modelName: 'm', modelVersion: '', id, inputs: [], outputs: [], rawInputContents: [] } as GrpcInferRequest;
  };
  const told: [string, string][] = [];
  for await (const { errorMessage, inferResponse } of repository.modelStreamInfer(messages(), { signal }))
    told.push([(inferResponse as { id: string }).id, errorMessage]);
  return told;
}

test('a message of a stream that fails is answered, and the stream goes on', async (t) => {
  const log = t.mock.method(console, 'error', () => {});
  const errors = {
    wrong: aboutInput(BadInference({ reason: 'no input x' })),
    busy: failing(503),
    slow: failing(504),
    memory: failing(507),
    bug: new TypeError('/home/someone/model is gone'),
  };
  assert.deepEqual(await streamed(errors, ['a', 'wrong', 'busy', 'slow', 'memory', 'bug', 'b']), [
    ['a', ''],
    ['wrong', 'no input x'],
    ['busy', 'the model is not available at the moment; try again later'],
    ['slow', 'the model took too long'],
    ['memory', 'the model failed; the log of the server says why'],
    ['bug', 'the model failed; the log of the server says why'],
    ['b', ''],
  ]);
  assert.deepEqual(
    log.mock.calls.map(({ arguments: [error] }) => error),
    [errors.busy, errors.slow, errors.memory, errors.bug],
  );
});

test('a model without replicas is not ready, and is not asked', async () => {
  let asked = 0;
  const ready = async (state: ModelState | undefined, error?: Error) => {
    const all = async () => new Map(state === undefined ? [] : [['m', { state, hasReplica: state === 'READY' }]]);
    const facts = async () => {
      asked += 1;
      if (error !== undefined) throw error;
    };
    const repository = new Repository(tmpdir(), { all, facts } as unknown as RunningModels);
    return (await repository.modelReady({ name: 'm', version: '1' })).ready;
  };
  const coded = (code: string, status: number) => new NbserveError({ code, status, message: code });
  assert.deepEqual([await ready('LOADING'), await ready('UNAVAILABLE'), await ready(undefined)], [false, false, false]);
  assert.equal(asked, 0);
  assert.equal(await ready('READY'), true);
  assert.equal(await ready('READY', coded('NBS_OIP_NO_VERSION', 404)), false);
  assert.equal(await ready('READY', coded('NBS_NO_REPLICA', 503)), false);
  await assert.rejects(ready('READY', coded('NBS_QUEUE_FULL', 503)), { code: 'NBS_QUEUE_FULL' });
});

test('a model that was scaled to zero is ready with the versions that it was served with, and no replica is started', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'nbs-repository-'));
  t.after(() => rmSync(dir, { recursive: true }));
  const spec = { name: 'm', versions: [{ version: '3' }] };
  new Registry(dir).add({ spec, application: 'm', deployment: {}, folder: null } as unknown as RegisteredModel);
  const models = {
    all: async () => new Map([['m', { state: 'READY', hasReplica: false }]]),
    facts: () => assert.fail('a replica was asked'),
  };
  const repository = new Repository(dir, models as unknown as RunningModels);
  const ready = await Promise.all(['', '3', '2'].map((version) => repository.modelReady({ name: 'm', version })));
  assert.deepEqual(
    ready.map((answer) => answer.ready),
    [true, true, false],
  );
});

test('a stream whose client has left ends with the error, which is not logged as a failure of the model', async (t) => {
  const log = t.mock.method(console, 'error', () => {});
  const gone = failing(503);
  await assert.rejects(streamed({ a: gone }, ['a', 'b'], AbortSignal.abort()), gone);
  assert.equal(log.mock.callCount(), 0);
});
