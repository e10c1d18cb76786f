/**
 * Changes every option of a deployment while it runs, and every member of those that are groups, and checks that the new value has an effect. If an
 * option of the schema is not tested here, the test fails; if a member of a group is not, this file does not compile.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before as beforeAll, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type AutoscalingOptions,
  type DeploymentOptions,
  type HedgingOptions,
  isNbserveError,
  type ResourceOptions,
  type RollingUpdateOptions,
  type RuntimeEnvOptions,
  serve,
} from 'nbserve';
import { DEPLOYMENT_OPTIONS } from '../../dist/serve/protocol/index.js';
import { NpmRegistry } from '../fixtures/npm-registry.js';
import { Probe, SteeredProbe, TypedProbe } from '../fixtures/probe.js';
import { until } from '../fixtures/wait.js';

const root = mkdtempSync(join(tmpdir(), 'nbt-options-'));
const envFile = (value: string) => join(root, `${value}.env`);
const registry = new NpmRegistry();
beforeAll(async () => {
  for (const value of ['one', 'two']) writeFileSync(envFile(value), `PROBE=${value}\n`);
  await registry.listen();
  for (const version of ['1.0.0', '2.0.0'])
    registry.add('tiny', version, { files: { 'index.js': `module.exports = 'tiny ${version}';` } });
  Object.assign(process.env, {
    NBSERVE_CACHE: join(root, 'cache'),
    npm_config_registry: registry.url,
    npm_config_cache: join(root, 'npm-cache'),
  });
  await serve.start({ port: 0, numGpus: 1, resources: { memory: 1000, custom: { accelerator: 1 } } });
});
after(async () => {
  await serve.shutdown();
  await registry.close();
  rmSync(root, { recursive: true });
});

type Handle = Awaited<ReturnType<typeof deployed>>;
const deployed = (app: string) => serve.getAppHandle<typeof Probe>(app);

interface Running {
  readonly app: string;
  readonly handle: Handle;
  readonly dir: string;
  /** Pid of the replica that ran before the change. */
  readonly before: number;
  /** Makes a file in the deployment's folder. */
  make(file: string): void;
  update(options: DeploymentOptions): Promise<unknown>;
}

interface Step {
  /** True if the deployment needs a method that is a route, which it then has at `/typed`. */
  readonly isTyped?: true;
  /** Options that apply before and after the change. */
  readonly beside?: DeploymentOptions;
  readonly from: DeploymentOptions;
  readonly to: DeploymentOptions;
  /** Runs in place of `to`: a policy belongs into the module of its deployment. */
  readonly changed?: typeof Probe;
  /** Brings the replicas into the state in which the change has an effect. */
  readonly prepare?: (running: Running) => Promise<unknown>;
  /** Whether the replica is replaced, if it is not what the schema says of the option. */
  readonly replaces?: boolean;
  /** Resolves when the new value has an effect; throws if the old one still has. */
  readonly seen: (running: Running) => Promise<unknown>;
}

const code = (wanted: string) => (error: unknown) => isNbserveError(error) && error.code === wanted;
const deploymentsOf = async (app: string) => (await serve.status()).applications[app]?.deployments ?? {};
const runningPids = async (app: string) =>
  Object.entries(await deploymentsOf(app)).flatMap(([name, { replicas }]) =>
    name.endsWith('.policy') ? [] : replicas.filter(({ state }) => state === 'RUNNING').map(({ pid }) => pid),
  );
const count = ({ app }: Running, wanted: number) => until(async () => (await runningPids(app)).length === wanted);
const replaced = ({ app, before }: Running) =>
  until(async () => {
    const pids = await runningPids(app);
    return pids.length > 0 && !pids.includes(before);
  });
const messageOf = async (app: string) => Object.values(await deploymentsOf(app))[0]?.message ?? '';

