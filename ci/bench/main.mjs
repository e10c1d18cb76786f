// `npm run bench`: every number of lib/docs/performance.md, against peers measured in the same run.
// Options: --only echo,kernel (any of the names below) · --rounds N · --quick (a look in a few minutes) · --without ray,jupyter,deno (peers) · --write (renew the page)
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { jupyterPython } from '../jupyter.mjs';
import { findLeftovers, foldersOf } from '../leftovers.mjs';
import { stopAll } from './harness/processes.mjs';
import { DATA, FASTEST, Ray } from './harness/ray.mjs';
import { print, writePage } from './harness/report.mjs';
import { denoBinary } from './peers/deno.mjs';

const NAMES = [
  'echo',
  'typed',
  'handle',
  'replicas',
  'machines',
  'routes',
  'ingress',
  'grpc',
  'streams',
  'idle',
  'mnist',
  'python',
  'inference',
  'models',
  'image',
  'chat',
  'trees',
  'data',
  'train',
  'kernel',
  'notebooks',
  'first-run',
];

/** Ray Serve as it is and in its fastest mode, and Ray Data. Each starts Ray again, because the mode is read when it starts. */
const RAYS = [
  { title: 'Ray Serve', settings: {}, pick: ({ withRay }) => withRay },
  { title: "Ray Serve's fastest mode", settings: FASTEST, pick: ({ withFastestRay }) => withFastestRay },
  {
    title: "Ray Serve's fastest mode with two nodes",
    settings: { ...FASTEST, BENCH_NODES: '2' },
    pick: ({ withRayNodes }) => withRayNodes,
  },
  { title: 'Ray Data', settings: {}, library: DATA, pick: ({ withRayData }) => withRayData },
];

const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    rounds: { type: 'string' },
    without: { type: 'string', default: '' },
    quick: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});
const names = options.only?.split(',') ?? NAMES;
const unknown = names.filter((name) => !NAMES.includes(name));
if (unknown.length > 0) throw new Error(`no benchmark ${unknown.join(', ')}; there are ${NAMES.join(', ')}`);

const mark = `NBSERVE_BENCH_RUN=${randomBytes(8).toString('hex')}`;
const root = mkdtempSync(join(tmpdir(), 'nbsb-'));
const folders = foldersOf(root, 1);
for (const folder of Object.values(folders)) mkdirSync(folder);
process.env.NBSERVE_BENCH_RUN = mark.split('=')[1];
process.env.NBSERVE_HOME = folders.home;
process.env.TMPDIR = folders.temporary;

const rounds = Number(options.rounds ?? (options.quick ? 3 : 7));
const context = { rounds, peerRounds: Math.min(rounds, 3), seconds: options.quick ? 1 : 3, isQuick: options.quick };

/** Starts a peer. If that fails, its rows say so, and the other benchmarks continue. */
async function peer(name, open) {
  try {
    if (options.without.split(',').includes(name)) throw new Error('left out');
    return { [name]: await open() };
  } catch (error) {
    const why = `${error.message.split('\n')[0]}`;
    console.log(`no ${name}: ${why}`);
    return { [`no${name[0].toUpperCase()}${name.slice(1)}`]: `not measured: ${why}` };
  }
}

Object.assign(context, await peer('jupyter', async () => jupyterPython()));
Object.assign(context, await peer('deno', async () => denoBinary()));
Object.assign(
  context,
  await peer('ray', async () => {
    const ray = await Ray.open();
    await ray.end();
    return ray.version;
  }),
);

const begun = Date.now();
const rows = [];
let failed = false;
try {
  const modules = await Promise.all(names.map(async (name) => ({ name, ...(await import(`./${name}.mjs`)) })));
  const measure = async (name, work) => {
    console.log(`\n── ${name}`);
    try {
      const found = await work();
      print(found);
      rows.push(...found);
    } catch (error) {
      failed = true;
      console.log(`${name} failed: ${error.stack}`);
    }
  };
  for (const { name, run } of modules) await measure(name, () => run(context));
  for (const { title, settings, library, pick } of RAYS) {
    const withPeer = modules.filter((module) => pick(module) !== undefined);
    if (context.ray === undefined || withPeer.length === 0) continue;
    let ray;
    try {
      ray = await Ray.open(settings, library);
      await ray.ask('start');
      for (const module of withPeer) await measure(`${module.name}, ${title} beside it`, () => pick(module)(context, ray));
    } catch (error) {
      failed = true;
      console.log(`${title} could not be started: ${error.message}`);
    } finally {
      await ray?.end();
    }
  }
} finally {
  await stopAll();
}

const left = findLeftovers({ mark, jobs: [{ name: 'the benchmark', group: 'bench', ...folders }] });
if (left.length > 0) console.log(`\nleft behind:\n${left.join('\n')}`);
rmSync(root, { recursive: true, force: true });
console.log('');
if (options.write) writePage(rows, context, Date.now() - begun);
console.log(`${Math.round((Date.now() - begun) / 1000)} s`);
process.exit(failed || left.length > 0 ? 1 : 0);
