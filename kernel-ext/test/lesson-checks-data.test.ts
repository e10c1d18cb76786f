/** Tests of the checks of exercises in the lesson on data sets. */
import { tryExercises } from './lesson-tries.js';

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
      'an empty cell': ['const confusions = undefined;', /got {6}undefined, which is no data set/],
      'the right ones too': [
        "const confusions = results.groupby('ground_truth_label', 'predicted_label').count();",
        /got {6}3 3 1\n/,
      ],
      'a wrong column': ["const confusions = results.groupby('label' as any).count();", /✖ the pairs[\s\S]*no column label/],
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
