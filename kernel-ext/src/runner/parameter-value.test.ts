import assert from 'node:assert/strict';
import { it } from 'node:test';
import { literal, parseParameter, parseParameterYaml } from './parameter-value.js';

it('values of parameters are read as by papermill, and the rest as JSON and YAML', () => {
  for (const [text, source] of [
    ['True', 'true'],
    ['false', 'false'],
    ['None', 'null'],
    ['42', '42'],
    ['-0', '-0'],
    ['007', '7'],
    ['1_000', '1000'],
    ['1e-3', '0.001'],
    ['.5', '0.5'],
    ['nan', 'NaN'],
    ['-inf', '-Infinity'],
    ['INF', 'Infinity'],
    ['+Infinity', 'Infinity'],
    ['-nan', 'NaN'],
    [' 42 ', '42'],
    ['1__0', '"1__0"'],
    ['~', '"~"'],
    ['.inf', '".inf"'],
    ['[~, .inf]', '[null, Infinity]'],
    ['12345678901234567890', '12345678901234567890n'],
    ['-12345678901234567890', '-12345678901234567890n'],
    ['hello world', '"hello world"'],
    ['', '""'],
    ['1.2.3', '"1.2.3"'],
    ['0x10', '"0x10"'],
    ['"5"', '"5"'],
    ['[1, "a", null]', '[1, "a", null]'],
    ["[a b, 'it''s', True]", '["a b", "it\'s", true]'],
    ['{"a": {"__proto__": 1}}', '{ "a": { ["__proto__"]: 1 } }'],
    ['{a: 1, b: [x]}', '{ "a": 1, "b": ["x"] }'],
    ['[1, 2', '"[1, 2"'],
    ['{}', '{}'],
    ['[]', '[]'],
  ] as const) {
    assert.equal(literal(parseParameter(text)), source, text);
  }
});

it('YAML is read as by papermill', () => {
  const text = 'n: 0\na: 1\nb: [x, yes, 1.5, y, off]\nc:\n  d: 2020-01-02\ne: 12345678901234567890\nf: !!str 5\n';
  assert.deepEqual(parseParameterYaml(text), [
    ['n', 0],
    ['a', 1],
    ['b', ['x', true, 1.5, 'y', false]],
    ['c', { d: '2020-01-02' }],
    ['e', 12345678901234567890n],
    ['f', '5'],
  ]);
  assert.deepEqual(parseParameterYaml('{"a": 1}'), [['a', 1]]);
  assert.deepEqual(parseParameterYaml(''), []);
  for (const bad of ['[1]', '5', 'a: [1']) assert.throws(() => parseParameterYaml(bad), bad);
});
