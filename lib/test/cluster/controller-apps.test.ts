import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { hasCode } from '../../dist/core/index.js';
import { connect, helloOf, opCaller } from '../../dist/ipc/index.js';
import { DeployFailed } from '../../dist/serve/controller/replicas/errors.js';
import { type ControllerOps, putBlobOp, RouteTaken } from '../../dist/serve/protocol/index.js';
import { app, chat, connectController, startControlled } from '../fixtures/controller-harness.js';
import { assertNothingLeft } from '../fixtures/engine-harness.js';
import { isRunning, until } from '../fixtures/wait.js';

after(assertNothingLeft);

const answerOf = async (url: string): Promise<{ status: number; version?: string; replica?: string }> => {
  const response = await fetch(url);
  const body = response.ok ? ((await response.json()) as { version: string; replica: string }) : {};
  return { status: response.status, ...body };
};

describe('controller', () => {
  it('answers HTTP as soon as deploy resolves, and 404 once delete does', async (t) => {
    const { cluster, call } = await startControlled(t);
    await call('deploy', app('hello', chat('1', { replicas: 2 })));
    assert.equal((await answerOf(`${cluster.url}/hello`)).version, '1');
    const status = await call('status', undefined);
    assert.equal(status.url, cluster.url);
    const replicas = status.applications.hello?.deployments.Chat?.replicas ?? assert.fail();
    assert.equal(replicas.length, 2);
    assert.ok(replicas.every(({ state }) => state === 'RUNNING'));
    await until(async () =>
      (await call('status', undefined)).applications.hello?.deployments.Chat?.replicas.every(
        ({ pid }) => pid !== null && isRunning(pid),
      ),
    );
    await assert.rejects(call('deploy', app('other', chat('1'), '/hello')), (error) => hasCode(error, RouteTaken));
    assert.deepEqual(await call('delete', { name: 'hello' }), { deleted: true });
    assert.equal((await answerOf(`${cluster.url}/hello`)).status, 404);
    assert.deepEqual((await call('status', undefined)).applications, {});
  });

  it('fails no request over updates', async (t) => {
    const { cluster, engine, call } = await startControlled(t);
    await call('deploy', app('hello', chat('0', { replicas: 2 })));
    let stop = false;
    const seen = new Map<string, number>();
    const clients = Array.from({ length: 8 }, async () => {
      while (!stop) {
        const { status, version } = await answerOf(`${cluster.url}/hello`);
        assert.equal(status, 200);
        seen.set(version ?? '', (seen.get(version ?? '') ?? 0) + 1);
      }
    });
    for (const version of ['1', '2', '3']) {
      await call('deploy', app('hello', chat(version, { replicas: 2 })));
      // A request that is sent after deploy has resolved gets the new version.
      assert.equal((await answerOf(`${cluster.url}/hello`)).version, version);
    }
    stop = true;
    await Promise.all(clients);
    assert.deepEqual([...seen.keys()].sort(), ['0', '1', '2', '3']);
    await until(
      async () => (await engine.list()).filter(({ role, state }) => role === 'replica' && state === 'RUNNING').length === 2,
    );
  });

  it("hands on the constructor's error, stack and all, and how a process ended", async (t) => {
    const { cluster, call } = await startControlled(t);
    await call('deploy', app('hello', chat('1')));
    await assert.rejects(call('deploy', app('hello', chat('2', { behaviour: 'throw' }))), (error: Error) => {
      assert.equal(error.name, 'TypeError');
      assert.equal(error.message, 'no model');
      assert.match(error.stack ?? '', /at new Chat \(cell\[3\]\.ts:2:9\)/);
      return true;
    });
    await assert.rejects(call('deploy', app('hello', chat('3', { behaviour: 'crash' }))), (error: Error) => {
      assert.ok(hasCode(error, DeployFailed));
      assert.match(error.message, /exit code 3.*about to end/s);
      return true;
    });
    assert.equal((await answerOf(`${cluster.url}/hello`)).version, '1');
    assert.equal((await call('status', undefined)).applications.hello?.status, 'RUNNING');
    await assert.rejects(call('deploy', app('new', chat('2', { behaviour: 'throw' }))), /no model/);
    const status = await call('status', undefined);
    assert.equal(status.applications.new?.status, 'DEPLOY_FAILED');
    assert.equal(status.applications.new?.message, 'no model');
    assert.equal((await answerOf(`${cluster.url}/new`)).status, 404);
  });

  it('replaces a replica that was killed', async (t) => {
    const { cluster, call } = await startControlled(t);
    await call('deploy', app('hello', chat('1')));
    const first = await answerOf(`${cluster.url}/hello`);
    const { pid } = await until(async () => {
      const replica = (await call('status', undefined)).applications.hello?.deployments.Chat?.replicas[0];
      return replica?.pid == null ? null : { pid: replica.pid };
    });
    process.kill(pid, 'SIGKILL');
    const next = await until(async () => {
      const answer = await answerOf(`${cluster.url}/hello`);
      return answer.status === 200 && answer.replica !== first.replica ? answer : null;
    });
    assert.match(next.replica ?? '', /^Chat#/);
    await until(async () => (await call('status', undefined)).applications.hello?.status === 'RUNNING');
  });

  it('is killed, comes back, and the same replicas serve on', async (t) => {
    const { cluster, engine, controller, call } = await startControlled(t);
    await call('deploy', app('hello', chat('1', { replicas: 2 })));
    const ids = (infos: readonly { id: string; role: string; state: string }[]): string[] =>
      infos.filter(({ role, state }) => role === 'replica' && state === 'RUNNING').map(({ id }) => id);
    const before = ids(await engine.list());
    const { pid } = (await engine.list()).find(({ role }) => role === 'controller') ?? assert.fail();
    process.kill(pid, 'SIGKILL');
    await controller.closed;
    assert.equal((await answerOf(`${cluster.url}/hello`)).status, 200);
    const again = await until(() => connectController(cluster).catch(() => null));
    t.after(() => again.close());
    const callAgain = opCaller<ControllerOps>(again);
    const status = await callAgain('status', undefined);
    assert.equal(status.applications.hello?.status, 'RUNNING');
    assert.deepEqual(ids(await engine.list()), before);
    await callAgain('deploy', app('hello', chat('2')));
    assert.equal((await answerOf(`${cluster.url}/hello`)).version, '2');
  });

  it('stores blobs by their hash, and nothing under a wrong one', async (t) => {
    const { cluster, controller, call } = await startControlled(t);
    const bytes = randomBytes(3_000_000);
    const hash = createHash('sha256').update(bytes).digest('hex');
    assert.deepEqual(await call('missingBlobs', { hashes: [hash] }), [hash]);
    await controller.call({ kind: 'control', op: putBlobOp(hash) }, undefined).catch(() => {});
    assert.deepEqual(await call('missingBlobs', { hashes: [hash] }), [hash]);
    await new Promise<void>((resolve, reject) => {
      const sending = controller.request({ kind: 'control', op: putBlobOp(hash), length: bytes.length }, 'stream', {
        onHead: () => {},
        onData: (chunk) => sending.consumed(chunk.length),
        onEnd: resolve,
        onError: reject,
        onDrain: () => pump(),
      });
      let offset = 0;
      const pump = (): void => {
        while (offset < bytes.length) {
          const chunk = bytes.subarray(offset, offset + 65_536);
          offset += chunk.length;
          if (!sending.write(chunk)) return;
        }
        sending.end();
      };
      pump();
    });
    assert.deepEqual(await call('missingBlobs', { hashes: [hash] }), []);
    assert.ok((await readFile(join(cluster.dir, 'code', hash))).equals(bytes));
  });

  it('lets nobody in who has not the token', async (t) => {
    const { cluster } = await startControlled(t);
    const stranger = connect(
      { path: join(cluster.dir, 'c.sock') },
      { token: 'f'.repeat(64), hello: helloOf('driver', 'stranger') },
    );
    await assert.rejects(
      stranger,
      (error: { code?: string }) => error.code === 'NBS_AUTH_FAILED' || error.code === 'NBS_CONNECT_FAILED',
    );
  });
});