const WALK: { readonly [K in keyof typeof DEPLOYMENT_OPTIONS]: Step } = {
  name: {
    from: { name: 'Probe' },
    to: { name: 'Renamed' },
    seen: async ({ app }) => assert.deepEqual(Object.keys(await deploymentsOf(app)), ['Renamed']),
  },
  version: {
    from: { version: 'one' },
    to: { version: 'two' },
    seen: async ({ app }) => assert.equal((await deploymentsOf(app)).Probe?.version, 'two'),
  },
  numReplicas: {
    from: { numReplicas: 1 },
    to: { numReplicas: 2 },
    seen: ({ app }) => until(async () => (await runningPids(app)).length === 2),
  },
  autoscaling: {
    from: { autoscaling: { minReplicas: 1, maxReplicas: 1 } },
    to: { autoscaling: { minReplicas: 2, maxReplicas: 2 } },
    seen: ({ app }) => until(async () => (await runningPids(app)).length === 2),
  },
  maxOngoingRequests: {
    from: { maxOngoingRequests: 2 },
    to: { maxOngoingRequests: 4 },
    seen: async ({ handle, make }) => {
      const held = [1, 2, 3].map(() => handle.until.remote('end'));
      await until(async () => (await handle.peak.remote()) === 3);
      make('end');
      await Promise.all(held);
    },
  },
  maxQueuedRequests: {
    beside: { maxOngoingRequests: 1 },
    from: { maxQueuedRequests: -1 },
    to: { maxQueuedRequests: 0 },
    seen: async ({ handle, make }) => {
      const held = [1, 2].map(() => handle.until.remote('end'));
      await assert.rejects(Promise.race(held), code('NBS_QUEUE_FULL'));
      make('end');
      await Promise.allSettled(held);
    },
  },
  requestTimeout: {
    from: { requestTimeout: null },
    to: { requestTimeout: '100ms' },
    seen: async ({ handle, make }) => {
      await assert.rejects(async () => handle.until.remote('end'), code('NBS_REQUEST_TIMEOUT'));
      make('end');
    },
  },
  gracefulShutdownTimeout: {
    from: { gracefulShutdownTimeout: '1h' },
    to: { gracefulShutdownTimeout: '100ms' },
    seen: async ({ app, handle }) => {
      const held = handle.until.remote('never');
      held.catch(() => {});
      await until(async () => (await handle.peak.remote()) === 1);
      await serve.delete(app);
    },
  },
  startupTimeout: {
    from: { startupTimeout: '1h' },
    to: { startupTimeout: '500ms' },
    seen: async ({ app, before, dir, make }) => {
      make('hang');
      process.kill(before, 'SIGKILL');
      await until(async () => /not (?:ready after|up within) 500 ms/.test(await messageOf(app)));
      rmSync(join(dir, 'hang'));
    },
  },
  stuckTimeout: {
    from: { stuckTimeout: '1h' },
    to: { stuckTimeout: '100ms' },
    seen: async (running) => {
      const { handle } = running;
      const held = handle.until.remote('never');
      await until(async () => (await handle.peak.remote()) === 1);
      held.cancel();
      await replaced(running);
    },
  },
  healthCheckPeriod: {
    from: { healthCheckPeriod: '1h' },
    to: { healthCheckPeriod: '20ms' },
    seen: async ({ handle }) => {
      const first = await handle.checks.remote();
      await until(async () => (await handle.checks.remote()) > first + 2);
    },
  },
  healthCheckTimeout: {
    beside: { healthCheckPeriod: '20ms' },
    from: { healthCheckTimeout: '1h' },
    to: { healthCheckTimeout: '200ms' },
    seen: async ({ app, dir, before, make }) => {
      make('hang');
      await until(async () => !(await runningPids(app)).includes(before));
      rmSync(join(dir, 'hang'));
    },
  },
  memoryLimit: {
    beside: { healthCheckPeriod: '20ms' },
    from: { memoryLimit: null },
    to: { memoryLimit: 1 },
    // Each of its replicas is above the limit.
    seen: async (running) => {
      await replaced(running);
      assert.equal((await deploymentsOf(running.app)).Probe?.lastFailure?.code, 'NBS_OVER_MEMORY_LIMIT');
    },
  },
  idempotent: {
    from: { idempotent: [] },
    to: { idempotent: ['dieOnce'] },
    seen: async ({ handle, before }) => assert.notEqual(await handle.dieOnce.remote('died'), before),
  },
  rollingUpdate: {
    from: {},
    to: { rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } },
    // This option takes effect with the next update. Without it, nothing of the old version ends before the new one runs.
    seen: async ({ app, before, dir, make, update }) => {
      make('hang');
      const updating = update({ rollingUpdate: { maxSurge: 0, maxUnavailable: 1 }, version: 'next' });
      await until(async () => !(await runningPids(app)).includes(before));
      rmSync(join(dir, 'hang'));
      await updating;
    },
  },
  hedging: {
    beside: { numReplicas: 2, idempotent: true, gracefulShutdownTimeout: 100 },
    from: {},
    to: { hedging: { delay: 10, maxExtra: 1 } },
    seen: async ({ handle, before }) => {
      for (let i = 0; i < 8; i += 1) assert.notEqual(await handle.notIn.remote(before), before);
    },
  },
  mcp: {
    isTyped: true,
    from: { mcp: false },
    to: { mcp: true },
    seen: async (running) => {
      await replaced(running);
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' });
      const answer = await fetch(`${running.handle.url}/mcp`, { method: 'POST', body });
      const { result } = (await answer.json()) as { result: { tools: readonly { name: string }[] } };
      assert.deepEqual(
        result.tools.map(({ name }) => name),
        ['ask'],
      );
    },
  },
  userConfig: {
    from: { userConfig: { a: 1 } },
    to: { userConfig: { a: 2 } },
    seen: async ({ handle }) => assert.deepEqual(await handle.config.remote(), { a: 2 }),
  },
  resources: {
    from: { resources: {} },
    to: { resources: { cpu: 1 } },
    seen: async ({ handle }) => assert.equal(await handle.variable.remote('OMP_NUM_THREADS'), '1'),
  },
  env: {
    from: { env: { PROBE: 'one' } },
    to: { env: { PROBE: 'two' } },
    seen: async ({ handle }) => assert.equal(await handle.variable.remote('PROBE'), 'two'),
  },
  runtimeEnv: {
    from: {},
    to: { runtimeEnv: { workingDir: root } },
    seen: async ({ handle }) => assert.equal(await handle.workingDir.remote(), root),
  },
};

