/** The jobs of the engine `ray`, with a small fake of Ray's REST API instead of Ray. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { isNbserveError } from '../../dist/core/index.js';
import type { AdmittedNode } from '../../dist/engine/index.js';
import { machinesOnRay, RayApi, RayNodes } from '../../dist/engine/ray/index.js';
import { CommandFolder } from '../fixtures/command-folder.js';
import { FakeRay } from '../fixtures/fake-ray.js';
import { until } from '../fixtures/wait.js';

const resources = { CPU: 2, memory: 1e9 };
const A = { id: 'a'.repeat(16), ip: '10.0.0.6', isHead: false, resources };
const B = { id: 'b'.repeat(16), ip: '10.0.0.7', isHead: false, resources };
const HEAD = { id: 'c'.repeat(16), ip: '10.0.0.5', isHead: true, resources };

let ray: FakeRay;
let warnings: string[];
let admitted: AdmittedNode[];
let nodes: RayNodes | undefined;

beforeEach(async () => {
  ray = await new FakeRay().open();
  warnings = [];
  admitted = [];
});
afterEach(async () => {
  await nodes?.close();
  nodes = undefined;
  ray.close();
});

function start(): RayNodes {
  nodes = new RayNodes({
    api: new RayApi(ray.address),
    cluster: 'c',
    main: '/join-main.js',
    address: { address: '10.0.0.5:7000', pin: 'aa' },
    admit: (node) => void admitted.push(node),
    log: { info() {}, warn: (...line: readonly unknown[]) => void warnings.push(line.join(' ')) },
  });
  nodes.open();
  return nodes;
}

const jobOf = async ({ id }: { readonly id: string }): Promise<string> =>
  until(() => [...ray.jobs].findLast(([, { job }]) => job.metadata.node === id)?.[0]);
/** Waits until the jobs were looked at once more. */
async function looks(times = 2): Promise<void> {
  let seen = 0;
  const before = ray.fault;
  ray.fault = (method, path) => {
    if (path.startsWith('/api/v0/nodes')) seen += 1;
    return before(method, path);
  };
  await until(() => seen > times);
}

