import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { serve } from 'nbserve';
import { Asking, Helped, InsideDeployment } from '../fixtures/inside-app.js';
import { until } from '../fixtures/wait.js';

const MAIN = fileURLToPath(new URL('../fixtures/main-app.js', import.meta.url));

after(() => serve.shutdown());

interface Said {
  readonly gives?: unknown;
  readonly code?: string;
  readonly message?: string;
}

test('in a replica each method of serve works or says what would be right', async () => {
  await serve.start({ port: 0 });
  const handle = await serve.run(InsideDeployment.bind(), { name: 'inside', routePrefix: '/inside' });
  const call = async (method: string): Promise<Said> => (await fetch(`${handle.url}?method=${method}`)).json() as Promise<Said>;
  const pid = await handle.pid.remote();
  const { url } = await serve.status();
  const status = (await call('status')).gives as Awaited<ReturnType<typeof serve.status>>;
  assert.equal(status.url, url);
  assert.equal(status.applications.inside?.deployments.Inside?.replicas[0]?.pid, pid);
  assert.deepEqual((await call('listDeployments')).gives, {
    inside: { name: 'Inside', version: null, routePrefix: '/inside' },
  });
  assert.deepEqual(await call('trafficOf'), { gives: null });
  for (const method of ['getAppHandle', 'getDeploymentHandle']) assert.deepEqual(await call(method), { gives: pid });
  assert.equal((await call('noApp')).code, 'NBS_NO_SUCH_APP');
  assert.deepEqual(await call('atStart'), { gives: url });
  for (const method of ['run', 'start', 'delete', 'shutdown', 'traffic', 'canary']) {
    for (const said of [await call(method), (await handle.call.remote(method)) as Said]) {
      assert.equal(said.code, 'NBS_IN_REPLICA', method);
      assert.match(
        said.message ?? '',
        new RegExp(`^serve\\.${method} cannot be called in a replica, here of inside/Inside: .*call it in`),
      );
    }
  }
  assert.deepEqual(Object.keys((await serve.status()).applications), ['inside']);
});

test('also if a helper outside of the class makes the call', async () => {
  const { url } = await serve.run(Helped.bind(), { name: 'helped', routePrefix: '/helped' });
  for (const method of ['run', 'start']) {
    const answer = await fetch(`${url}?method=${method}`, { signal: AbortSignal.timeout(20_000) });
    assert.equal(((await answer.json()) as Said).code, 'NBS_IN_REPLICA', method);
  }
  await serve.delete('helped');
});

test('in a policy too', async () => {
  await serve.run(Asking.bind(), { name: 'asking', routePrefix: null });
  await until(async () => (await serve.status()).applications.asking?.deployments.Asking?.numReplicas === 3);
});

test('what a script goes on with in a replica that imports it does nothing there', async () => {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [MAIN]);
  const line = 'hello from a replica';
  assert.deepEqual(
    stdout
      .trim()
      .split('\n')
      .filter((one) => !one.startsWith('(')),
    [line, line, line],
  );
  // Another process may use port 8000.
  assert.equal(stderr.replace(/^port 8000 is in use.*\n/, ''), '');
});
