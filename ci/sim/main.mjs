// `npm run simulate`: controller, autoscaler and router under a virtual clock, up to 10,000 replicas of 1,000 applications.
// Options: --large (100 nodes, 2,000 replicas; with --write, renews lib/docs/large-clusters.md) · --quick (small, seconds; part of the tests) · --largest N (replicas) · --seed N · --write (renew the page) · --replay (against a real cluster instead)
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { AT_ONCE, largeCosts } from './large.mjs';
import { LARGE_PAGE, madeBy, table, writePart, writePlot } from './page.mjs';
import { replay } from './replay.mjs';

const MINUTE_MS = 60_000;
const DAY_MS = 1440 * MINUTE_MS;

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    largest: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    write: { type: 'boolean', default: false },
    replay: { type: 'boolean', default: false },
    large: { type: 'boolean', default: false },
  },
});
const seed = Number(options.seed);

/** A simulation in a process of its own. */
export function run(given) {
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL('run.mjs', import.meta.url)), JSON.stringify({ seed, ...given })],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (data) => {
    text += data;
  });
  return new Promise((resolve, reject) => {
    child.once('close', (code) =>
      code === 0 ? resolve(JSON.parse(text)) : reject(new Error(`a simulation ended with ${code}`)),
    );
  });
}

const percent = (share) => `${(share * 100).toPrecision(2)} %`;
const kib = (bytes) => `${(bytes / 1024).toFixed(1)} KiB`;
const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;

const HEAD = [
  'replicas, apps',
  'trace',
  'requests',
  'starts',
  'controller, idle',
  'controller, under the trace',
  'its CPU a start',
  'router, a change',
  'a change / all routes',
  'wait p50 / p99',
  'time below need',
  'replica hours / needed',
  'memory',
];

const row = (one) => [
  `${one.replicas.toLocaleString('en')}, ${one.apps.toLocaleString('en')}`,
  one.trace,
  one.requests.toLocaleString('en'),
  one.starts.toLocaleString('en'),
  percent(one.idleShare),
  percent(one.controllerShare),
  `${one.controllerMsPerStart.toFixed(1)} ms`,
  `${one.routerMsPerChange.toFixed(2)} ms`,
  `${kib(one.changeBytes)} / ${kib(one.snapshotBytes)}`,
  `${seconds(one.waitP50Ms)} / ${seconds(one.waitP99Ms)}`,
  percent(one.belowNeed),
  (one.replicaHours / one.oracleHours).toFixed(2),
  `${Math.round(one.heapMiB)} MiB`,
];

async function simulations() {
  const sizes = options.quick ? [10, 100] : [10, 100, 1000, 10_000].filter((size) => size <= Number(options.largest));
  const lengths = options.quick ? { bursty: 3, diurnal: 5 } : { bursty: 10, diurnal: 30 };
  const results = [];
  for (const replicas of sizes) {
    // They run in parallel, because CPU time is measured.
    const running = Object.entries(lengths).map(([trace, minutes]) => {
      const lengthMs = minutes * MINUTE_MS;
      return run({ replicas, apps: replicas / 10, trace, lengthMs, dayMs: lengthMs });
    });
    for (const result of await Promise.all(running)) {
      results.push(result);
      console.log(
        row(result)
          .map((cell, i) => `${HEAD[i]}: ${cell}`)
          .join(' · '),
      );
      for (const violation of result.violations) console.log(`  VIOLATED: ${violation}`);
    }
  }
  return { results, lengths };
}

