// Runs the examples of README.md and lib/docs/*.md. Options: --only <part of a page's path>.
import { parseArgs } from 'node:util';
import { runExamples } from './docs/examples.mjs';
import { pageFiles } from './docs/pages.mjs';

const { values } = parseArgs({ options: { only: { type: 'string', default: '' } } });
const problems = [];
for (const page of pageFiles().filter((file) => file.includes(values.only))) {
  const started = Date.now();
  const result = await runExamples(page);
  problems.push(...result.problems);
  if (result.ran > 0 || result.problems.length > 0) {
    console.log(
      `${result.problems.length === 0 ? '✔' : '✖'} ${page}: ${result.ran} blocks (${((Date.now() - started) / 1000).toFixed(1)} s)`,
    );
  }
}
for (const problem of problems) console.error(`✖ ${problem}`);
process.exitCode = problems.length === 0 ? 0 : 1;
