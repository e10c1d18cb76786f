/** Tests of the lessons as files: they must be what Jupyter writes when somebody opens and saves them. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { kernelInfo } from '../dist/kernel/kernel-info.js';

const FOLDER = fileURLToPath(new URL('../../notebooks', import.meta.url));

/** Characters that JupyterLab and nbconvert's pages show of a line of code. */
const WIDTH = 92;

interface Lesson {
  readonly cells: readonly {
    readonly cell_type: string;
    readonly id: string;
    readonly source: readonly string[];
    readonly outputs?: unknown[];
    readonly execution_count?: unknown;
  }[];
  readonly metadata: { readonly language_info: unknown; readonly kernelspec: unknown };
}

/** Sorts the keys, as nbformat does. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}

describe('lessons', () => {
  for (const name of readdirSync(FOLDER).filter((file) => file.endsWith('.ipynb'))) {
    it(`${name} is not changed by being saved in JupyterLab`, () => {
      const text = readFileSync(join(FOLDER, name), 'utf8');
      const lesson = JSON.parse(text) as Lesson;
      // JupyterLab writes what the kernel says about its language, and the name of the kernelspec.
      assert.deepEqual(lesson.metadata, {
        kernelspec: { display_name: 'TypeScript (nbserve)', language: 'typescript', name: 'nbserve' },
        language_info: kernelInfo().language_info,
      });
      assert.ok(
        text === `${JSON.stringify(sorted(lesson), null, 1)}\n`,
        'keys in order, one space of indentation, a line end last',
      );
      assert.equal(new Set(lesson.cells.map(({ id }) => id)).size, lesson.cells.length);
      for (const { cell_type: type, id, outputs, execution_count: count } of lesson.cells)
        if (type === 'code') assert.deepEqual([outputs, count], [[], null], `${id} has outputs; lessons are committed without`);
    });

    it(`${name} has no line of code that needs a scroll bar`, () => {
      const { cells } = JSON.parse(readFileSync(join(FOLDER, name), 'utf8')) as Lesson;
      for (const { cell_type: type, id, source } of cells)
        if (type === 'code') for (const line of source) assert.ok(line.trimEnd().length <= WIDTH, `${id}: ${line}`);
    });
  }

  const folders = readdirSync(FOLDER).filter((name) => /^\d\d-/.test(name) && !name.endsWith('.ipynb'));
  for (const path of folders.flatMap((folder) => readdirSync(join(FOLDER, folder)).map((file) => join(folder, file))))
    it(`${path}, which a lesson may show, has no line that needs a scroll bar`, () => {
      for (const line of readFileSync(join(FOLDER, path), 'utf8').split('\n')) assert.ok(line.length <= WIDTH, line);
    });
});