const QUICK = { minReplicas: 1, maxReplicas: 2, upscaleDelay: 0, metricsInterval: 50, lookBackPeriod: 50 } as const;
/** With the load of one request there are as many replicas as possible. */
const EAGER = { ...QUICK, targetOngoingRequests: 0.1 } as const;

/** A step up that leads to all replicas, although one request needs only two. */
const STEEP = { ...QUICK, maxReplicas: 3, targetOngoingRequests: 0.9, upscalingFactor: 100, downscaleDelay: 0 } as const;

/** Resolves when there are `wanted` replicas while so many requests are in progress. */
const grows = (requests: number, wanted: number) => async (running: Running) => {
  const { handle, make } = running;
  const held = Array.from({ length: requests }, () => handle.until.remote('end'));
  await count(running, wanted);
  make('end');
  await Promise.all(held);
};
const freeOf = async () => (await serve.status()).nodes[0]?.free;

type PartsOf<G extends keyof DeploymentOptions, T> = { readonly [K in keyof T & string as `${G}.${K}`]-?: Step };

/** Parts of options whose change does something of its own. */
const PARTS: PartsOf<'autoscaling', AutoscalingOptions> &
  PartsOf<'hedging', HedgingOptions> &
  PartsOf<'resources', ResourceOptions> &
  PartsOf<'rollingUpdate', RollingUpdateOptions> &
  PartsOf<'runtimeEnv', RuntimeEnvOptions> & { readonly 'env.inherit': Step } = {
  'env.inherit': {
    from: {},
    to: { env: { inherit: false } },
    seen: async ({ handle }) => assert.equal(await handle.variable.remote('NBT_INHERITED'), null),
  },
  'hedging.delay': {
    beside: { numReplicas: 2, idempotent: true, gracefulShutdownTimeout: 100 },
    from: { hedging: { delay: '1h', maxExtra: 1 } },
    to: { hedging: { delay: 10, maxExtra: 1 } },
    seen: WALK.hedging.seen,
  },
  'hedging.maxExtra': {
    beside: { numReplicas: 2, idempotent: true, gracefulShutdownTimeout: 100 },
    from: { hedging: { delay: 10, maxExtra: 1e-6 } },
    to: { hedging: { delay: 10, maxExtra: 1 } },
    seen: WALK.hedging.seen,
  },
  'rollingUpdate.maxUnavailable': {
    from: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
    to: { rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } },
    seen: WALK.rollingUpdate.seen,
  },
  'rollingUpdate.maxSurge': {
    beside: { numReplicas: 2 },
    from: { rollingUpdate: { maxSurge: 1 } },
    to: { rollingUpdate: { maxSurge: 2 } },
    // It takes effect with the next update, whose new replicas do not become ready here.
    seen: async ({ app, dir, make, update }) => {
      make('hang');
      const updating = update({ rollingUpdate: { maxSurge: 2 }, version: 'next' });
      await until(async () => (await deploymentsOf(app)).Probe?.replicas.length === 4);
      rmSync(join(dir, 'hang'));
      await updating;
    },
  },
  'autoscaling.minReplicas': {
    from: { autoscaling: { ...QUICK, minReplicas: 1 } },
    to: { autoscaling: { ...QUICK, minReplicas: 2 } },
    seen: (running) => count(running, 2),
  },
  'autoscaling.maxReplicas': {
    from: { autoscaling: { ...EAGER, maxReplicas: 1 } },
    to: { autoscaling: { ...EAGER, maxReplicas: 2 } },
    seen: grows(1, 2),
  },
  'autoscaling.initialReplicas': {
    from: { autoscaling: { ...QUICK, initialReplicas: 1 } },
    to: { autoscaling: { ...QUICK, initialReplicas: 2 } },
    // It is for the first deploy, and not for an update.
    seen: async (running) => {
      assert.equal((await runningPids(running.app)).length, 1);
      await serve.delete(running.app);
      await running.update({ autoscaling: { ...QUICK, initialReplicas: 2 } });
      await count(running, 2);
    },
  },
  'autoscaling.targetOngoingRequests': {
    from: { autoscaling: { ...QUICK, targetOngoingRequests: 1000 } },
    to: { autoscaling: EAGER },
    seen: grows(1, 2),
  },
  'autoscaling.upscaleDelay': {
    from: { autoscaling: { ...EAGER, upscaleDelay: '1h' } },
    to: { autoscaling: { ...EAGER, upscaleDelay: 0 } },
    seen: grows(1, 2),
  },
  'autoscaling.downscaleDelay': {
    from: { autoscaling: { ...EAGER, downscaleDelay: '1h' } },
    to: { autoscaling: { ...EAGER, downscaleDelay: 0 } },
    prepare: grows(1, 2),
    seen: (running) => count(running, 1),
  },
  'autoscaling.metricsInterval': {
    from: { autoscaling: { ...QUICK, targetOngoingRequests: 1, metricsInterval: '1h' } },
    to: { autoscaling: { ...QUICK, targetOngoingRequests: 1, metricsInterval: 50 } },
    // The first request is told at once, the others at the next interval.
    seen: grows(3, 2),
  },
  'autoscaling.lookBackPeriod': {
    from: { autoscaling: { ...QUICK, targetOngoingRequests: 1.99, lookBackPeriod: '1h' } },
    to: { autoscaling: { ...QUICK, targetOngoingRequests: 1.99, lookBackPeriod: 50 } },
    seen: grows(2, 2),
  },
  'autoscaling.upscalingFactor': {
    // With the factor 1 there would be two replicas.
    from: { autoscaling: { ...QUICK, maxReplicas: 3, targetOngoingRequests: 0.9, upscalingFactor: 1 } },
    to: { autoscaling: { ...QUICK, maxReplicas: 3, targetOngoingRequests: 0.9, upscalingFactor: 100 } },
    seen: grows(1, 3),
  },
  'autoscaling.downscalingFactor': {
    beside: { gracefulShutdownTimeout: 100 },
    from: { autoscaling: { ...STEEP, downscalingFactor: 0.001 } },
    to: { autoscaling: { ...STEEP, downscalingFactor: 1 } },
    // One request for three replicas: with the small factor they stay.
    prepare: async (running) => {
      running.handle.until.remote('end').catch(() => {});
      await count(running, 3);
    },
    seen: async (running) => {
      await count(running, 2);
      running.make('end');
    },
  },
  'autoscaling.policy': {
    from: { autoscaling: QUICK },
    to: {},
    changed: SteeredProbe,
    seen: (running) => count(running, 2),
  },
  'resources.cpu': WALK.resources,
  'resources.gpu': {
    from: { resources: {} },
    to: { resources: { gpu: 1 } },
    seen: async ({ handle }) => assert.equal(await handle.variable.remote('CUDA_VISIBLE_DEVICES'), '0'),
  },
  'resources.memory': {
    from: { resources: { memory: 100 } },
    to: { resources: { memory: 300 } },
    seen: () => until(async () => (await freeOf())?.memory === 700),
  },
  'resources.custom': {
    from: { resources: { custom: { accelerator: 0.25 } } },
    to: { resources: { custom: { accelerator: 0.5 } } },
    seen: () => until(async () => (await freeOf())?.custom.accelerator === 0.5),
  },
  'runtimeEnv.npm': {
    from: { runtimeEnv: { npm: ['tiny@1.0.0'] } },
    to: { runtimeEnv: { npm: ['tiny@2.0.0'] } },
    seen: async ({ handle }) => assert.equal(await handle.load.remote('tiny'), 'tiny 2.0.0'),
  },
  'runtimeEnv.workingDir': WALK.runtimeEnv,
  'runtimeEnv.nodeFlags': {
    from: { runtimeEnv: { nodeFlags: ['--no-warnings'] } },
    to: { runtimeEnv: { nodeFlags: ['--expose-gc'] } },
    seen: async ({ handle }) => {
      const flags = await handle.flags.remote();
      assert.deepEqual([flags.includes('--expose-gc'), flags.includes('--no-warnings')], [true, false]);
    },
  },
  'runtimeEnv.envFile': {
    from: { runtimeEnv: { envFile: envFile('one') } },
    to: { runtimeEnv: { envFile: envFile('two') } },
    seen: async ({ handle }) => assert.equal(await handle.variable.remote('PROBE'), 'two'),
  },
};

