// Measures trees by gradient boosting: the time of a training on one thread, and the loss on rows that were not trained on, compared with XGBoost and LightGBM.
// Each round has other rows, so the spread of the ratios of the losses is their noise.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { train } from '../../lib/dist/train/index.js';
import { pythonEnv } from '../python-env.mjs';
import { median, pairedRounds, ratioOf } from './harness/rounds.mjs';

export const REQUIREMENTS = fileURLToPath(new URL('../trees-requirements.txt', import.meta.url));
const PEER = fileURLToPath(new URL('./peers/trees_peer.py', import.meta.url));
const TAXI = fileURLToPath(new URL('../../datasets/taxi/taxi.csv', import.meta.url));
const LIBRARIES = ['XGBoost', 'LightGBM'];

export async function run({ rounds, isQuick }) {
  const folder = mkdtempSync(join(tmpdir(), 'nbserve-trees-'));
  const peer = new TreesPeer(pythonEnv('trees', REQUIREMENTS));
  try {
    const rows = isQuick ? 20_000 : 100_000;
    const tables = [
      {
        name: `${rows.toLocaleString('en')} rows of 10 numbers, 5 % missing`,
        make: (round) => numbers(rows, round),
        rounds: 100,
        eta: 0.1,
        depth: 6,
      },
      { name: '10,000 taxi trips, 4 of 6 columns are texts', make: taxi, rounds: 50, eta: 0.1, depth: 4 },
    ];
    const found = [];
    for (const table of tables) found.push(...(await compare(table, rounds, folder, peer)));
    return found;
  } finally {
    await peer.end();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function compare({ name, make, rounds: trees, eta, depth }, rounds, folder, peer) {
  const settings = { rounds: trees, eta, depth };
  const tables = Array.from({ length: rounds }, (_, round) => make(round));
  const sides = { nbserve: (round) => ours(tables[round], settings, folder) };
  for (const library of LIBRARIES) sides[library] = (round) => peer.train(library, tables[round], settings, folder);
  await sides.nbserve(0);
  const found = await pairedRounds(rounds, sides);
  const of = (side, value) => found[side].map((one) => one[value]);
  return LIBRARIES.flatMap((library) => [
    {
      name: `${name}: training`,
      ours: `${median(of('nbserve', 'seconds')).toFixed(2)} s`,
      peer: `${library}: ${median(of(library, 'seconds')).toFixed(2)} s`,
      ratio: ratioOf(of('nbserve', 'seconds'), of(library, 'seconds')),
      aim: { atMost: 3 },
    },
    {
      name: `${name}: ${tables[0].isLogistic ? 'log loss' : 'root of the mean squared error'}`,
      ours: median(of('nbserve', 'loss')).toFixed(4),
      peer: `${library}: ${median(of(library, 'loss')).toFixed(4)}`,
      ratio: ratioOf(of('nbserve', 'loss'), of(library, 'loss')),
      aim: { atMost: 1.01 },
    },
    ...(tables[0].isLogistic
      ? [
          {
            name: `${name}: area under the ROC curve`,
            ours: median(of('nbserve', 'auc')).toFixed(4),
            peer: `${library}: ${median(of(library, 'auc')).toFixed(4)}`,
            ratio: ratioOf(of('nbserve', 'auc'), of(library, 'auc')),
            aim: { atLeast: 0.99 },
          },
        ]
      : []),
  ]);
}

async function ours({ columns, labels, trained, isLogistic }, { rounds, eta, depth }, folder) {
  const part = (from, to) => Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, values.slice(from, to)]));
  const trainer = new train.TreesTrainer({
    labelColumn: 'label',
    datasets: { train: { ...part(0, trained), label: labels.slice(0, trained) } },
    params: { objective: isLogistic ? 'binary:logistic' : 'reg:squarederror', eta, maxDepth: depth },
    numBoostRound: rounds,
    runConfig: { storagePath: folder, name: 'ours' },
  });
  const begun = performance.now();
  const { model } = await trainer.fit();
  const seconds = (performance.now() - begun) / 1000;
  return { seconds, ...scored(model.predict(part(trained)), labels.slice(trained), isLogistic) };
}

