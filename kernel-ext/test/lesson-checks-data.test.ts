/** Tests of the checks of exercises in the lesson on data sets. */
import { tryExercises } from './lesson-tries.js';

const confusionsOf = (made: string): string => `function confusionsOf(rows: typeof results): any { return ${made}; }`;
const COUNTED = "groupby('ground_truth_label', 'predicted_label').count()";

/** Two predictions, one of which is wrong, in place of those of the model. */
const RESULTS = `interface Result { path: string; predicted_label: number; ground_truth_label: number }
const results = data.fromItems<Result>([
  { path: 'a', predicted_label: 5, ground_truth_label: 3 }, { path: 'b', predicted_label: 3, ground_truth_label: 3 },
]);`;

tryExercises([
  {
    lesson: '08-mnist-data',
    before: ['cell-03', 'cell-05', RESULTS],
    cell: 'cell-39',
    check: 'cell-41',
    tries: {
      'nothing done': [null, /^✖ the pairs.*\n {4}expected 3 5 1\n {4}got {6}the columns path, predicted_label/],
      'an empty cell': ['const confusionsOf: any = undefined;', /TypeError/],
      'no return': [confusionsOf('undefined'), /got {6}undefined, which is no data set/],
      'the right ones too': [confusionsOf(`rows.${COUNTED}`), /got {6}3 3 1\n/],
      'a wrong column': [confusionsOf("rows.groupby('label' as any).count()"), /✖ the pairs[\s\S]*no column label/],
      ones: [
        confusionsOf("rows.filter('predicted_label <> ground_truth_label').map((row) => ({ ...row, 'count()': 1 }))"),
        /✔ the pairs.*\n✖ the pairs and how often they occur in made-up rows\n {4}expected 3 5 3\n[\s\S]*got {6}3 5 1\n/,
      ],
      'not the rows that it got': [
        confusionsOf(`results.filter('predicted_label <> ground_truth_label').${COUNTED}`),
        /✔ the pairs.*\n✖ the pairs and how often they occur in made-up rows\n/,
      ],
    },
    right: {
      'a function that is asynchronous': `const confusionsOf: any = async (rows: typeof results) =>
  data.fromItems(await rows.filter((row) => row.predicted_label !== row.ground_truth_label).${COUNTED}.takeAll());`,
    },
  },
  {
    lesson: '08-mnist-data',
    before: ['cell-03', 'cell-05', RESULTS, 'cell-39', 'cell-41'],
    cell: 'cell-45',
    check: 'cell-47',
    tries: {
      'nothing done': [null, /^✖ the ink of each digit\n {4}expected 0 0\.1516\n[\s\S]*got {6}0 0\.0000/],
      'an error': [
        `const addInk = (batch: Batch<ImageRow>): { label: number[]; ink: number[] } => { throw new Error('no ink'); };
const ink = ds.mapBatches(addInk).groupby('label').mean('ink');`,
        /✖ the ink of each digit\n {4}Error: no ink/,
      ],
      'no columns': [
        'const ink = ds.mapBatches((batch) => batch.path.length as any);',
        /✖ the ink of each digit\n {4}NbserveError: mapBatches/,
      ],
    },
  },
]);