/** Options that are set, and that an update then lacks, or the other way round. */
const REMOVED: Readonly<Record<string, Step>> = {
  'userConfig removed': {
    replaces: true,
    from: { userConfig: { a: 1 } },
    to: {},
    seen: async ({ handle }) => assert.equal(await handle.config.remote(), null),
  },
  'userConfig added': {
    replaces: true,
    from: {},
    to: { userConfig: { a: 1 } },
    seen: async ({ handle }) => assert.deepEqual(await handle.config.remote(), { a: 1 }),
  },
  'requestTimeout removed': {
    from: { requestTimeout: '100ms' },
    to: {},
    seen: async ({ handle, make }) => {
      const held = handle.until.remote('end');
      held.catch(() => {});
      // The old limit would have ended it.
      await sleep(300);
      make('end');
      assert.equal(await held, 1);
    },
  },
  'maxOngoingRequests removed': {
    from: { maxOngoingRequests: 1 },
    to: {},
    seen: async ({ handle, make }) => {
      const held = [1, 2].map(() => handle.until.remote('end'));
      await until(async () => (await handle.peak.remote()) === 2);
      make('end');
      await Promise.all(held);
    },
  },
  'idempotent removed': {
    from: { idempotent: ['dieOnce'] },
    to: {},
    seen: async ({ handle }) => assert.rejects(async () => handle.dieOnce.remote('died'), code('NBS_REPLICA_DIED')),
  },
  'autoscaling removed': {
    from: { autoscaling: { minReplicas: 1, maxReplicas: 1 } },
    to: { numReplicas: 2 },
    seen: ({ app }) => until(async () => (await runningPids(app)).length === 2),
  },
  'env removed': {
    from: { env: { PROBE: 'one' } },
    to: {},
    seen: async ({ handle }) => assert.equal(await handle.variable.remote('PROBE'), null),
  },
  'runtimeEnv removed': {
    from: { runtimeEnv: { workingDir: root } },
    to: {},
    seen: async ({ handle }) => assert.notEqual(await handle.workingDir.remote(), root),
  },
};
process.env.NBT_INHERITED = 'of the driver';

