import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compile, type TopLevelSpec } from 'vega-lite';
import { bars, line, points, steps } from './charts.js';

/** The chart as plain data; that Vega-Lite compiles it is checked too. */
function specOf(chart: TopLevelSpec) {
  compile(chart);
  return JSON.parse(JSON.stringify(chart)) as {
    data: { values: unknown[] };
    mark: Record<string, unknown>;
    encoding: Record<string, { field: string; type: string; title: string | null }>;
  };
}

test('axes are of the kind of their values', () => {
  const rows = [
    { at: 1, when: new Date(5), name: 'a', 'p99 (ms)': 2 },
    { at: 2, when: new Date(6), name: 'b', 'p99 (ms)': Number.NaN },
  ];
  const kinds = (['at', 'when', 'name'] as const).map((x) => specOf(line(rows, { x, y: 'p99 (ms)' })).encoding.x?.type);
  assert.deepEqual(kinds, ['quantitative', 'temporal', 'nominal']);
  assert.equal(specOf(bars(rows, { x: 'at', y: 'p99 (ms)' })).encoding.x?.type, 'nominal');
  assert.deepEqual(specOf(points(rows, { x: 'when', y: 'p99 (ms)' })).data.values[1], {
    at: 2,
    when: 6,
    name: 'b',
    'p99 (ms)': null,
  });
  assert.equal(specOf(steps(rows, { x: 'at', y: 'p99 (ms)' })).mark.interpolate, 'step-after');
});

test('several columns become lines of several colours', () => {
  const { data, encoding } = specOf(line([{ t: 0, wanted: 1, there: 2 }], { x: 't', y: ['wanted', 'there'] }));
  assert.deepEqual(data.values, [
    { t: 0, wanted: 1, there: 2, series: 'wanted', value: 1 },
    { t: 0, wanted: 1, there: 2, series: 'there', value: 2 },
  ]);
  assert.equal(encoding.color?.field, 'series');
});

test('columns of the rows keep their values, whatever their names', () => {
  const { data, encoding } = specOf(line([{ value: 1, series: 's', a: 2, b: 3 }], { x: 'value', y: ['a', 'b'] }));
  assert.deepEqual(data.values, [
    { value: 1, series: 's', a: 2, b: 3, series_: 'a', value_: 2 },
    { value: 1, series: 's', a: 2, b: 3, series_: 'b', value_: 3 },
  ]);
  assert.deepEqual([encoding.x?.field, encoding.y?.field, encoding.color?.field], ['value', 'value_', 'series_']);
});

test('a colour beside several columns is refused', () => {
  const rows = [{ t: 0, a: 1, b: 2, kind: 'k' }];
  assert.throws(() => line(rows, { x: 't', y: ['a', 'b'], color: 'kind' }), {
    code: 'NBS_INVALID_OPTION',
    message: /color must be left out if y has several columns/,
  });
});

test('rows of an interface are rows too', () => {
  interface Sample {
    readonly t: number;
    readonly n: number;
  }
  const samples: Sample[] = [{ t: 0, n: 1 }];
  assert.equal(specOf(line(samples, { x: 't', y: 'n' })).data.values.length, 1);
});

test('a name with a dot is a column, and no path', () => {
  assert.equal(specOf(line([{ t: 0, 'a.b': 1 }], { x: 't', y: 'a.b' })).encoding.y?.field, 'a\\.b');
});

test('no rows and unknown columns are refused', () => {
  assert.throws(() => line([], { x: 'a' as never, y: 'b' as never }), { code: 'NBS_PLOT_NO_ROWS' });
  assert.throws(() => line([{ a: 1, b: 2 }], { x: 'a', y: 'c' as never }), {
    code: 'NBS_INVALID_OPTION',
    message: /y must be one of a, b, got c/,
  });
});
