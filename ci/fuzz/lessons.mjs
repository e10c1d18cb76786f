// Has schemathesis (PyPI) ask the applications of the lessons, each as often as `--count` says. No answer may be a 5xx.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TestNotebook } from '../../kernel-ext/dist-test/session-harness.js';
import { LESSON_APPS } from './lesson-apps.mjs';
import { runSchemathesis } from './run-schemathesis.mjs';

export const count = 2_000;
export const quickCount = 40;

export async function fuzz({ count: wanted, seed }) {
  const failures = [];
  let done = 0;
  for (const app of LESSON_APPS) {
    const found = await fuzzOne(app, wanted, seed);
    const name = `${app.notebook} ${Object.keys(app.paths ?? {}).join()}`;
    console.log(`${name}: ${found.done} requests`);
    done += found.done;
    if (!found.isGood) failures.push({ seed, text: `${name}\n${found.text}` });
  }
  return { done, failures };
}

/** A solution's last lines check it, with functions of cells that nothing else needs. */
const withoutCheck = (source) => source.replace(/^(?:const is\w+ = await check|await \w+\.solution\()[\s\S]*/m, '');

/** @param {import('./lesson-apps.mjs').LessonApp} app */
async function fuzzOne({ notebook: lesson, cells, paths, document }, wanted, seed) {
  const folder = mkdtempSync(join(tmpdir(), 'nbs-lesson-'));
  const notebook = new TestNotebook();
  const before = process.cwd();
  // A lesson's paths begin at its folder.
  process.chdir(fileURLToPath(new URL('../../notebooks', import.meta.url)));
  try {
    const all = JSON.parse(readFileSync(new URL(`../../notebooks/${lesson}.ipynb`, import.meta.url), 'utf8')).cells;
    for (const id of cells) {
      const source = all.find((cell) => cell.id === id).source;
      await notebook.value(withoutCheck([source].flat().join('')));
    }
    const url = (await notebook.value('(await serve.status()).url')).replaceAll("'", '');
    if (document !== undefined) return await runSchemathesis({ document: url + document, each: wanted, seed });
    const file = join(folder, 'openapi.json');
    writeFileSync(file, JSON.stringify({ openapi: '3.1.0', info: { title: lesson, version: '1' }, paths }));
    const more = ['--url', url, '--mode', 'positive', '--phases', 'fuzzing'];
    return await runSchemathesis({ document: file, each: wanted, seed, more });
  } finally {
    await notebook.run('await serve.shutdown()');
    await notebook.close();
    rmSync(folder, { recursive: true });
    process.chdir(before);
  }
}
