import assert from 'node:assert/strict';
import test from 'node:test';
import { notebookName } from './env.js';

test("a notebook's name is its path, or its folder if the front end names no file", (t) => {
  const before = process.env.JPY_SESSION_NAME;
  t.after(() => {
    if (before === undefined) delete process.env.JPY_SESSION_NAME;
    else process.env.JPY_SESSION_NAME = before;
  });
  process.env.JPY_SESSION_NAME = '/work/models/first.ipynb';
  assert.equal(notebookName(), '/work/models/first.ipynb');
  // Jupyter's server joins the folder and an empty name.
  process.env.JPY_SESSION_NAME = '/work/models/';
  assert.equal(notebookName(), 'a notebook in /work/models');
  process.env.JPY_SESSION_NAME = '';
  assert.equal(notebookName(), `a notebook in ${process.cwd()}`);
  delete process.env.JPY_SESSION_NAME;
  assert.equal(notebookName(), `a notebook in ${process.cwd()}`);
});
