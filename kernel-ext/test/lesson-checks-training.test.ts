/** Tests of the checks of exercises in lessons on training. */
import { LONG, tryExercises } from './lesson-tries.js';

const DEPTHS = `import { tune } from 'nbserve/tune';
import { tmpdir } from 'node:os';
const trial = (maxDepth: number, train: number, valid: number) => ({
  config: { params: { maxDepth } }, metrics: { 'train-logloss': train, 'valid-logloss': valid } as Record<string, number>,
});
const trials = [trial(4, 0.26, 0.268), trial(11, 0.1, 0.3), trial(7, 0.2, 0.271)];
const results = {
  [Symbol.iterator]: () => trials[Symbol.iterator](),
  toArray: () => trials,
  getBestResult({ metric = 'train-logloss', mode = 'min' }: { metric?: string; mode?: string } = {}) {
    if (!(metric in trials[0].metrics)) throw new Error('no trial has reported the metric ' + metric);
    const sign = mode === 'min' ? 1 : -1;
    return [...trials].sort((a, b) => sign * (a.metrics[metric] - b.metrics[metric]))[0];
  },
};`;
const depth = (body: string): string => `function bestDepth(found: typeof results): any { ${body} }`;

/** Two models of trees, and rows, without a search. */
const TREES = `import { train } from 'nbserve/train';
import { data } from 'nbserve/data';
import { tmpdir } from 'node:os';
import { Exercise } from 'nbserve/lessons';
const items = Array.from({ length: 200 }, (_, i) => ({ miles: i % 25, hour: i % 24, tipped: i % 25 > 12 }));
const fitted = (maxDepth: number) => new train.TreesTrainer({
  labelColumn: 'tipped', params: { objective: 'binary:logistic', maxDepth }, numBoostRound: maxDepth,
  datasets: { train: items }, runConfig: { storagePath: tmpdir() },
}).fit();
const result = await fitted(2);
const checkpoint = (await fitted(5)).checkpoint!;
const inputs = data.fromItems(items).dropColumns('tipped');
const trees = await train.loadTrees(checkpoint);`;
const byOnnx = (body: string): string => `async function byOnnx(file: string, rows: object[]): Promise<any> { ${body} }`;
/** The other model predicts something else. */
const BY_ONE_MODEL =
  /✔ the predictions of 100 trips: the same\n✖ .* by the first model\n {4}expected the same\n {4}got {6}0\.\d+ for/;
const X = 'onnx.tensor(trees.encode(rows), [rows.length, trees.features.length])';

const NETWORK = `import { Adam, DataLoader, imageDataset, Network, nn, train } from 'nbserve/train';
import { loadMnist } from 'nbserve/data';
type Row = Readonly<Record<string, number>>;
function buildDataLoader(digits: ReturnType<typeof loadMnist>, batchSize: number) {
  return new DataLoader(imageDataset(digits), { batchSize, shuffle: true, dropLast: true });
}`;
/** The digits that are committed, twice, in the place of those for training, which a clone does not have. */
const COMMITTED = NETWORK.replace('{ loadMnist }', '{ loadMnist as load }')
  .replace(
    /return (new DataLoader.*);/,
    `const loader = $1;
  return [...loader, ...loader];`,
  )
  .concat(
    '\nconst loadMnist = ({ limit = 1000 }: { split?: string; limit?: number } = {}) => load({ limit: Math.min(limit, 1000) });',
  );
const ownLayers = (end: string, begin = 'nn.conv2d(8, 16, 3)'): string => `const ownLayers: any = nn.sequential(
  nn.conv2d(1, 8, 3), nn.relu(), nn.maxPool2d(2), ${begin}, nn.relu(), nn.maxPool2d(2), ${end});`;
