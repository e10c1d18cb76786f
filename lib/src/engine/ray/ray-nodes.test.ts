import assert from 'node:assert/strict';
import { test } from 'node:test';
import { markProcess } from '../../core/index.js';
import type { AdmittedNode } from '../engine.js';
import { RayRefused } from './errors.js';
import { headMark } from './head-mark.js';
import { RayNodes, type RayNodesOptions } from './ray-nodes.js';

const A = { id: '1234567890', ip: '10.0.0.2', isHead: false, resources: { CPU: 2 } };
const B = { id: '2234567890', ip: '10.0.0.3', isHead: false, resources: { CPU: 2 } };

function opened(api: Partial<RayNodesOptions['api']>, options: Partial<RayNodesOptions> = {}): RayNodes {
  const nodes = new RayNodes({
    api: {
      nodes: async () => [A],
      submit: async () => {},
      job: async () => undefined,
      jobs: async () => [],
      logs: async () => '',
      stop: async () => {},
      remove: async () => {},
      close() {},
      ...api,
    },
    cluster: 'c',
    main: '/main.js',
    address: () => ({ address: '10.0.0.1:1', pin: 'p' }),
    admit() {},
    log: { info() {}, warn() {} },
    ...options,
  });
  nodes.open();
  return nodes;
}

test('a start does not wait for a node whose agent Ray refuses to run, and says why', { timeout: 20_000 }, async () => {
  const nodes = opened({
    submit: async () => {
      throw RayRefused({ address: 'http://ray', reason: 'no such entrypoint' });
    },
  });
  const [missing = ''] = await nodes.gathered;
  assert.match(missing, /^node ray-12345678 \(10\.0\.0\.2\) has not joined: .*no such entrypoint/);
  await nodes.close();
});

test('of an agent that ended, the line of its log that says why is reported', { timeout: 60_000 }, async () => {
  const version = '\nNode.js v22.12.0\n';
  const stack = '    at Module._load (node:internal/modules/cjs/loader:1104:27)';
  for (const [logs, reason] of [
    [
      `node:internal/modules\n  throw err;\n\nError: Cannot find module '/opt/a/join-main.js'\n${stack}\n${version}`,
      /Cannot find module.*machines: \{ nbserve/,
    ],
    [
      `nbserve node ${'a'.repeat(64)}\nNBS_CONNECT_FAILED: cannot connect to 10.0.0.1:1\n`,
      /FAILED NBS_CONNECT_FAILED: cannot connect to 10\.0\.0\.1:1$/,
    ],
    ['/bin/sh: 1: exec: node: not found\n', /exec: node: not found$/],
    [`something else${version}`, /FAILED something else$/],
    ['', /FAILED the runtime environment failed$/],
  ] as const) {
    let isSubmitted = false;
    const nodes = opened({
      submit: async () => {
        isSubmitted = true;
      },
      job: async (id) =>
        isSubmitted ? { submission_id: id, status: 'FAILED', message: 'the runtime environment failed' } : undefined,
      logs: async () => logs,
    });
    const [missing = ''] = await nodes.gathered;
    assert.match(missing, reason);
    assert.doesNotMatch(missing, /Node\.js v/);
    await nodes.close();
  }
});

test('a certificate that another node shows too is not admitted, and the address is asked for at each job', {
  timeout: 60_000,
}, async () => {
  const admitted: AdmittedNode[] = [];
  const warned: string[] = [];
  const entrypoints: string[] = [];
  const jobs = new Set<string>();
  let pin = 0;
  const nodes = opened(
    {
      nodes: async () => [A, B],
      submit: async ({ submission_id, entrypoint }) => {
        jobs.add(submission_id);
        entrypoints.push(entrypoint);
      },
      job: async (id) => (jobs.has(id) ? { submission_id: id, status: 'RUNNING' } : undefined),
      logs: async () => `nbserve node ${'a'.repeat(64)}\n`,
    },
    {
      address: () => {
        pin += 1;
        return { address: '10.0.0.1:1', pin: `pin-${pin}` };
      },
      admit: (node) => {
        admitted.push(node);
        nodes.joined(node.node);
      },
      log: { info() {}, warn: (...line: readonly unknown[]) => void warned.push(line.join(' ')) },
    },
  );
  const missing = await nodes.gathered;
  await nodes.close();
  assert.equal(admitted.length, 1);
  assert.equal(missing.length, 1);
  assert.match(missing[0] ?? '', /the same certificate as node ray-[12]2345678/);
  assert.equal(warned.filter((text) => text.includes('certificate of its own')).length, 1);
  assert.deepEqual(entrypoints.map((text) => /pin-\d/.exec(text)?.[0]).sort(), ['pin-1', 'pin-2']);
});

test("nodes that Ray's list lacks for a moment keep their agents, and Ray's head gets none", async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const HEAD = { id: '3234567890', ip: '10.0.0.1', isHead: true, resources: { CPU: 2 } };
  let listed: readonly (typeof A)[] = [HEAD, A, B];
  const jobs = new Map<string, string>();
  const nodes = opened({
    nodes: async () => listed,
    submit: async ({ submission_id: id, metadata }) => void jobs.set(id, metadata.node ?? ''),
    job: async (id) => (jobs.has(id) ? { submission_id: id, status: 'RUNNING' } : undefined),
  });
  t.after(() => nodes.close());
  const look = async (times: number): Promise<void> => {
    for (let i = 0; i < times; i += 1) {
      for (let turn = 0; turn < 10; turn += 1) await new Promise(setImmediate);
      t.mock.timers.tick(1000);
    }
  };
  const busy = (): readonly string[] => [...jobs.values()].sort();
  await look(2);
  nodes.joined('ray-12345678');
  listed = [HEAD];
  await look(3);
  listed = [HEAD, A, B];
  await look(2);
  assert.deepEqual(busy(), [A.id, B.id]);
  // The agent of A is connected, and that of B is not.
  listed = [HEAD];
  await look(7);
  assert.deepEqual([nodes.expected, busy()], [[], [A.id, B.id]]);
  nodes.lost('ray-12345678');
  await look(2);
  assert.deepEqual(busy(), [A.id, B.id, HEAD.id]);
});

