// Compares the trees of lesson 01 with XGBoost's: the lesson's rows, parameters and number of trees, its own split and nine others, which show the noise.
// `node ci/bench/taxi.mjs` prints the area under the ROC curve and the log loss on the rows that were not trained on.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { data } from '../../lib/dist/data/index.js';
import { train } from '../../lib/dist/train/index.js';
import { pythonEnv } from '../python-env.mjs';
import { REQUIREMENTS, scored, TreesPeer } from './trees.mjs';

const TAXI = fileURLToPath(new URL('../../datasets/taxi/taxi.csv', import.meta.url));
/** The first one is the lesson's. */
const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
const CATEGORIES = ['company', 'local', 'dow', 'month'];
/** Defaults of both libraries, which the lesson takes. */
const SETTINGS = { rounds: 10, eta: 0.3, depth: 6 };

const folder = mkdtempSync(join(tmpdir(), 'nbserve-taxi-'));
const peer = new TreesPeer(pythonEnv('trees', REQUIREMENTS));
try {
  const differences = [];
  for (const seed of SEEDS) {
    const [trained, valid] = await split(seed);
    const ours = await oursOn(trained, valid);
    const theirs = await peer.train('XGBoost', tableOf(trained, valid), SETTINGS, folder);
    const shown = ({ auc, loss }) => `AUC ${auc.toFixed(4)}, log loss ${loss.toFixed(4)}`;
    console.log(`seed ${seed}${seed === 1 ? ' (lesson 01)' : ''}: nbserve ${shown(ours)}; XGBoost ${shown(theirs)}`);
    differences.push({ auc: ours.auc - theirs.auc, loss: ours.loss - theirs.loss, own: theirs.auc });
  }
  for (const [name, values] of [
    ['AUC, nbserve - XGBoost', differences.map(({ auc }) => auc)],
    ['log loss, nbserve - XGBoost', differences.map(({ loss }) => loss)],
    ["XGBoost's AUC over the splits", differences.map(({ own }) => own)],
  ])
    console.log(`${name}: mean ${mean(values).toFixed(4)}, standard deviation ${deviation(values).toFixed(4)}`);
} finally {
  await peer.end();
  rmSync(folder, { recursive: true, force: true });
}

/** As the lesson reads and divides the trips. */
async function split(seed) {
  const trips = data.readCsv(TAXI).repartition(16);
  const labelled = trips.map(({ tip, ...trip }) => ({ ...trip, tipped: tip }));
  const parts = labelled.trainTestSplit({ testSize: 0.3, shuffle: true, seed });
  return Promise.all(parts.map((part) => part.takeAll()));
}

async function oursOn(trained, valid) {
  const trainer = new train.TreesTrainer({
    labelColumn: 'tipped',
    params: { objective: 'binary:logistic' },
    datasets: { train: trained },
    runConfig: { storagePath: folder },
  });
  const { model } = await trainer.fit();
  return scored(model.predict(valid.map(({ tipped: _, ...trip }) => trip)), labelsOf(valid), true);
}

function tableOf(trained, valid) {
  const rows = [...trained, ...valid];
  const names = Object.keys(rows[0]).filter((name) => name !== 'tipped');
  const textOrNumber = (name, row) => (CATEGORIES.includes(name) ? String(row[name]) : row[name]);
  const columns = Object.fromEntries(names.map((name) => [name, rows.map((row) => textOrNumber(name, row))]));
  return { columns, labels: labelsOf(rows), trained: trained.length, categories: CATEGORIES, isLogistic: true };
}

function labelsOf(rows) {
  return rows.map(({ tipped }) => Number(tipped));
}

function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function deviation(values) {
  return Math.sqrt(mean(values.map((value) => (value - mean(values)) ** 2)));
}