const ownLoop = (
  body: string,
  more = '',
  { workers = 1, config = '' } = {},
): string => `const ownLoop: any = async (${config}) => { ${body} };
const ownTrainer: any = new train.Trainer({
  trainLoopPerWorker: ownLoop, scalingConfig: { numWorkers: ${workers}, resourcesPerWorker: { cpu: 0.5 } }, ${more}
});`;
/** The loop of the lesson, with these lines after each epoch. */
const trained = (after: string): string =>
  ownLoop(
    `const network = new Network(layers, { inputShape: [1, 28, 28], seed: 1 });
  const optimizer = new Adam(network, { lr });
  await train.prepareModel(network);
  const loader = train.prepareDataLoader(buildDataLoader(loadMnist(), 5));
  const test = new DataLoader(imageDataset(loadMnist()), { batchSize: 250 });
  for (let epoch = 0; epoch < epochs; epoch++) {
    let loss = 0;
    for (const [images, labels] of loader) {
      loss = await network.backward(images, labels);
      optimizer.step();
    }
    ${after}
  }`,
    'trainLoopConfig: { epochs: 2, lr: 0.003 },',
    { config: '{ epochs, lr }: any' },
  );
const epochs = (report: string): string => ownLoop(`for (let epoch = 0; epoch < 2; epoch++) await train.report(${report});`);

/** Trials that are quick. */
const TOY = `import { tmpdir } from 'node:os';
import { tune } from 'nbserve/tune';
import { Exercise, shown } from 'nbserve/lessons';
const trainMySimpleModel = ({ a }: { a: number }) => ({ rmse: Math.abs(a - 7) });
const trainMnist = ({ batchSize, lr }: { numEpochs?: number; batchSize: number; lr: number }) =>
  ({ loss: lr * batchSize, accuracy: 1 - lr });
const runConfig = { storagePath: tmpdir() };`;
/** The trials return at once, so that a second worker would not be worth its start. */
const oneByOne = (tune: string): string => tune.replace('{', '{ maxConcurrentTrials: 1,');
const gridOf = (space: string, tune = "{ metric: 'rmse', mode: 'min' }"): string =>
  `const grid: any = await new tune.Tuner(trainMySimpleModel, { paramSpace: { a: ${space} }, tuneConfig: ${oneByOne(tune)}, runConfig }).fit();`;
const wideOf = (space: string, tune = "{ metric: 'accuracy', mode: 'max', numSamples: 4, seed: 2 }"): string =>
  `const wideSpace: any = { ${space} };
const wideConfig: any = ${oneByOne(tune)};
const wide: any = await new tune.Tuner(trainMnist, { paramSpace: wideSpace, tuneConfig: wideConfig, runConfig }).fit();`;
const SIZES = 'batchSize: tune.choice([16, 32, 64])';
const RATES = 'lr: tune.loguniform(1e-4, 1e-1)';

