// Has schemathesis (PyPI) ask the applications of the lessons, each as often as `--count` says. No answer may be a 5xx.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TestNotebook } from '../../kernel-ext/dist-test/session-harness.js';
import { LESSON_APPS } from './lesson-apps.mjs';
import { Schemathesis } from './schemathesis-runs.mjs';

export const count = 2_000;
export const quickCount = 40;

export async function fuzz({ count: wanted, seed }) {
  const failures = [];
  let done = 0;
  const schemathesis = new Schemathesis();
  try {
    for (const lesson of new Set(LESSON_APPS.map(({ notebook }) => notebook))) {
      const notebook = openLesson(lesson);
      try {
        for (const app of LESSON_APPS.filter((one) => one.notebook === lesson)) {
          for (const id of app.cells) await notebook.runCell(id);
          const found = await ask(schemathesis, app, await notebook.url(), wanted, seed);
          const name = `${lesson} ${app.document ?? Object.keys(app.paths).join()}`;
          console.log(`${name}: ${found.done} requests`);
          done += found.done;
          if (!found.isGood) failures.push({ seed, text: `${name}\n${found.text}` });
        }
      } finally {
        await notebook.close();
      }
    }
  } finally {
    await schemathesis.close();
  }
  return { done, failures };
}

/** A solution's last lines check it, with functions of cells that nothing else needs. */
const withoutCheck = (source) => source.replace(/^(?:const is\w+ = await check|await \w+\.solution\()[\s\S]*/m, '');

/** A notebook in which each cell of a lesson runs at most once. */
function openLesson(lesson) {
  const { cells } = JSON.parse(readFileSync(new URL(`../../notebooks/${lesson}.ipynb`, import.meta.url), 'utf8'));
  const notebook = new TestNotebook();
  const ran = new Set();
  const before = process.cwd();
  const { TMPDIR } = process.env;
  // Results of trainings stay where a lesson puts them.
  const temporary = mkdtempSync(join(tmpdir(), 'nbs-lessons-'));
  process.env.TMPDIR = temporary;
  // A lesson's paths begin at its folder.
  process.chdir(fileURLToPath(new URL('../../notebooks', import.meta.url)));
  return {
    async runCell(id) {
      if (ran.has(id)) return;
      ran.add(id);
      const { source } = cells.find((cell) => cell.id === id);
      await notebook.value(withoutCheck([source].flat().join('')));
    },
    url: async () => (await notebook.value('(await serve.status()).url')).replaceAll("'", ''),
    async close() {
      await notebook.run('await serve.shutdown()');
      await notebook.close();
      process.chdir(before);
      if (TMPDIR === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = TMPDIR;
      rmSync(temporary, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** @param {Schemathesis} schemathesis @param {import('./lesson-apps.mjs').LessonApp} app */
async function ask(schemathesis, { notebook, paths, document }, url, wanted, seed) {
  if (document !== undefined) return await schemathesis.ask({ document: url + document, each: wanted, seed });
  const folder = mkdtempSync(join(tmpdir(), 'nbs-lesson-'));
  try {
    const file = join(folder, 'openapi.json');
    writeFileSync(file, JSON.stringify({ openapi: '3.1.0', info: { title: notebook, version: '1' }, paths }));
    const more = ['--url', url, '--mode', 'positive', '--phases', 'fuzzing'];
    return await schemathesis.ask({ document: file, each: wanted, seed, more });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
