import assert from 'node:assert/strict';
import fs, { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, mock, test } from 'node:test';
import { ModelElsewhere } from './errors.js';
import { findModel, forClients, namesIn } from './find-model.js';
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

test('a client that breaks the configuration of a single model does not learn its folder', () => {
  const known = registered(['alone'], []);
  const config = JSON.stringify({ output: [{ name: 'y', label_filename: 'none.txt' }] });
  assert.throws(
    () => findModel(known, 'alone', config),
    ({ message }: Error) => {
      assert.match(message, /nbs-find/);
      assert.equal(
        forClients(message, known),
        'alone is not a configuration that can be used: label_filename of the output y: there is no alone/none.txt',
      );
      return true;
    },
  );
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
  assert.equal(other.numReplicas, 2);
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