tryExercises([
  {
    lesson: '01-overview',
    before: [DEPTHS],
    cell: 'cell-16',
    check: 'cell-18',
    tries: {
      'nothing done': [null, /✖ the depth\n {4}expected 4\n {4}got {6}11/],
      'an empty cell': ['const bestDepth: any = undefined;', /TypeError/],
      'no return': [depth(''), /got {6}undefined/],
      'the largest loss': [
        depth("return found.getBestResult({ metric: 'valid-logloss', mode: 'max' }).config.params.maxDepth;"),
        /got {6}11/,
      ],
      'the loss, not the depth': [
        depth("return found.getBestResult({ metric: 'valid-logloss' }).metrics['valid-logloss'];"),
        /got {6}0\.268/,
      ],
      'a metric that is not there': [
        depth("return found.getBestResult({ metric: 'valid_logloss' });"),
        /has reported the metric valid_logloss/,
      ],
      'the whole result': [depth("return found.getBestResult({ metric: 'valid-logloss' });"), /got {6}\[object Object\]/],
      NaN: [depth('return NaN;'), /got {6}NaN/],
      'a constant': [depth('return 4;'), /✔ the depth.*\n✖ the depth in a made-up search\n {4}expected 21\n {4}got {6}4/],
      'an error': [depth(`throw new RangeError('${LONG}end');`), new RegExp(`RangeError: ${LONG}end`)],
      'a promise': [depth('return Promise.resolve(4);'), /got {6}\[object Promise\]/],
    },
  },
  {
    lesson: '01-overview',
    before: [TREES],
    cell: 'byOnnx',
    check: 'cell-28',
    tries: {
      'nothing done': [
        byOnnx('return rows.map(() => 0);'),
        /✖ the predictions of 100 trips\n {4}expected the same\n {4}got {6}0 for trip 0, not 0\.\d+/,
      ],
      'an empty cell': ['const byOnnx: any = undefined;', /TypeError/],
      'no return': [byOnnx(''), /TypeError|got {6}undefined for trip 0/],
      'the margins': [
        byOnnx(`const m = await onnx.load(file); return [...(await m.run({ X: ${X} })).margin.data as any];`),
        /for trip 0, not/,
      ],
      'too few': [
        byOnnx(`const m = await onnx.load(file); return [...(await m.run({ X: ${X} })).prediction.data as any].slice(0, 50);`),
        /got {6}undefined for trip 50/,
      ],
      'without ONNX': [byOnnx('return [...trees.predict(rows)];'), BY_ONE_MODEL],
      'the margins of the trees': [
        byOnnx('return [...trees.margins(trees.encode(rows))].map((m) => 1 / (1 + Math.exp(-m)));'),
        BY_ONE_MODEL,
      ],
      'the trees, loaded again': [byOnnx('return [...(await train.loadTrees(checkpoint)).predict(rows)];'), BY_ONE_MODEL],
      'the trees beside the file': [
        byOnnx("return [...(await train.loadTrees({ path: file.replace(/.[^/]*$/, '') })).predict(rows)];"),
        /✔ the predictions of 100 trips: the same\n[\s\S]*✖ the check was ended by an error/,
      ],
      'a wrong shape': [
        byOnnx(
          'const m = await onnx.load(file); return [...(await m.run({ X: onnx.tensor(trees.encode(rows), [1, trees.features.length]) })).prediction.data as any];',
        ),
        /NbserveError|Error/,
      ],
      'a wrong name of the input': [
        byOnnx(`const m = await onnx.load(file); return [...(await m.run({ x: ${X} })).prediction.data as any];`),
        /Error/,
      ],
      'a wrong file': [byOnnx("await onnx.load(checkpoint.path + '/trees.onnx'); return [];"), /trees\.onnx/],
      'always the same file': [
        byOnnx(
          `const m = await onnx.load(checkpoint.path + '/model.onnx'); return [...(await m.run({ X: ${X} })).prediction.data as any];`,
        ),
        BY_ONE_MODEL,
      ],
      NaN: [byOnnx('return rows.map(() => NaN);'), /got {6}NaN for trip 0/],
      'an error': [byOnnx(`throw new Error('${LONG}end');`), new RegExp(`Error: ${LONG}end`)],
    },
    right: {
      'one trip after the other': byOnnx(`const m = await onnx.load(file); const all: any[] = [];
    for (const row of rows) all.push((await m.run({ X: onnx.tensor(trees.encode([row]), [1, trees.features.length]) })).prediction.data[0]);
    return all;`),
    },
  },
  {
    lesson: '06-mnist-train',
    before: [COMMITTED],
    cell: 'cell-13',
    check: 'cell-15',
    tries: {
      'nothing done': [null, /✖ the weights\n {4}expected .*64 × 400, 10 × 64\n {4}got {6}.*10 × 400/],
      'an empty cell': ['const ownLayers: any = undefined;', /✖ the check was ended by an error\n.*Error/],
      'no ReLU': [ownLayers('nn.flatten(), nn.linear(400, 64), nn.dropout(0.25), nn.linear(64, 10)'), /✖ the last layers/],
      'no dropout': [ownLayers('nn.flatten(), nn.linear(400, 64), nn.relu(), nn.linear(64, 10)'), /got {6}no dropout/],
      'dropout at the end': [
        ownLayers('nn.flatten(), nn.linear(400, 64), nn.relu(), nn.linear(64, 10), nn.dropout(0.25)'),
        /✖ the last layers/,
      ],
      'another probability': [
        ownLayers('nn.flatten(), nn.linear(400, 64), nn.relu(), nn.dropout(0.75), nn.linear(64, 10)'),
        /expected 0\.25\n {4}got {6}0\.75/,
      ],
      'layers that do not fit': [
        ownLayers('nn.flatten(), nn.linear(400, 64), nn.relu(), nn.linear(400, 10)'),
        /✖ the check was ended by an error\n.*400/,
      ],
      'no flatten': [
        ownLayers('nn.linear(400, 64), nn.relu(), nn.dropout(0.25), nn.linear(64, 10)'),
        /✖ the check was ended by an error/,
      ],
      'another width': [
        ownLayers('nn.flatten(), nn.linear(400, 32), nn.relu(), nn.dropout(0.25), nn.linear(32, 10)'),
        /got {6}.*32 × 400, 10 × 32/,
      ],
      'a list, not a network': ['const ownLayers: any = [nn.flatten(), nn.linear(784, 10)];', /✖/],
      'another probability, one level below': [
        ownLayers('nn.flatten(), nn.sequential(nn.linear(400, 64), nn.relu(), nn.dropout(0.75), nn.linear(64, 10))'),
        /expected 0\.25\n {4}got {6}0\.75/,
      ],
    },
    right: {
      'a network in the network': ownLayers(
        'nn.flatten(), nn.sequential({ hidden: nn.linear(400, 64), relu: nn.relu(), drop: nn.dropout(0.25), out: nn.linear(64, 10) })',
      ),
    },
  },
  {
    lesson: '06-mnist-train',
    before: [NETWORK, "import { Exercise } from 'nbserve/lessons';", 'cell-07'],
    cell: 'the loop',
    check: 'cell-34',
    tries: {
      'nothing done': [epochs('{ epoch, loss: 1 }'), /✖ the accuracy of each epoch\n {4}expected two numbers from 0\.8 to 1/],
      'an empty cell': ['const [ownTrainer, ownLoop]: any[] = [];', /TypeError/],
      'a constant': [
        epochs('{ accuracy: 0.9 }'),
        /✔ the accuracy of each epoch.*\n✖ the accuracy without learning\n {4}expected 0\.\d+\n {4}got {6}0\.9\n/,
      ],
      'no report': [ownLoop(''), /got {6}none/],
      'one epoch': [ownLoop('await train.report({ accuracy: 0.9 });'), /got {6}0\.9\n/],
      percent: [epochs('{ accuracy: 93 }'), /got {6}93 and 93/],
      NaN: [epochs('{ accuracy: NaN }'), /got {6}NaN and NaN/],
      'another name': [epochs('{ acc: 0.9 }'), /✖ the accuracy of each epoch/],
      'only worker 0 reports': [
        ownLoop('if (train.getContext().getWorldRank() === 0) await train.report({ accuracy: 0.9 });', '', { workers: 2 }),
        /equally often/,
      ],
      'an error': [ownLoop(`throw new RangeError('${LONG}end');`), new RegExp(`RangeError: ${LONG}end`)],
      'a trainer that ran': ['const ownTrainer: any = { metricsHistory: [] };', /trainer\.fit is not a function/],
      'only the last epoch': [
        epochs('epoch === 0 ? { loss: 1 } : { loss: 1, accuracy: 0.9 }'),
        /✖ the accuracy of each epoch\n {4}expected two numbers from 0\.8 to 1\n {4}got {6}0\.9\n/,
      ],
    },
    right: {
      'a report of its own, before': trained(
        'await train.report({ accuracy: await network.accuracy(test) }); await train.report({ epoch, loss });',
      ),
      'a report of its own, behind': trained(
        'await train.report({ epoch, loss }); await train.report({ accuracy: await network.accuracy(test) });',
      ),
    },
  },
  {
    lesson: '07-mnist-tune',
    before: [TOY],
    cell: 'the grid',
    check: 'cell-12',
    tries: {
      'nothing done': [gridOf('tune.gridSearch([0])'), /✖ the values\n {4}expected 0, 1, 2.*\n {4}got {6}0\n/],
      'an empty cell': ['const grid: any = undefined;', /TypeError/],
      'the tuner, not its results': [
        'const grid: any = new tune.Tuner(trainMySimpleModel, { paramSpace: { a: 1 }, runConfig });',
        /TypeError/,
      ],
      'a promise': ['const grid: any = Promise.resolve([]);', /TypeError/],
      'choice in place of a grid': [gridOf('tune.choice([0, 1, 2])'), /✖ the values/],
      'from 1 to 10': [gridOf('tune.gridSearch([7, 8, 9, 10])'), /got {6}7, 8, 9, 10/],
      'one list as a value': [gridOf('tune.gridSearch([[0, 1, 2]]) as any'), /✖ the values/],
      texts: [gridOf("tune.gridSearch(['6', '8']) as any"), /✖ the best|✖ the values/],
      'the largest error': [
        gridOf('tune.gridSearch([0, 7])', "{ metric: 'rmse', mode: 'max' }"),
        /✖ the best\n {4}expected 7\n {4}got {6}0/,
      ],
      'no metric': [gridOf('tune.gridSearch([0, 7])', '{}'), /NBS_TUNE_METRIC_NEEDED|must know what is best/],
    },
  },
  {
    lesson: '07-mnist-tune',
    before: [TOY],
    cell: 'the search',
    check: 'cell-29',
    tries: {
      'nothing done': [
        wideOf('batchSize: tune.choice([64]), lr: tune.uniform(0.1, 0.2)', "{ metric: 'loss', mode: 'min', numSamples: 1 }"),
        /✖ trials\n {4}expected 4\n {4}got {6}1/,
      ],
      'an empty cell': ['const [wide, wideSpace, wideConfig]: any[] = [];', /TypeError/],
      'one size': [wideOf(`batchSize: 32, ${RATES}`), /✖ batchSize\n {4}expected choice\(\[16,32,64\]\)\n {4}got {6}32/],
      'other sizes': [wideOf(`batchSize: tune.choice([8, 128]), ${RATES}`), /✖ batchSize\n[\s\S]*✖ the trials/],
      'texts as sizes': [wideOf(`batchSize: tune.choice(['16', '32', '64']), ${RATES}`), /✖ the trials/],
      'a uniform rate from 0 to 1': [wideOf(`${SIZES}, lr: tune.uniform(0.2, 1)`), /✖ lr\n[\s\S]*✖ the trials/],
      'a uniform rate': [
        wideOf(`${SIZES}, lr: tune.uniform(1e-4, 1e-1)`),
        /✖ lr\n {4}expected loguniform\(0\.0001, 0\.1\)\n {4}got {6}uniform\(0\.0001, 0\.1\)/,
      ],
      'another space than that of the search': [
        `${wideOf('batchSize: 8, lr: 0.5').replaceAll('wideSpace', 'other')}\nconst wideSpace: any = { ${SIZES}, ${RATES} };`,
        /✖ the trials\n {4}expected values of this space\n {4}got {6}\[\{"batchSize":8/,
      ],
      'the lowest accuracy': [
        wideOf(`${SIZES}, ${RATES}`, "{ metric: 'accuracy', mode: 'min', numSamples: 4, seed: 2 }"),
        /✖ the best accuracy/,
      ],
      'the loss': [
        wideOf(`${SIZES}, lr: tune.gridSearch([0.09, 0.01, 0.02, 0.03])`, "{ metric: 'loss', mode: 'max' }"),
        /✖ the best accuracy/,
      ],
      'the loss, as it stood': [
        wideOf(`${SIZES}, ${RATES}`, "{ metric: 'loss', mode: 'min', numSamples: 4 }"),
        /✖ what is best\n {4}expected the max of accuracy\n {4}got {6}the min of loss\n/,
      ],
      'no metric': [wideOf(`${SIZES}, ${RATES}`, '{ numSamples: 4 }'), /must know what is best|✖/],
      'a grid of sizes': [
        wideOf(`batchSize: tune.gridSearch([16, 32, 64]), ${RATES}`),
        /✖ trials\n {4}expected 4\n {4}got {6}12/,
      ],
      'trials that all fail': [
        "const wideSpace: any = {}; const wide: any = await new tune.Tuner((_: object) => { throw new Error('no such digits'); }, { paramSpace: { batchSize: tune.choice([16, 32]), lr: 0.01 }, tuneConfig: { metric: 'accuracy', mode: 'max', numSamples: 4 }, runConfig }).fit();",
        /no such digits/,
      ],
    },
    right: {
      'other seeds and more options': wideOf(
        `batchSize: tune.choice([64, 16, 32]), ${RATES}`,
        "{ metric: 'accuracy', mode: 'max', numSamples: 4, seed: 9, searchAlg: new tune.search.BasicVariantGenerator() }",
      ),
    },
  },
]);
