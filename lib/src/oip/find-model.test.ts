import assert from 'node:assert/strict';
import fs, { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, mock, test } from 'node:test';
import { ModelElsewhere } from './errors.js';
import { controlModeOf, findModel, forClients, namesIn } from './find-model.js';
import { modelsIn, readModelFolder } from './model-folder.js';
import { type Known, Registry } from './registry.js';
import { parseServeOptions } from './serve-options.js';

const repository = mkdtempSync(join(tmpdir(), 'nbs-find-'));
after(() => rmSync(repository, { recursive: true }));

/** What a registry knows of models that were served from folders of the repository. */
function registered(names: readonly string[], folders: readonly string[]): Known {
  const models = names.map((name) => {
    mkdirSync(join(repository, name, '1'), { recursive: true });
    writeFileSync(join(repository, name, '1', 'model.onnx'), '');
    const folder = { place: { repository, name }, options: parseServeOptions({}) };
    return { spec: readModelFolder(repository, name).spec, application: name, deployment: {}, folder };
  });
  return {
    models: () => models,
    folders: () => folders.map((path) => ({ path, options: parseServeOptions({}), deployment: {} })),
  };
}

test('a client that loads a single model whose configuration is broken does not learn its folder', () => {
  const known = registered(['alone'], []);
  const file = join(repository, 'alone', 'config.pbtxt');
  writeFileSync(file, 'output { name: "y" label_filename: "none.txt" }');
  assert.throws(
    () => findModel(known, 'alone'),
    ({ message }: Error) => {
      assert.match(message, /nbs-find/);
      assert.equal(
        forClients(message, known),
        'alone/config.pbtxt is not a configuration that can be used: label_filename of the output y: there is no alone/none.txt',
      );
      return true;
    },
  );
  rmSync(file);
});

test('a client does not learn what a process has printed', () => {
  const ended = 'application a: deployment b could not be started: replica b#1 ended (CRASHED, code 70)';
  assert.equal(forClients(`${ended}; its last output on stderr:\npassword\n  at /home/someone`, registered([], [])), ended);
});

test('a client does not learn the name of a machine', () => {
  const file = join(repository, 'away', '1', 'model.onnx');
  const { message } = ModelElsewhere({ name: 'away', file, machine: 'gpu-17.example' });
  assert.match(
    forClients(`application away: deployment away could not be started: ${message}`, registered(['away'], [])),
    /: the model away has no file (away\/1\/)?model\.onnx on a machine of the cluster, on which a replica of it runs; models are not sent/,
  );
  const elsewhere = 'the folder data does not exist on the machine of node gpu-17 (gpu-17.example); working folders';
  assert.equal(
    forClients(elsewhere, registered([], [])),
    'the folder data does not exist on a machine of the cluster; working folders',
  );
});

test('a model that was added to a folder later has the options of the folder', () => {
  registered(['later'], []);
  const registry = new Registry(join(repository, '.cluster'));
  const options = { name: 'first', device: 'cuda', replicas: 4, deployment: { maxQueuedRequests: 7 } } as const;
  for (const each of [{}, options]) registry.addFolder(repository, parseServeOptions(each));
  const { spec, application, deployment } = findModel(registry, 'later');
  assert.deepEqual([spec.name, application, spec.device, spec.numReplicas], ['later', 'later', 'cuda', 4]);
  assert.equal(deployment.maxQueuedRequests, 7);
  const { spec: other } = findModel(registry, 'later', JSON.stringify({ instance_group: [{ count: 2 }] }));
  assert.equal(other.numReplicas, 4);
});

test('a load of a client changes no number of processes, GPUs and threads, and reads no file that its configuration names', () => {
  const known = registered(['costly'], [repository]);
  const folder = join(repository, 'costly');
  mkdirSync(join(folder, '2'), { recursive: true });
  for (const version of ['1', '2']) writeFileSync(join(folder, version, 'other.onnx'), '');
  writeFileSync(join(folder, '2', 'model.onnx'), '');
  writeFileSync(join(folder, 'config.pbtxt'), 'instance_group { count: 2 } max_batch_size: 64');
  const load = (config: object) => findModel(known, 'costly', JSON.stringify(config)).spec;
  const all = load({
    instance_group: [{ count: 900, kind: 'KIND_GPU' }],
    parameters: { intra_op_thread_count: { string_value: '1000' } },
    output: [{ name: 'y', label_filename: 'config.pbtxt' }],
    default_model_filename: 'other.onnx',
    max_batch_size: 8,
    dynamic_batching: { max_queue_delay_microseconds: 5000 },
    version_policy: { all: {} },
  });
  assert.deepEqual([all.numReplicas, all.gpus, all.intraOpThreads, all.labels], [2, null, 0, {}]);
  assert.deepEqual([all.maxBatchSize, all.batchWaitMs], [8, 5]);
  assert.deepEqual(
    all.versions.map(({ file }) => file),
    ['1', '2'].map((version) => join(folder, version, 'model.onnx')),
  );
  assert.equal(load({ max_batch_size: 64 }).maxBatchSize, 64);
  assert.equal(load({}).maxBatchSize, 64);
  assert.throws(() => load({ max_batch_size: 65 }), { code: 'NBS_OIP_CONFIG', message: /at most 64, not 65/ });
});

test('clients may load and unload a model unless it, or the folder to which it was added, was served with the mode none', () => {
  registered(['fixed', 'added', 'open'], []);
  const registry = new Registry(join(repository, '.control'));
  const options = parseServeOptions({ modelControlMode: 'none' });
  const place = (name: string) => ({ place: { repository, name }, options });
  const model = (name: string) => ({ spec: readModelFolder(repository, name).spec, application: name, deployment: {} });
  registry.addFolder(repository, options);
  registry.add({ ...model('fixed'), modelControlMode: 'none', folder: place('fixed') });
  registry.add({ ...model('open'), modelControlMode: 'explicit', folder: place('open') });
  const mode = (name: string) => controlModeOf(registry, name);
  assert.deepEqual(['fixed', 'added', 'open', 'nowhere'].map(mode), ['none', 'none', 'explicit', 'explicit']);
  assert.throws(() => parseServeOptions({ modelControlMode: 'poll' as 'none' }), { code: 'NBS_INVALID_OPTION' });
});

test('the names of models need each folder once, however many models it has', () => {
  const names = Array.from({ length: 20 }, (_, i) => `model-${String(i).padStart(2, '0')}`);
  const known = registered(names, [repository]);
  const readings = (work: () => readonly string[]): number => {
    const read = mock.method(fs, 'readdirSync');
    syncBuiltinESMExports();
    try {
      for (const name of names) assert.ok(work().includes(name));
      return read.mock.callCount() / names.length;
    } finally {
      read.mock.restore();
      syncBuiltinESMExports();
    }
  };
  assert.equal(
    readings(() => namesIn(known)),
    readings(() => modelsIn(repository)),
  );
});