function writePage({ results, lengths }, day) {
  const growth = (name, trace, of) => ({
    name,
    points: results.filter((one) => one.trace === trace).map((one) => [one.replicas, of(one)]),
  });
  writePlot('control-cost.svg', {
    title: 'The controller’s CPU time, ten replicas to an application',
    x: { label: 'replicas', log: true, format: (value) => value.toLocaleString('en') },
    y: { label: 'share of one core', log: true, format: (value) => `${Number((value * 100).toPrecision(1))} %` },
    series: [
      growth('idle', 'bursty', (one) => one.idleShare),
      growth('bursty trace', 'bursty', (one) => one.controllerShare),
      growth('diurnal trace', 'diurnal', (one) => one.controllerShare),
    ],
  });
  const hours = ({ t }) => t / 3_600_000;
  writePlot('one-day.svg', {
    title: 'One day of ten applications: replicas that the load needs, and that are there',
    x: { label: 'hour of the day', ticks: [0, 4, 8, 12, 16, 20, 24] },
    y: { label: 'replicas' },
    series: [
      { name: 'needed', points: thin(day.samples).map((one) => [hours(one), one.needed]) },
      { name: 'there', points: thin(day.samples).map((one) => [hours(one), one.running]) },
    ],
  });
  writePart('--write', [
    `${madeBy('npm run simulate -- --write')} The bursty trace lasts ${lengths.bursty} virtual minutes; the diurnal one is a day pressed into ${lengths.diurnal}.`,
    '',
    ...table(HEAD, results.map(row)),
    '',
    '![Share of a core that the controller takes, against the number of replicas, on logarithmic scales](images/control-cost.svg)',
    '',
    `A whole day (24 virtual hours, ten applications of up to ten replicas): ${day.requests.toLocaleString('en')} requests, below need for ${percent(day.belowNeed)} of the time, ${(day.replicaHours / day.oracleHours).toFixed(2)} times the replica hours that were needed.`,
    '',
    '![Replicas that the load needs and replicas that are there, over one day](images/one-day.svg)',
  ]);
}

/** Leaves out points, so that the picture stays small. */
const thin = (samples, most = 360) => samples.filter((_, i) => i % Math.ceil(samples.length / most) === 0);

/** 100 nodes of 22 CPUs, 2,000 replicas of 20 applications, and the connections that they have. */
async function large() {
  const lengths = options.quick ? { bursty: 1 } : { bursty: 10, diurnal: 30 };
  const running = Object.entries(lengths).map(([trace, minutes]) => {
    const lengthMs = minutes * MINUTE_MS;
    return run({ replicas: 2000, apps: 20, nodeCpus: 22, trace, lengthMs, dayMs: lengthMs });
  });
  const results = await Promise.all(running);
  const { connected, unixUs, tlsUs, snapshotBytes } = await largeCosts({
    ...{ apps: 20, perApp: 100 },
    counts: options.quick ? [20] : [100, 400],
  });
  const lines = [
    ...table(HEAD, results.map(row)),
    '',
    ...table(
      [
        'processes that connect at once',
        'attempts',
        'CPU of the one process, each',
        'CPU of the others, each',
        'CPU of the one process, a change of the routes for all',
      ],
      connected.map(({ count, attempts, oneCpuMs, othersCpuMs, changeMs }) => [
        ...[count, attempts, `${oneCpuMs.toFixed(1)} ms`, `${othersCpuMs.toFixed(1)} ms`, `${changeMs.toFixed(1)} ms`],
      ]),
    ),
    '',
    `All routes are ${kib(snapshotBytes)}, which each process gets when it connects.`,
    `A small call takes ${unixUs.toFixed(1)} µs of CPU time over a Unix socket and ${tlsUs.toFixed(1)} µs over TCP with TLS, both sides together, ${AT_ONCE} at a time.`,
  ];
  console.log(lines.join('\n'));
  if (options.write) writePart('--large --write', [madeBy('npm run simulate -- --large --write'), '', ...lines], LARGE_PAGE);
  return results;
}

if (options.large) {
  const results = await large();
  process.exit(results.some(({ violations }) => violations.length > 0) ? 1 : 0);
} else if (options.replay) {
  await replay({ run, seed, write: options.write });
} else {
  const found = await simulations();
  if (options.write) {
    const day = await run({
      replicas: 100,
      apps: 10,
      trace: 'diurnal',
      lengthMs: DAY_MS,
      dayMs: DAY_MS,
      sampleMs: MINUTE_MS,
      points: true,
    });
    writePage(found, day);
    found.results.push(day);
  }
  process.exit(found.results.some(({ violations }) => violations.length > 0) ? 1 : 0);
}