test('what a head that was killed has left on Ray is ended, and nothing of anybody else', async (t) => {
  const head = `here ${process.pid} ${markProcess(process.pid).start}`;
  const killed = `here ${process.pid} 0`;
  const listed: Readonly<Record<string, string | undefined>> = {
    'nbserve-old-a': killed,
    'nbserve-old-wants-b': killed,
    'nbserve-living-a': head,
    'nbserve-elsewhere-a': `there ${process.pid} 0`,
    'nbserve-nameless-a': undefined,
    'nbserve-odd-a': 'here x 0',
    'nbserve-$(id)': killed,
    'of-a-user': killed,
  };
  const stopped: string[] = [];
  const submitted: string[] = [];
  const nodes = opened(
    {
      nodes: async () => [],
      jobs: async () => Object.entries(listed).map(([id, mark]) => ({ id, metadata: mark === undefined ? {} : { head: mark } })),
      job: async (id) => ({ submission_id: id, status: id.includes('-wants-') ? 'PENDING' : 'RUNNING' }),
      stop: async (id) => void stopped.push(id),
      submit: async ({ entrypoint }) => void submitted.push(entrypoint),
    },
    { head },
  );
  t.after(() => nodes.close());
  await nodes.gathered;
  for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
  assert.deepEqual(stopped.sort(), ['nbserve-old-a', 'nbserve-old-wants-b']);
  assert.equal(submitted.length, 1);
  assert.match(submitted[0] ?? '', / nbserve-old-wants-b$/);
});

test('what a head that was killed has left is looked for until Ray has answered, and not again', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const head = `here ${process.pid} ${markProcess(process.pid).start}`;
  let asked = 0;
  const stopped: string[] = [];
  const nodes = opened(
    {
      nodes: async () => [],
      jobs: async () => {
        asked += 1;
        if (asked < 3) throw new Error('Ray is busy');
        return [{ id: 'nbserve-old-a', metadata: { head: `here ${process.pid} 0` } }];
      },
      job: async (id) => ({ submission_id: id, status: stopped.includes(id) ? 'STOPPED' : 'RUNNING' }),
      stop: async (id) => void stopped.push(id),
    },
    { head },
  );
  t.after(() => nodes.close());
  for (let look = 0; look < 6; look += 1) {
    for (let turn = 0; turn < 10; turn += 1) await new Promise(setImmediate);
    t.mock.timers.tick(1000);
  }
  assert.deepEqual([asked, stopped], [3, ['nbserve-old-a']]);
});

test('a mark tells where a pid counts, and nothing else', { skip: process.platform !== 'linux' }, () => {
  const [place, pid, start] = headMark('10.0.0.5')?.split(' ') ?? [];
  assert.match(place ?? '', /^[0-9a-f]{24}$/);
  assert.deepEqual([pid, start], [String(process.pid), markProcess(process.pid).start]);
  assert.notEqual(headMark('10.0.0.6')?.split(' ')[0], place);
});