test('the walk knows every option of the schema', () => {
  assert.deepEqual(Object.keys(WALK).sort(), Object.keys(DEPLOYMENT_OPTIONS).sort());
});

const STEPS: readonly (readonly [string, Step])[] = Object.entries({ ...WALK, ...PARTS, ...REMOVED });
for (const [option, { isTyped, beside = {}, from, to, changed, prepare, seen, replaces }] of STEPS) {
  const { change } = DEPLOYMENT_OPTIONS[option.split(/[. ]/, 1)[0] as keyof typeof DEPLOYMENT_OPTIONS];
  test(`a new value of ${option} arrives: ${change.join(', ')}`, async () => {
    const app = option.replace(/[. ]/, '-');
    const dir = mkdtempSync(join(root, `${app}-`));
    const run = (options: DeploymentOptions) => {
      const all = { ...beside, ...options };
      if (isTyped) return serve.run(TypedProbe.options(all).bind(dir), { name: app, routePrefix: '/typed' });
      return serve.run(Probe.options(all).bind(dir), { name: app, routePrefix: null });
    };
    const handle = await run(from);
    const before = await handle.pid.remote();
    const running = { app, handle, dir, before, make: (file: string) => writeFileSync(join(dir, file), ''), update: run };
    await prepare?.(running);
    await (changed === undefined ? run(to) : serve.run(changed.bind(dir), { name: app, routePrefix: null }));
    const isNew = !(await runningPids(app)).includes(before);
    assert.equal(
      isNew,
      replaces ?? (change as readonly string[]).includes('restart'),
      isNew ? 'its replica was replaced' : 'its replica was kept',
    );
    await seen({ ...running, handle: await deployed(app) });
    if ((await deploymentsOf(app)).Probe !== undefined || option === 'name') await serve.delete(app);
  });
}
