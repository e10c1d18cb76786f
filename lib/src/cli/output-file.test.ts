import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { shownPath } from './output-file.js';

test('a file outside of the working directory has its whole path in messages', () => {
  assert.equal(shownPath(resolve('folder/x.yaml')), 'folder/x.yaml');
  assert.equal(shownPath('x.yaml'), 'x.yaml');
  assert.equal(shownPath(resolve('..x.yaml')), '..x.yaml');
  assert.equal(shownPath(resolve('../x.yaml')), resolve('../x.yaml'));
});
