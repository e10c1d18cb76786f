import assert from 'node:assert/strict';
import { it } from 'node:test';
import { literal, parseParameter } from './parameter-value.js';

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
