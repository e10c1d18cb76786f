// Runs the same trace against a real cluster, a day in a minute, with real processes and HTTP. Compares the number of replicas over time with the simulator's.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Cluster } from '../bench/harness/cluster.mjs';
import { madeBy, table, writePart, writePlot } from './page.mjs';
import { exponential, random } from './random.mjs';
import { AUTOSCALING, peakRate } from './simulation.mjs';
import { traces } from './traces.mjs';

const REPLICAS = 6;
const LENGTH_MS = 60_000;
const SERVICE_MS = 400;
const SAMPLE_MS = 500;
const MAX_ONGOING = 5;
/** The simulator's delays, shortened like its service times. */
const SCALING = { ...AUTOSCALING, upscaleDelayMs: 500, downscaleDelayMs: 3000, metricsIntervalMs: 200, lookBackPeriodMs: 1000 };
const ROWS = 12;

export async function replay({ run, seed, write }) {
  const home = mkdtempSync(join(tmpdir(), 'nbsr-'));
  process.env.NBSERVE_HOME = home;
  process.env.NBSERVE_BENCH_RUN = randomBytes(8).toString('hex');
  const rows = [];
  const lines = [];
  try {
    for (const name of ['diurnal', 'bursty']) {
      const shape = name === 'diurnal' ? { dayMs: LENGTH_MS } : { quietMs: 12_000, burstMs: 6000 };
      const measured = await real(name, shape, seed);
      const predicted = await run({
        replicas: REPLICAS,
        apps: 1,
        trace: name,
        shape,
        lengthMs: LENGTH_MS,
        serviceMs: SERVICE_MS,
        startMs: measured.startMs,
        idleMs: 2000,
        sampleMs: SAMPLE_MS,
        maxOngoing: MAX_ONGOING,
        scaling: SCALING,
        points: true,
      });
      const found = compare(name, measured, predicted);
      rows.push(found.row);
      lines.push(...found.lines);
      if (write) {
        writePlot(`replay-${name}.svg`, {
          title: `A ${name} minute: replicas on a real cluster and in the simulator`,
          x: { label: 'seconds' },
          y: { label: 'replicas' },
          series: [
            { name: 'real', points: measured.samples.map(({ t, running }) => [t / 1000, running]), step: true },
            { name: 'simulated', points: predicted.samples.map(({ t, running }) => [t / 1000, running]), step: true },
            { name: 'needed', points: predicted.samples.map(({ t, needed }) => [t / 1000, needed]), step: true },
          ],
        });
      }
    }
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
  const head = ['trace', 'requests', 'failed', 'replicas, real', 'simulated', 'mean difference', 'same within one'];
  for (const line of [...lines, ...table(head, rows)]) console.log(line);
  if (write) {
    const images = ['diurnal', 'bursty'].flatMap((name) => [
      '',
      `![Replicas over a ${name} minute, real and simulated](images/replay-${name}.svg)`,
    ]);
    writePart('--replay --write', [madeBy('npm run simulate -- --replay --write'), '', ...table(head, rows), ...images]);
  }
  process.exit(rows.some((row) => row[2] !== '0') ? 1 : 0);
}

async function real(name, shape, seed) {
  const cluster = new Cluster();
  try {
    const trace = traces[name]({ apps: 1, peak: peakRate({ perApp: REPLICAS, serviceMs: SERVICE_MS }), seed, ...shape });
    const draw = random(seed);
    const { upscaleDelayMs, downscaleDelayMs, metricsIntervalMs, lookBackPeriodMs, targetOngoingRequests } = SCALING;
    const autoscaling = {
      minReplicas: 1,
      maxReplicas: REPLICAS,
      targetOngoingRequests,
      upscaleDelay: upscaleDelayMs,
      downscaleDelay: downscaleDelayMs,
      metricsInterval: metricsIntervalMs,
      lookBackPeriod: lookBackPeriodMs,
    };
    const app = new URL('replay-app.mjs', import.meta.url).href;
    const url = await cluster.ask('run', {
      app,
      name: 'sleeper',
      routePrefix: '/',
      options: { autoscaling, maxOngoingRequests: MAX_ONGOING },
    });
    const replicasNow = async () => (await cluster.ask('status')).applications.sleeper.deployments.Sleeper.replicas;
    const origin = performance.now();
    const samples = [];
    const firstSeen = new Map();
    const starts = [];
    const pending = [];
    let failed = 0;
    const ask = async () => {
      try {
        const response = await fetch(url, { method: 'POST', body: String(Math.round(exponential(draw, SERVICE_MS))) });
        if (response.status !== 200) failed += 1;
        await response.text();
      } catch {
        failed += 1;
      }
    };
    const sampling = (async () => {
      for (let t = 0; t < LENGTH_MS; t += SAMPLE_MS) {
        await delay(origin + t - performance.now());
        const replicas = await replicasNow();
        for (const { id, state } of replicas) {
          if (!firstSeen.has(id)) firstSeen.set(id, state === 'RUNNING' ? null : performance.now());
          else if (state === 'RUNNING' && firstSeen.get(id) !== null) {
            starts.push(performance.now() - firstSeen.get(id));
            firstSeen.set(id, null);
          }
        }
        samples.push({ t, running: replicas.filter(({ state }) => state === 'RUNNING').length });
      }
    })();
    let requests = 0;
    for (let t = trace.next(0, 0); t < LENGTH_MS; t = trace.next(0, t)) {
      await delay(Math.max(0, origin + t - performance.now()));
      requests += 1;
      pending.push(ask());
    }
    await Promise.all([...pending, sampling]);
    const startMs = starts.length === 0 ? SAMPLE_MS / 2 : starts.reduce((sum, one) => sum + one, 0) / starts.length;
    return { samples, requests, failed, startMs };
  } finally {
    await cluster.end();
  }
}

function compare(name, measured, predicted) {
  const pairs = measured.samples.map(({ t, running }, i) => ({
    t,
    real: running,
    simulated: predicted.samples[i]?.running ?? 0,
  }));
  const mean = (of) => pairs.reduce((sum, pair) => sum + of(pair), 0) / pairs.length;
  const every = Math.ceil(pairs.length / ROWS);
  const lines = pairs
    .filter((_, i) => i % every === 0)
    .map(({ t, real: there, simulated }) => `${name} ${String(t / 1000).padStart(4)} s: real ${there}, simulated ${simulated}`);
  const row = [
    name,
    String(measured.requests),
    String(measured.failed),
    mean((pair) => pair.real).toFixed(2),
    mean((pair) => pair.simulated).toFixed(2),
    mean((pair) => Math.abs(pair.real - pair.simulated)).toFixed(2),
    `${Math.round(mean((pair) => (Math.abs(pair.real - pair.simulated) <= 1 ? 100 : 0)))} % of the time`,
  ];
  return { row, lines };
}
