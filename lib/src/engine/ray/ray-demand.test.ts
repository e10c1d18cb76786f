import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LeavingJobs } from './leaving-jobs.js';
import type { RayJob, RayJobStatus } from './ray-api.js';
import { RayDemand } from './ray-demand.js';

/** Jobs that wait until a test says otherwise. Those that cancel others do so at once. */
class FakeRay {
  fails = false;
  /** The CPUs of jobs that it does not take. */
  refuses = -1;
  refusesToCancel = false;
  submissions = 0;
  readonly jobs = new Map<string, { readonly job: RayJob; status: RayJobStatus }>();
  readonly api = {
    submit: async (job: RayJob) => {
      const cancels = job.submission_id.includes('cancels');
      this.submissions += 1;
      if (job.entrypoint_num_cpus === this.refuses && !cancels) throw new Error('not that one');
      if (cancels && this.refusesToCancel) throw new Error('refused');
      this.jobs.set(job.submission_id, { job, status: cancels ? 'SUCCEEDED' : 'PENDING' });
      for (const [id, one] of this.jobs) if (cancels && job.entrypoint.includes(` ${id}`)) one.status = 'FAILED';
    },
    job: async (id: string) => {
      if (this.fails) throw new Error('no answer');
      const { status } = this.jobs.get(id) ?? {};
      return status && { submission_id: id, status };
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
  const warnings: string[] = [];
  const log = { info() {}, warn: (...line: readonly unknown[]) => void warnings.push(line.join(' ')) };
  const options = { api: ray.api, cluster: 'c', log, now: () => now };
  const leaving = new LeavingJobs(options);
  const demand = new RayDemand({ ...options, leaving });
  const look = async (ms = 1000): Promise<void> => {
    now += ms;
    await demand.tend();
    await leaving.tend();
  };
  return { ray, demand, leaving, look, warnings };
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

  it('is cancelled too if Ray gets to a submission late', async () => {
    const { ray, leaving, look } = start();
    leaving.add('late', true);
    await look();
    await look();
    await ray.api.submit({ submission_id: 'late', entrypoint: 'sleep 1' } as RayJob);
    await look();
    await look();
    assert.equal(ray.jobs.size, 0);
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

  it('is shown although Ray does not take a part of it, which is tried again after a pause', async () => {
    const { ray, demand, look } = start();
    ray.refuses = 7;
    demand.want([{ cpu: 7 }, { cpu: 7 }, { cpu: 2, memory: 1.5 }]);
    await look();
    await assert.rejects(look(), /not that one/);
    assert.deepEqual(ray.waiting, [{ cpu: 2, memory: 1.5 }]);
    assert.equal(ray.submissions, 2);
    assert.equal([...ray.jobs.values()][0]?.job.entrypoint_memory, 2);
    for (let i = 0; i < 4; i += 1) await look();
    assert.equal(ray.submissions, 2);
    ray.refuses = -1;
    await look();
    assert.equal(ray.waiting.length, 3);
  });

  it('that Ray runs at once is told, once', async () => {
    const { ray, demand, look, warnings } = start();
    const succeed = (): void => {
      for (const one of ray.jobs.values()) if (one.status === 'PENDING') one.status = 'SUCCEEDED';
    };
    demand.want([{ cpu: 1 }]);
    await look();
    await look();
    // A node has come.
    await look(60_000);
    succeed();
    await look();
    assert.deepEqual(warnings, []);
    for (let round = 0; round < 2; round += 1) {
      await look(31_000);
      await look();
      assert.equal(ray.waiting.length, 1);
      succeed();
      await look();
    }
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? '', /--num-cpus=0/);
  });

  it('is bounded, and ends with the cluster', async () => {
    const { ray, demand, leaving, look } = start();
    demand.want(Array.from({ length: 100 }, () => ({ cpu: 1 })));
    await look();
    await look();
    assert.equal(ray.waiting.length, 16);
    demand.close();
    await leaving.tend();
    assert.deepEqual(ray.waiting, []);
  });

  it('is cancelled although Ray did not answer, or refused, for a while', async () => {
    const { ray, demand, look } = start();
    demand.want([{ cpu: 1 }, { cpu: 2 }]);
    await look();
    await look();
    ray.fails = true;
    for (let i = 0; i < 3; i += 1) await assert.rejects(look(), /no answer/);
    ray.fails = false;
    assert.equal(ray.waiting.length, 2);
    demand.want([]);
    ray.refusesToCancel = true;
    for (let i = 0; i < 3; i += 1) await assert.rejects(look(), /refused/);
    assert.equal(ray.waiting.length, 2);
    ray.refusesToCancel = false;
    await look();
    assert.equal(ray.waiting.length, 0);
    await look();
    assert.equal(ray.jobs.size, 0);
  });
});
