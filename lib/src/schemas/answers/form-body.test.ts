import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BodySchema, ClassSchema, JsonSchema } from '../class-schema.js';
import { FormBody } from './form-body.js';
import { type Issue, Validators } from './validators.js';

const file = { type: 'string', format: 'binary' };
const number = { type: 'number' };

/** Reads a form. @param required names of fields @param isParsed whether the form is read as it is, and not from its bytes */
async function read(
  properties: Readonly<Record<string, JsonSchema>>,
  required: readonly string[],
  fields: [string, string | File][],
  isParsed = false,
) {
  const whole: ClassSchema = { name: 'Forms', routes: [], defs: {} };
  const body: BodySchema = { form: 'multipart', required: true, schema: { type: 'object', properties, required } };
  const form = new FormData();
  for (const [name, value] of fields) form.append(name, value);
  const issues: Issue[] = [];
  const sent = new Request('http://localhost/', { method: 'POST', body: form });
  // Some versions of Node make an empty text of a file without a name when they read the bytes.
  const request = isParsed ? Object.assign(sent, { formData: async () => form }) : sent;
  const values = await new FormBody(body, whole, new Validators(whole)).read(request, issues);
  return { values, issues: issues.map(({ field, expected, got }) => `${field}: expected ${expected}, got ${got}`) };
}

/** What a browser sends for an input of files that was left empty. */
const nothing = new File([], '');

test('an input of files that was left empty sends no file', async () => {
  const properties = { picture: file, more: { type: 'array', items: file } };
  const empty = [
    ['picture', nothing],
    ['more', nothing],
  ] as [string, File][];
  for (const isParsed of [false, true]) {
    assert.deepEqual(await read(properties, [], empty, isParsed), { values: {}, issues: [] });
    assert.deepEqual(await read(properties, ['picture'], empty, isParsed), {
      values: {},
      issues: ['body.picture: expected a file, got nothing'],
    });
    assert.deepEqual(await read(properties, ['more'], empty, isParsed), { values: { more: [] }, issues: [] });
    const { values } = await read(properties, [], [...empty, ['more', new File([], 'empty.txt')]], isParsed);
    assert.deepEqual(
      (values as { more: File[] }).more.map(({ name }) => name),
      ['empty.txt'],
    );
  }
  const { values } = await read(properties, [], [['picture', new File(['a'], '')]], true);
  assert.equal((values as { picture: File }).picture.size, 1);
});

test('a text that was left empty is missing if the field may be missing and takes no empty text', async () => {
  const properties = {
    age: number,
    size: { enum: ['s', 'm'] },
    day: { type: 'string', format: 'date' },
    about: { type: 'object', properties: { by: { type: 'string' } } },
    counts: { type: 'array', items: number },
    note: { type: 'string' },
    tags: { type: 'array', items: { type: 'string' } },
    any: {},
  };
  const empty = Object.keys(properties).map((name): [string, string] => [name, '']);
  assert.deepEqual(await read(properties, [], empty), { values: { note: '', tags: [''], any: '' }, issues: [] });
  const { issues } = await read({ age: number }, ['age'], [['age', '']]);
  assert.deepEqual(issues, ["body.age: expected a number, got ''"]);
  const some = [
    ['counts', '1'],
    ['counts', ''],
  ] as [string, string][];
  assert.deepEqual((await read(properties, [], some)).issues, ["body.counts[1]: expected a number, got ''"]);
});
