import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nodeJob } from './node-job.js';

const node = {
  id: 'abcdef0123456789',
  ip: '10.0.0.7',
  isHead: false,
  resources: { CPU: 8, GPU: 2, memory: 1e9, object_store_memory: 1e8, 'node:10.0.0.7': 1, 'accelerator_type:T4': 1, tpu: 4 },
};
const given = { id: 'job', node, main: "/opt/it's/join-main.js", head: '10.0.0.1:7000', pin: 'aa', cluster: 'c' };

describe('the job of a node', () => {
  it('is pinned to its node and holds all of it, without what Ray adds', () => {
    const job = nodeJob(given);
    assert.deepEqual(job.entrypoint_label_selector, { 'ray.io/node-id': node.id });
    assert.deepEqual([job.entrypoint_num_cpus, job.entrypoint_num_gpus, job.entrypoint_resources], [8, 2, { tpu: 4 }]);
    assert.equal(job.entrypoint_memory, 1e9);
    assert.deepEqual(job.runtime_env, { env_vars: {} });
    assert.equal(
      job.entrypoint,
      `exec node '/opt/it'\\''s/join-main.js' '{"head":"10.0.0.1:7000","pin":"aa","host":"10.0.0.7","waitSeconds":60}'`,
    );
  });

  it('sees no GPU if its node has none, and asks for no more memory than Ray counts', () => {
    const job = nodeJob({ ...given, node: { ...node, resources: { CPU: 0.5, memory: 5.7 } } });
    assert.deepEqual([job.entrypoint_num_cpus, job.entrypoint_num_gpus, job.entrypoint_memory], [0.5, 0, 5]);
    assert.deepEqual(job.runtime_env, { env_vars: { CUDA_VISIBLE_DEVICES: '' } });
  });
});
