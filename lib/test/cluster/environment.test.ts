/** What replicas inherit from the environment in which the cluster was started, and how a deployment prevents that. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type DeploymentOptions, isNbserveError, serve } from 'nbserve';
import { Probe } from '../fixtures/probe.js';
import { Scaled } from '../fixtures/probe-policy.js';
import { until } from '../fixtures/wait.js';

const folder = mkdtempSync(join(tmpdir(), 'nbt-env-'));
const SECRETS = { SECRET_ONE: 'one', SECRET_TWO: 'two', NODE_OPTIONS: '--no-deprecation' };
/** Variables that Node and nbserve need, and those that nbserve sets. */
const ALWAYS = /^(PATH|HOME|TMPDIR|XDG_\w+|NBSERVE_\w+|CUDA_VISIBLE_DEVICES|ORT_DISABLE_TELEMETRY)$/;

before(async () => {
  Object.assign(process.env, SECRETS);
  await serve.start({ port: 0, nodes: 2, spareReplicas: 1 });
});
after(async () => {
  await serve.shutdown();
  rmSync(folder, { recursive: true });
});

const idle = () =>
  until(async () => Object.values((await serve.status()).applications).every(({ status }) => status === 'RUNNING'));

/** The environments of a deployment's replicas, one on each node. */
async function environments(env: DeploymentOptions['env']): Promise<Record<string, string | undefined>[]> {
  // This runs twice, so that the second replicas are made from the spare processes that were started for the first ones.
  const found: Record<string, string | undefined>[] = [];
  for (const version of ['1', '2']) {
    const options = { numReplicas: 2, version, ...(env === undefined ? {} : { env }) };
    const handle = await serve.run(Probe.options(options).bind(folder), { name: 'probe', routePrefix: null });
    const pids = new Set<string>();
    await until(async () => {
      const environment = await handle.environment.remote();
      const pid = String(await handle.pid.remote());
      pids.add(pid);
      found.push(environment);
      return pids.size === 2;
    });
    await idle();
  }
  await serve.delete('probe');
  return found;
}

for (const env of [undefined, { A: 'a' }, { inherit: true, A: 'a' }]) {
  test(`env ${JSON.stringify(env)} inherits everything`, async () => {
    for (const environment of await environments(env)) {
      for (const [name, value] of Object.entries(SECRETS)) assert.equal(environment[name], value);
      assert.equal(environment.A, env?.A);
      assert.equal(environment.inherit, undefined);
      assert.equal(environment.ORT_DISABLE_TELEMETRY, '1');
    }
  });
}

test('inherit: false leaves what Node and nbserve need, and what is set', async () => {
  for (const environment of await environments({ inherit: false, A: 'a', SECRET_ONE: 'own' })) {
    const { A, SECRET_ONE, PATH, ORT_DISABLE_TELEMETRY, ...others } = environment;
    assert.deepEqual([A, SECRET_ONE, PATH, ORT_DISABLE_TELEMETRY], ['a', 'own', process.env.PATH, '1']);
    assert.deepEqual(
      Object.keys(others).filter((name) => !ALWAYS.test(name)),
      [],
    );
  }
});

test('a list lets in what it names', async () => {
  for (const environment of await environments({ inherit: ['SECRET_TWO', 'NOT_THERE'] })) {
    assert.deepEqual([environment.SECRET_ONE, environment.SECRET_TWO, environment.NODE_OPTIONS], [undefined, 'two', undefined]);
    assert.ok(!('NOT_THERE' in environment));
  }
});

test('a text is a variable that is called inherit', async () => {
  for (const environment of await environments({ inherit: 'false' }))
    assert.deepEqual([environment.inherit, environment.SECRET_ONE], ['false', 'one']);
});

test('anything else is refused', () => {
  for (const env of [
    { inherit: 1 },
    { inherit: null },
    { inherit: {} },
    { inherit: ['A', 1] },
    { inherit: ['A=1'] },
    { A: false },
    { A: 1 },
    [],
  ]) {
    assert.throws(
      () => Probe.options({ env: env as never }),
      (error) => isNbserveError(error) && error.code === 'NBS_INVALID_OPTION' && /inherit/.test(error.message),
      JSON.stringify(env),
    );
  }
});

test("a policy's process has what its deployment has", async () => {
  const OUT = join(folder, 'policy.json');
  await serve.run(Scaled.options({ env: { inherit: ['SECRET_TWO'], OUT } }).bind(), { name: 'scaled', routePrefix: null });
  await until(() => existsSync(OUT) && readFileSync(OUT, 'utf8').endsWith('}'));
  const environment = JSON.parse(readFileSync(OUT, 'utf8')) as Record<string, string>;
  assert.deepEqual([environment.SECRET_ONE, environment.SECRET_TWO], [undefined, 'two']);
  await serve.delete('scaled');
});
