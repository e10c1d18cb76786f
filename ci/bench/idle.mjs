// Measures the CPU time of controller, agent and proxy with 200 idle replicas.
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { connectEngine, startLocalCluster } from '../../lib/dist/engine/index.js';
import { connect, helloOf, opCaller } from '../../lib/dist/ipc/index.js';
import { config } from '../../lib/dist/serve/controller/sample-apps.test-support.js';
import { cpuMs, memoryMiB, processes } from './harness/processes.mjs';

const REPLICAS = 200;
const APPS = 10;
/** Long enough for three health checks of each replica, which come every 10 s. */
const IDLE_MS = 30_000;
const SETTLE_MS = 3000;
const ROLES = ['controller', 'agent', 'proxy'];
const path = (file) => fileURLToPath(new URL(file, import.meta.url));

const deployment = (name) => ({
  name,
  version: null,
  code: { kind: 'source', hash: '0'.repeat(64), values: [], folder: '/', exportName: name },
  initArgs: new Uint8Array(0),
  replicaHash: name,
  dependencies: [],
  config: config({ numReplicas: REPLICAS / APPS, gracefulShutdownTimeoutMs: 5000 }),
});

const wholeTime = (pids) => Object.fromEntries(ROLES.map((role) => [role, cpuMs(pids[role])]));

export async function run() {
  const cluster = await startLocalCluster({
    http: { host: '127.0.0.1', port: 0 },
    onLog: () => {},
    entries: { controller: path('stubs/controller.mjs'), proxy: path('../../lib/dist/serve/proxy/main.js') },
  });
  try {
    const controller = await connect(
      { path: join(cluster.dir, 'c.sock') },
      { token: cluster.token, hello: helloOf('driver', 'bench') },
    );
    const engine = await connectEngine(cluster.dir, cluster.token);
    const call = opCaller(controller);
    for (let i = 0; i < APPS; i += 1) {
      const name = `app${i}`;
      await call('deploy', { name, routePrefix: `/${name}`, ingress: 'Chat', deployments: [deployment('Chat')] });
    }
    await delay(SETTLE_MS);
    const listed = await engine.list();
    const { pid: controllerPid } = listed.find(({ role }) => role === 'controller');
    const { pid: proxyPid } = listed.find(({ role }) => role === 'proxy');
    const pids = { controller: controllerPid, proxy: proxyPid, agent: processes().get(controllerPid)?.parent };
    const before = wholeTime(pids);
    const begun = performance.now();
    await delay(IDLE_MS);
    const elapsedMs = performance.now() - begun;
    const after = wholeTime(pids);
    const share = (role) => (after[role] - before[role]) / elapsedMs;
    const percent = (value) => `${(value * 100).toFixed(2)} %`;
    engine.close();
    controller.close();
    const ratio = share('controller');
    return [
      {
        name: `controller at ${REPLICAS} idle replicas (stubs), of one core`,
        ours: `${percent(ratio)} (agent ${percent(share('agent'))}, proxy ${percent(share('proxy'))}; controller ${Math.round(memoryMiB([controllerPid]))} MiB)`,
        ratio: { median: ratio, min: ratio, max: ratio },
        aim: { atMost: 0.02 },
      },
    ];
  } finally {
    await cluster.stop({ graceMs: 10_000 });
  }
}
