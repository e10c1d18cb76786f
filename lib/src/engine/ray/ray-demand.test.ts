import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RayJob, RayJobStatus } from './ray-api.js';
import { RayDemand } from './ray-demand.js';

/** Jobs that wait until a test says otherwise. Those that cancel others do so at once. */
class FakeRay {
  readonly jobs = new Map<string, { readonly job: RayJob; status: RayJobStatus }>();
  readonly api = {
    submit: async (job: RayJob) => {
      const cancels = job.submission_id.includes('cancels');
      this.jobs.set(job.submission_id, { job, status: cancels ? 'SUCCEEDED' : 'PENDING' });
      for (const [id, one] of this.jobs) if (cancels && job.entrypoint.includes(` ${id}`)) one.status = 'FAILED';
    },
    job: async (id: string) => {
      const { status } = this.jobs.get(id) ?? assert.fail(`Ray does not know ${id}`);
      return { submission_id: id, status };
    },
    stop: async () => {},
    remove: async (id: string) => void this.jobs.delete(id),
  };
  get waiting(): readonly unknown[] {
    const all = [...this.jobs.values()].filter(({ status }) => status === 'PENDING');
    return all.map(({ job }) => JSON.parse(job.metadata.wants as string));
  }
}

function start() {
  const ray = new FakeRay();
  let now = 0;
  const demand = new RayDemand({ api: ray.api, cluster: 'c', log: { info() {}, warn() {} }, now: () => now });
  const look = async (ms = 1000): Promise<void> => {
    now += ms;
    await demand.tend();
  };
  return { ray, demand, look };
}

describe('the demand that Ray is shown', () => {
  it('is one waiting job for each replica that waits longer than a moment', async () => {
    const { ray, demand, look } = start();
    demand.want([{ cpu: 2 }, { cpu: 2 }, { gpu: 1, custom: { tpu: 4 } }]);
    await look();
    assert.deepEqual(ray.waiting, []);
    await look();
    await look();
    assert.deepEqual(ray.waiting, [{ cpu: 2 }, { cpu: 2 }, { gpu: 1, custom: { tpu: 4 } }]);
    const [first, , third] = [...ray.jobs.values()].map(({ job }) => job);
    assert.equal(first?.entrypoint_num_cpus, 2);
    assert.deepEqual([third?.entrypoint_num_gpus, third?.entrypoint_resources], [1, { tpu: 4 }]);
  });

  it('is cancelled when it ends, and leaves nothing in the list of jobs', async () => {
    const { ray, demand, look } = start();
    demand.want([{ cpu: 2 }, { cpu: 2 }, { gpu: 1 }]);
    await look();
    await look();
    demand.want([{ cpu: 2 }]);
    await look();
    assert.deepEqual(ray.waiting, [{ cpu: 2 }]);
    demand.want([]);
    await look();
    await look();
    assert.equal(ray.jobs.size, 0);
  });

  it('is not shown again and again if Ray has the room', async () => {
    const { ray, demand, look } = start();
    demand.want([{ cpu: 1 }]);
    await look();
    await look();
    for (const one of ray.jobs.values()) one.status = 'SUCCEEDED';
    for (let i = 0; i < 20; i += 1) await look();
    assert.equal(ray.jobs.size, 0);
    for (let i = 0; i < 20; i += 1) await look();
    assert.deepEqual(ray.waiting, [{ cpu: 1 }]);
  });

  it('is bounded, and ends with the cluster', async () => {
    const { ray, demand, look } = start();
    demand.want(Array.from({ length: 100 }, () => ({ cpu: 1 })));
    await look();
    await look();
    assert.equal(ray.waiting.length, 16);
    await demand.close();
    assert.deepEqual(ray.waiting, []);
  });
});
