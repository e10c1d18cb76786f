import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toJson, wholeAnswer } from './http-answer.js';

const later = () => Promise.resolve(1);
// biome-ignore lint/suspicious/noThenProperty: responses of handles are no promises, only like them
const thenable = Object.assign(Object.create({ then() {} }) as object, {});

const FORGOTTEN: readonly (readonly [value: unknown, where: string])[] = [
  [{ result: later() }, 'result'],
  [{ ok: true, empty: {}, deep: { list: [1, { x: later() }] } }, 'deep.list[1].x'],
  [[{}, later()], '[1]'],
  [{ 'a b': { c: thenable } }, '"a b".c'],
  [later(), 'an item'],
];

for (const [value, where] of FORGOTTEN) {
  test(`a promise at ${where} is not answered as {}`, () => {
    assert.throws(() => toJson(value, 'app/Chat'), {
      code: 'NBS_NOT_AWAITED',
      message: `app/Chat: ${where} of the answer is a promise that was not awaited; write await before the call that gives it`,
    });
  });
}

test('empty objects, dates and typed arrays are what they are', () => {
  const value = {
    empty: {},
    list: [{}],
    date: new Date(0),
    nothing: null,
    bytes: new Uint8Array(1),
    own: { toJSON: () => ({}) },
  };
  assert.equal(Buffer.from(wholeAnswer(value, 'app/Chat')?.bytes ?? []).toString(), JSON.stringify(value));
});
