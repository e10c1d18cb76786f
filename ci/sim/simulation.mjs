import { nodesFor, SimulatedCluster } from './cluster.mjs';
import { Histogram } from './histogram.mjs';
import { Invariants } from './invariants.mjs';
import { appSpec, deploymentSpec } from './library.mjs';
import { random } from './random.mjs';

/** The number of requests of an app at the same time at the peak, divided by the number for which its largest number of replicas is meant. */
export const PEAK_USE = 0.8;

export const AUTOSCALING = {
  minReplicas: 1,
  initialReplicas: null,
  targetOngoingRequests: 2,
  upscaleDelayMs: 10_000,
  downscaleDelayMs: 60_000,
  metricsIntervalMs: 5000,
  lookBackPeriodMs: 15_000,
  upscalingFactor: 1,
  downscalingFactor: 1,
};

/** Requests per second of one app at the peak. */
export const peakRate = ({ perApp, serviceMs }) => (PEAK_USE * perApp * AUTOSCALING.targetOngoingRequests * 1000) / serviceMs;

/**
 * Runs one simulation: it starts the apps, then follows the trace.
 * @param options `replicas`: the most of all apps together; `lengthMs`: of the trace; `serviceMs`: a request takes so long on average;
 *   `startMs`: so does a replica's start; `idleMs`: the cluster is left alone so long before the trace begins
 */
export async function simulate({
  clock,
  apps,
  replicas,
  trace,
  lengthMs,
  seed,
  serviceMs = 20_000,
  startMs = 2000,
  idleMs = 60_000,
  sampleMs = 5000,
  maxOngoing = 5,
  nodeCpus,
  scaling = AUTOSCALING,
  onSample,
}) {
  const perApp = replicas / apps;
  const draw = random(seed);
  const nodes = nodesFor(replicas, nodeCpus);
  const autoscaling = { ...scaling, maxReplicas: perApp };
  const names = Array.from({ length: apps }, (_, i) => `app${i}`);
  const invariants = new Invariants(nodes, new Map(names.map((name) => [name, { min: autoscaling.minReplicas, max: perApp }])));
  const waits = new Histogram();
  const asked = new Map();
  const begun = (requestId) => {
    waits.add(clock.now() - asked.get(requestId));
    asked.delete(requestId);
  };
  const cluster = new SimulatedCluster({ clock, draw, invariants, nodes, startMs, serviceMs, limit: maxOngoing, onBegun: begun });
  await cluster.open();
  const { drain } = cluster;

  const resources = { cpu: 1, gpu: 0, memory: 0, custom: {} };
  const config = { autoscaling, resources, gracefulShutdownTimeoutMs: 600_000, numReplicas: 1, maxOngoingRequests: maxOngoing };
  let up = 0;
  for (const name of names) {
    void cluster.control.deploy(appSpec(name, [deploymentSpec('Main', name, config)])).then(() => (up += 1));
    clock.isDirty = true;
    await clock.run(clock.now(), drain);
  }
  while (up < apps) await clock.run(clock.now() + 1000, drain);
  const upCost = { ...cluster.cost };

  await clock.run(clock.now() + idleMs, drain);
  const idleCost = cluster.cost.controllerMs - upCost.controllerMs;

  const origin = clock.now();
  const end = origin + lengthMs;
  const before = { ...cluster.cost, ...cluster.counts };
  let requests = 0;
  let answered = 0;
  const ask = (app) => {
    const requestId = String(requests);
    requests += 1;
    asked.set(requestId, clock.now());
    const sink = {
      onHead() {},
      onData() {},
      onEnd: () => (answered += 1),
      onError: (error) => invariants.request(error),
    };
    cluster.router.dispatch({
      key: `${names[app]}/Main`,
      method: 'm',
      head: { kind: 'method', method: 'm', requestId },
      body: null,
      sink,
    });
  };
  const follow = (app, from) => {
    const at = origin + trace.next(app, from);
    if (at > end) return;
    clock.after(at - clock.now(), () => {
      ask(app);
      follow(app, at - origin);
    });
  };
  for (let app = 0; app < apps; app += 1) follow(app, 0);

  const quality = { below: 0, samples: 0, replicaMs: 0, oracleMs: 0, peak: 0, heap: 0 };
  const need = (app, t) =>
    Math.min(
      perApp,
      Math.max(autoscaling.minReplicas, Math.ceil((trace.rate(app, t) * serviceMs) / 1000 / autoscaling.targetOngoingRequests)),
    );
  const sample = () => {
    const t = clock.now() - origin;
    const there = runningOf(cluster, names);
    let wanted = 0;
    let running = 0;
    for (let app = 0; app < apps; app += 1) {
      const n = need(app, t);
      wanted += n;
      running += there[app];
      if (there[app] < n) quality.below += 1;
    }
    quality.samples += apps;
    quality.replicaMs += running * sampleMs;
    quality.oracleMs += wanted * sampleMs;
    quality.peak = Math.max(quality.peak, running);
    quality.heap = Math.max(quality.heap, process.memoryUsage().heapUsed);
    onSample?.({ t, needed: wanted, running, asked: asked.size });
    if (clock.now() + sampleMs <= end) clock.after(sampleMs, sample);
  };
  sample();
  await clock.run(end, drain);
  const cost = {
    controllerMs: cluster.cost.controllerMs - before.controllerMs,
    routerMs: cluster.cost.routerMs - before.routerMs,
  };
  const published = cluster.counts.published - before.published;
  const starts = cluster.counts.starts - before.starts;
  const publishedBytes = cluster.counts.publishedBytes - before.publishedBytes;
  // Every request must have been answered in the end.
  for (let more = 0; answered < requests && more < 100 && invariants.violations.length === 0; more += 1)
    await clock.run(clock.now() + 10 * serviceMs, drain);
  if (answered < requests) invariants.violations.push(`${requests - answered} of ${requests} requests were never answered`);
  const hours = lengthMs / 3_600_000;
  cluster.router.close();
  return {
    apps,
    replicas,
    nodes: nodes.length,
    trace: trace.name,
    hours,
    requests,
    starts,
    deployMsPerApp: upCost.controllerMs / apps,
    idleShare: idleCost / idleMs,
    controllerShare: cost.controllerMs / lengthMs,
    controllerMsPerStart: cost.controllerMs / Math.max(1, starts),
    routerMsPerChange: cost.routerMs / Math.max(1, published),
    published,
    changeBytes: publishedBytes / Math.max(1, published),
    snapshotBytes: cluster.snapshotBytes,
    heapMiB: quality.heap / 2 ** 20,
    waitP50Ms: waits.quantile(0.5),
    waitP99Ms: waits.quantile(0.99),
    belowNeed: quality.below / quality.samples,
    replicaHours: quality.replicaMs / 3_600_000,
    oracleHours: quality.oracleMs / 3_600_000,
    peakReplicas: quality.peak,
    violations: invariants.violations,
  };
}

/** The replicas of each app that can get requests. */
function runningOf(cluster, names) {
  const counts = new Map();
  for (const { ready, draining, init } of cluster.replicas.values()) {
    if (ready && !draining) counts.set(init.app, (counts.get(init.app) ?? 0) + 1);
  }
  return names.map((name) => counts.get(name) ?? 0);
}
