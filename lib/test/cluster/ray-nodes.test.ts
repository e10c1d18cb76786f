/** The jobs of the engine `ray`, with a small fake of Ray's REST API instead of Ray. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { serve } from 'nbserve';
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
    address: () => ({ address: '10.0.0.5:7000', pin: 'aa' }),
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

  it("keep the agent of Ray's head if other nodes come later, and the start does not wait for more", async () => {
    ray.nodes = [HEAD];
    const running = start();
    const gathered = running.gathered;
    const job = await jobOf(HEAD);
    const one = ray.jobs.get(job);
    assert.ok(one);
    one.status = 'RUNNING';
    await looks();
    ray.nodes = [HEAD, A];
    await jobOf(A);
    one.logs = `nbserve node ${'f'.repeat(64)}\n`;
    await until(() => admitted.length === 1);
    assert.equal(admitted[0]?.node, 'ray-cccccccc');
    running.joined('ray-cccccccc');
    await gathered;
    // When it has ended, it does not begin again, and nothing waits for it.
    running.lost('ray-cccccccc');
    one.status = 'FAILED';
    await until(() => running.expected.length === 1);
    assert.deepEqual([running.expected[0]?.id, ray.submitted.length], ['ray-aaaaaaaa', 2]);
  });

  it('are expected until they have joined, and again when their connection is lost', async () => {
    ray.nodes = [{ ...A, resources: { ...resources, GPU: 2, tpu: 4 } }, B];
    const running = start();
    assert.deepEqual(running.expected, []);
    await jobOf(B);
    assert.deepEqual(running.expected[0], {
      id: 'ray-aaaaaaaa',
      ip: A.ip,
      alive: false,
      isJoined: true,
      resources: { cpu: 2, gpus: ['0', '1'], memory: 1e9, custom: { tpu: 4 } },
    });
    running.joined('ray-aaaaaaaa');
    assert.deepEqual(
      running.expected.map(({ id }) => id),
      ['ray-bbbbbbbb'],
    );
    running.lost('ray-aaaaaaaa');
    assert.equal(running.expected.length, 2);
    ray.nodes = [B];
    await until(() => running.expected.length === 1);
  });

  it('are looked at rarely while they are connected', async () => {
    ray.nodes = [A];
    const running = start();
    const job = await jobOf(A);
    const one = ray.jobs.get(job);
    assert.ok(one);
    Object.assign(one, { status: 'RUNNING', logs: `nbserve node ${'f'.repeat(64)}\n` });
    await until(() => admitted.length === 1);
    running.joined('ray-aaaaaaaa');
    let calls = 0;
    ray.fault = (method, path) => {
      if (method === 'GET' && path === `/api/jobs/${job}`) calls += 1;
      return undefined;
    };
    await looks(4);
    assert.ok(calls <= 1, `${calls} calls`);
    running.lost('ray-aaaaaaaa');
    const before = calls;
    await until(() => calls >= before + 2);
  });

  it('are not submitted each second if Ray refuses them, and the start says so', async () => {
    ray.nodes = [A];
    let tries = 0;
    ray.fault = (method, path) => {
      if (method !== 'POST' || path !== '/api/jobs/') return undefined;
      tries += 1;
      return 400;
    };
    const running = start();
    const gathered = running.gathered;
    await looks(6);
    // After a pause of one second and one of two.
    assert.ok(tries <= 4, `${tries} tries`);
    assert.equal(warnings.length, 1, warnings.join('\n'));
    const [text, ...others] = await gathered;
    assert.match(text ?? '', /^node ray-aaaaaaaa \(10\.0\.0\.6\) has not joined: Ray at \S+ refused: POST \/api\/jobs\/ .* 400/);
    assert.deepEqual(others, []);
    // The node is tried again, although the start has not waited for it.
    ray.fault = () => undefined;
    await jobOf(A);
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
      return (
        isNbserveError(error) && error.code === 'NBS_RAY_LOOPBACK' && error.message.includes("Ray's node 10.0.0.5 cannot connect")
      );
    });
    assert.equal((await machinesOnRay({ address: ray.address, host: '10.0.0.5' })).host, '10.0.0.5');
  });

  it("is not joined as if Ray's address were a folder", async () => {
    await assert.rejects(serve.start({ address: ray.address }), (error) => {
      return isNbserveError(error) && error.code === 'NBS_ADDRESS_OF_RAY' && error.message.includes("engine: 'ray'");
    });
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
      const onRay = ['start', '--engine', 'ray', '--address', ray.address, '--machines-nbserve', '/srv/nbserve/lib'];
      const starting = folder.run([...onRay, '--port', '0', '--num-cpus', '0']);
      const one = ray.jobs.get(await jobOf(A));
      assert.equal(one?.job.entrypoint_num_cpus, 2);
      assert.match(one.job.entrypoint, /'\/srv\/nbserve\/lib\/dist\/engine\/agent\/join-main\.js'/);
      // Otherwise the start waits for the node.
      one.status = 'FAILED';
      const { code, stderr } = await starting;
      assert.equal(code, 0, stderr);
      assert.match(stderr, /node ray-aaaaaaaa \(127\.0\.0\.3\) has not joined: its agent ended: FAILED/);
      const { nodes: all } = JSON.parse(await folder.output(['status', '--json'])) as {
        nodes: readonly { id: string; alive: boolean; total: { cpu: number } }[];
      };
      assert.deepEqual(
        all.map(({ id, alive, total }) => [id, alive, total.cpu]),
        [
          ['local', true, 0],
          ['ray-aaaaaaaa', false, 2],
        ],
      );
      // What that node has room for is not refused, because it may still join.
      folder.write(
        'app.ts',
        "import { serve } from 'nbserve';\nexport const app = serve.deployment(() => 1, { name: 'one', resources: { cpu: 1 } }).bind();\n",
      );
      const run = folder.start(['run', 'app.ts:app', '--address', 'auto']);
      let text = '';
      run.stderr?.on('data', (data) => (text += String(data)));
      await until(async () => {
        assert.equal(run.exitCode, null, text);
        return (await folder.output(['status', '--json'])).includes('ray-aaaaaaaa is down');
      });
      run.kill();
      await folder.output(['stop']);
      await until(() => ray.with('PENDING').length === 0);
    } finally {
      await folder.remove();
    }
  });
});
