import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { settle } from '../../core/hand-clock.test-support.js';
import { hasCode } from '../../core/index.js';
import { FakeCluster, idsOf, killed } from './fake-cluster.test-support.js';
import { DeployFailed } from './replicas/errors.js';
import { app, deployment } from './sample-apps.test-support.js';

const withPackages = (hash: string, name: string) =>
  deployment('Chat', hash, { numReplicas: 2, runtimeEnv: { npm: { dependencies: { [name]: '1.0.0' } } } });

describe('npm packages of a deployment', () => {
  it('are installed once, before a replica starts, and the status says so', async () => {
    const cluster = new FakeCluster();
    const controller = await cluster.controller();
    const deployed = controller.deploy(app('hello', [withPackages('a', 'pad')]));
    await settle();
    assert.equal(cluster.replicas.size, 0);
    assert.match(controller.status().applications.hello?.deployments.Chat?.message ?? '', /; installs pad with npm$/);
    cluster.installs.get('pad')?.resolve();
    await deployed;
    assert.deepEqual(
      [...cluster.replicas.values()].map(({ init }) => init?.packages),
      ['/environments/pad', '/environments/pad'],
    );
  });

  it('fail the deploy if they cannot be installed; the next deploy tries again', async () => {
    const cluster = new FakeCluster();
    const controller = await cluster.controller();
    const deployed = controller.deploy(app('hello', [withPackages('a', 'pad')]));
    deployed.catch(() => {});
    await settle();
    cluster.installs.get('pad')?.reject(new Error('E404'));
    await assert.rejects(deployed, (error) => hasCode(error, DeployFailed) && /E404/.test((error as Error).message));
    assert.equal(controller.status().applications.hello?.status, 'DEPLOY_FAILED');
    cluster.installs.clear();
    await cluster.clock.pass(3600_000);
    assert.equal(cluster.installs.size, 0);
    const again = controller.deploy(app('hello', [withPackages('a', 'pad')]));
    await settle();
    cluster.installs.get('pad')?.resolve();
    await again;
  });

  it('are installed again if the cache was emptied; failures wait longer each time', async () => {
    const cluster = new FakeCluster();
    const controller = await cluster.controller();
    cluster.installed.add('pad');
    await controller.deploy(app('hello', [withPackages('a', 'pad')]));
    cluster.installed.clear();
    cluster.end(idsOf(cluster, 'hello/Chat')[0] ?? '', killed);
    let tries = 0;
    for (let second = 0; second < 300; second += 1) {
      await cluster.clock.pass(1000);
      const installing = cluster.installs.get('pad');
      cluster.installs.clear();
      if (installing !== undefined) tries += 1;
      installing?.reject(new Error('E404'));
      await settle();
    }
    assert.ok(tries > 1 && tries < 30, `${tries} tries`);
    assert.match(controller.status().applications.hello?.message ?? '', /E404/);
    await cluster.clock.pass(3600_000);
    cluster.installs.get('pad')?.resolve();
    await settle();
    await cluster.clock.pass(60_000);
    assert.equal(idsOf(cluster, 'hello/Chat').length, 2);
  });
});