export function scored(predictions, labels, isLogistic) {
  let sum = 0;
  predictions.forEach((value, i) => {
    sum += isLogistic ? -Math.log(labels[i] === 1 ? value : 1 - value) : (value - labels[i]) ** 2;
  });
  const mean = sum / labels.length;
  return { loss: isLogistic ? mean : Math.sqrt(mean), auc: isLogistic ? auc(predictions, labels) : undefined };
}

function auc(predictions, labels) {
  const order = [...predictions.keys()].sort((a, b) => predictions[a] - predictions[b]);
  const positives = labels.reduce((count, label) => count + label, 0);
  let ranks = 0;
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (to < order.length && predictions[order[to]] === predictions[order[from]]) to += 1;
    for (let i = from; i < to; i += 1) if (labels[order[i]] === 1) ranks += (from + 1 + to) / 2;
    from = to;
  }
  return (ranks - (positives * (positives + 1)) / 2) / (positives * (labels.length - positives));
}

/** Python with both libraries, in a process of its own. */
export class TreesPeer {
  #process;
  #lines;

  constructor(python) {
    this.#process = spawn(python, [PEER], { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, OMP_NUM_THREADS: '1' } });
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  async train(library, { columns, labels, trained, categories, isLogistic }, { rounds, eta, depth }, folder) {
    const names = Object.keys(columns);
    const codes = names.map((name) => (categories.includes(name) ? [...new Set(columns[name])].sort() : null));
    const matrix = new Float32Array(labels.length * names.length);
    names.forEach((name, at) => {
      labels.forEach((_, row) => {
        const value = columns[name][row];
        matrix[row * names.length + at] = codes[at] === null ? value : codes[at].indexOf(value);
      });
    });
    const paths = { matrix: join(folder, 'matrix'), labels: join(folder, 'labels'), out: join(folder, 'predictions') };
    writeFileSync(paths.matrix, matrix);
    writeFileSync(paths.labels, Float32Array.from(labels));
    const job = {
      ...paths,
      library,
      eta,
      depth,
      trees: rounds,
      logistic: isLogistic,
      train: trained,
      columns: names.length,
      categories: names.flatMap((name, at) => (categories.includes(name) ? [at] : [])),
    };
    this.#process.stdin.write(`${JSON.stringify({ ...job, rows: labels.length })}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`${library} ended`);
    const bytes = readFileSync(paths.out);
    const predictions = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
    return { ...JSON.parse(value), ...scored(predictions, labels.slice(trained), isLogistic) };
  }

  async end() {
    this.#process.stdin.end();
    if (this.#process.exitCode === null) await new Promise((resolve) => this.#process.once('exit', resolve));
  }
}

/** Random numbers from 0 to 1 that a seed decides. */
function randomOf(seed) {
  let state = Math.imul(seed + 1, 0x9e3779b9);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

function numbers(rows, round) {
  const random = randomOf(round);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const lists = Array.from({ length: 10 }, () => new Float32Array(rows));
  const labels = new Float32Array(rows);
  for (let row = 0; row < rows; row += 1) {
    const x = lists.map(() => normal());
    labels[row] = Math.sin(2 * x[0]) + x[1] * x[2] + Math.abs(x[3]) + (x[4] > 0 ? x[5] / 2 : 0) + normal();
    lists.forEach((list, at) => {
      list[row] = random() < 0.05 ? Number.NaN : x[at];
    });
  }
  const columns = Object.fromEntries(lists.map((list, at) => [`x${at}`, list]));
  return { columns, labels, trained: rows * 0.8, categories: [], isLogistic: false };
}

/** The trips in another order in each round. */
function taxi(round) {
  const [head, ...lines] = readFileSync(TAXI, 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(','));
  const random = randomOf(round);
  for (let i = lines.length - 1; i > 0; i -= 1) {
    const other = Math.floor(random() * (i + 1));
    [lines[i], lines[other]] = [lines[other], lines[i]];
  }
  const categories = ['company', 'local', 'dow', 'month'];
  const [, ...names] = head;
  const columns = Object.fromEntries(
    names.map((name, at) => [name, lines.map((line) => (categories.includes(name) ? line[at + 1] : Number(line[at + 1])))]),
  );
  return {
    columns,
    labels: Float32Array.from(lines, ([tip]) => Number(tip === 'yes')),
    trained: 7000,
    categories,
    isLogistic: true,
  };
}