describe('the agents of the nodes of Ray', () => {
  it('are one job on each node besides the head, which is admitted when it has said its fingerprint', async () => {
    ray.nodes = [HEAD, A, B];
    start();
    const job = await jobOf(A);
    await jobOf(B);
    assert.equal(ray.jobs.size, 2);
    const one = ray.jobs.get(job);
    assert.ok(one);
    Object.assign(one, { status: 'RUNNING', logs: `nbserve node ${'f'.repeat(64)}\n` });
    await until(() => admitted.length === 1);
    assert.deepEqual(admitted, [
      { fingerprint: 'f'.repeat(64), node: 'ray-aaaaaaaa', resources: { cpu: 2, custom: {}, memory: 1e9 } },
    ]);
    await looks();
    assert.equal(admitted.length, 1);
    assert.deepEqual([ray.submitted.length, warnings], [2, []]);
  });

  it('are submitted once, although the answer of Ray is lost', async () => {
    ray.nodes = [A, B];
    let cuts = 0;
    ray.fault = (method, path) => {
      if (method !== 'POST' || path !== '/api/jobs/' || cuts > 0) return undefined;
      cuts += 1;
      return 'cut';
    };
    start();
    await jobOf(A);
    await jobOf(B);
    await looks();
    assert.deepEqual([cuts, ray.submitted.length], [1, 2]);
    await nodes?.close();
    assert.deepEqual(ray.with('PENDING'), []);
  });

  it('are looked at although another one cannot be, and so is what replicas wait for', async () => {
    ray.nodes = [A, B];
    ray.fault = (method, path) => (method === 'POST' && path === '/api/jobs/' && ray.submitted.length >= 1 ? 503 : undefined);
    const running = start();
    running.want([{ cpu: 1 }]);
    await looks();
    assert.equal(ray.submitted.length, 1);
    // It is said once.
    assert.equal(warnings.filter((text) => text.includes('503')).length, 1, warnings.join('\n'));
    const broken = await until(() => ray.submitted[0]);
    ray.fault = (method, path) => (method === 'GET' && path === `/api/jobs/${broken}` ? 500 : undefined);
    await until(() => [...ray.jobs.values()].some(({ job }) => job.metadata.wants === '{"cpu":1}'));
    await until(() => ray.submitted.length === 3);
  });

  it("are submitted again if they are gone from Ray's list", async () => {
    ray.nodes = [A];
    start();
    const first = await jobOf(A);
    await looks();
    ray.jobs.delete(first);
    const second = await jobOf(A);
    assert.notEqual(second, first);
    assert.match(warnings.join('\n'), /gone from Ray's list/);
  });

  it('are submitted again after a pause, if they end', async () => {
    ray.nodes = [A];
    start();
    const first = ray.jobs.get(await jobOf(A));
    assert.ok(first);
    Object.assign(first, { status: 'FAILED', logs: 'no such file: join-main.js' });
    await until(() => ray.submitted.length === 2);
    assert.match(warnings.join('\n'), /FAILED[\s\S]*no such file: join-main\.js/);
  });

  it('do not wait for ever for a node that is gone', async () => {
    ray.nodes = [A, B];
    start();
    const job = await jobOf(A);
    await jobOf(B);
    await looks();
    ray.nodes = [B];
    await until(() => ray.jobs.get(job)?.status === 'FAILED');
    await looks();
    assert.equal(ray.with('PENDING').length, 1);
  });

  it('end with the cluster, also those that wait', async () => {
    ray.nodes = [A, B];
    const running = start();
    const job = ray.jobs.get(await jobOf(A));
    await jobOf(B);
    assert.ok(job);
    job.status = 'RUNNING';
    running.want([{ cpu: 4 }]);
    await until(() => [...ray.jobs.keys()].some((id) => id.includes('-wants-')));
    await running.close();
    assert.deepEqual([ray.with('PENDING'), ray.with('RUNNING')], [[], []]);
    assert.equal(job.status, 'STOPPED');
  });
});

describe("Ray's API", () => {
  const environment = { ...process.env };
  const folder = mkdtempSync(join(tmpdir(), 'nbst-'));
  afterEach(() => {
    for (const name of ['RAY_AUTH_TOKEN', 'RAY_AUTH_TOKEN_PATH', 'HOME', 'NODE_TLS_REJECT_UNAUTHORIZED']) {
      if (environment[name] === undefined) delete process.env[name];
      else process.env[name] = environment[name];
    }
    rmSync(folder, { recursive: true, force: true });
  });
  const isRefused = (error: unknown) => isNbserveError(error) && error.code === 'NBS_RAY_REFUSED';

  it('gets the token from the environment, from a file that it names, or from the home', async () => {
    delete process.env.RAY_AUTH_TOKEN;
    delete process.env.RAY_AUTH_TOKEN_PATH;
    mkdirSync(join(folder, '.ray'), { recursive: true });
    process.env.HOME = folder;
    ray.token = 'right';
    const api = new RayApi(ray.address);
    await assert.rejects(api.nodes(), isRefused);
    writeFileSync(join(folder, '.ray', 'auth_token'), 'right\n');
    await api.nodes();
    writeFileSync(join(folder, 'token'), 'wrong');
    process.env.RAY_AUTH_TOKEN_PATH = join(folder, 'token');
    await assert.rejects(api.nodes(), isRefused);
    process.env.RAY_AUTH_TOKEN = 'right';
    await api.nodes();
    api.close();
  });

  it('is reached over TLS, and only if its certificate is trusted', async () => {
    const file = (name: string): string => readFileSync(new URL(`../../test/fixtures/tls/${name}`, import.meta.url), 'utf8');
    const secure = await new FakeRay({ cert: file('server.crt'), key: file('server.key') }).open();
    secure.nodes = [A];
    const api = new RayApi(secure.address);
    await assert.rejects(
      api.nodes(),
      (error: Error) => isNbserveError(error) && error.code === 'NBS_RAY_UNREACHABLE' && /certificate/.test(error.message),
    );
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    assert.deepEqual(
      (await api.nodes()).map(({ ip }) => ip),
      [A.ip],
    );
    api.close();
    secure.close();
  });

  it('says what is not an answer of Ray', async () => {
    const api = new RayApi(ray.address);
    ray.fault = () => 500;
    await assert.rejects(api.nodes(), (error: Error) => isRefused(error) && /answered with 500: a fault/.test(error.message));
    ray.fault = () => 200;
    await assert.rejects(api.nodes(), (error: Error) => isRefused(error) && /not answered with JSON/.test(error.message));
    ray.fault = () => 'cut';
    await assert.rejects(api.nodes(), (error) => isNbserveError(error) && error.code === 'NBS_RAY_UNREACHABLE');
    api.close();
  });

  it('knows no job that is not there, and passes every other error on', async () => {
    const api = new RayApi(ray.address);
    assert.equal(await api.job('nothing'), undefined);
    ray.fault = () => 502;
    await assert.rejects(api.job('nothing'), isRefused);
    api.close();
  });
});

describe('a cluster on Ray', () => {
  it('listens at the address from which it reaches Ray, or at the given one', async () => {
    ray.nodes = [{ ...A, ip: '127.0.0.3' }];
    const given = { address: ray.address, port: 7000, nbserve: '/opt/nbserve' };
    assert.deepEqual(await machinesOnRay(given), {
      host: '127.0.0.1',
      port: 7000,
      ray: { address: ray.address, nbserve: '/opt/nbserve' },
    });
    assert.equal((await machinesOnRay({ ...given, host: '10.0.0.5' })).host, '10.0.0.5');
  });

  it('is not started at a loopback address if nodes of Ray are on other machines', async () => {
    ray.nodes = [HEAD, A];
    await assert.rejects(machinesOnRay({ address: ray.address }), (error) => {
      return isNbserveError(error) && error.code === 'NBS_RAY_LOOPBACK' && error.message.includes('10.0.0.5 on another machine');
    });
    assert.equal((await machinesOnRay({ address: ray.address, host: '10.0.0.5' })).host, '10.0.0.5');
  });

  it('is what deploy and run start if the file says so', async () => {
    const folder = new CommandFolder({
      'app.ts': "import { serve } from 'nbserve';\nexport const app = serve.deployment(() => 'hi', { name: 'hi' }).bind();\n",
      'serve.yaml': 'cluster: { engine: ray, port: 0 }\napplications:\n  - importPath: app:app\n',
    });
    const env = { RAY_API_SERVER_ADDRESS: 'http://127.0.0.1:9' };
    try {
      for (const args of [
        ['deploy', 'serve.yaml'],
        ['run', 'serve.yaml'],
        ['run', 'serve.yaml', '--address', 'auto'],
      ]) {
        const { code, stderr } = await folder.run(args, { env });
        assert.equal(code, 1, args.join(' '));
        assert.match(stderr, /NBS_RAY_UNREACHABLE|cannot reach Ray at http:\/\/127\.0\.0\.1:9/, args.join(' '));
      }
      // A cluster that runs has its nodes.
      await folder.output(['start', '--port', '0']);
      assert.equal((await folder.run(['run', 'serve.yaml', '--address', 'auto'], { env })).code, 0);
      assert.equal((await folder.run(['deploy', 'serve.yaml'], { env })).code, 0);
    } finally {
      await folder.remove();
    }
  });

  it('is started by the command, with all of Ray and the declared part of this machine', async () => {
    ray.nodes = [{ ...A, ip: '127.0.0.3' }];
    const folder = new CommandFolder();
    try {
      const starting = folder.run(['start', '--engine', 'ray', '--address', ray.address, '--port', '0', '--num-cpus', '0']);
      const one = ray.jobs.get(await jobOf(A));
      assert.equal(one?.job.entrypoint_num_cpus, 2);
      // Otherwise the start waits for the node.
      one.status = 'FAILED';
      const { code, stderr } = await starting;
      assert.equal(code, 0, stderr);
      const { nodes: all } = JSON.parse(await folder.output(['status', '--json'])) as {
        nodes: readonly { id: string; total: { cpu: number } }[];
      };
      assert.deepEqual(
        all.map(({ id, total }) => [id, total.cpu]),
        [['local', 0]],
      );
      await folder.output(['stop']);
      await until(() => ray.with('PENDING').length === 0);
    } finally {
      await folder.remove();
    }
  });
});
