// Runs every example of README.md and lib/docs/*.md, and checks that generated pages are up to date and that no link is broken.
// Options: --only <part of a page's path>.
import { parseArgs } from 'node:util';
import { runExamples } from './docs/examples.mjs';
import { outdatedPages } from './docs/generate.mjs';
import { brokenLinks } from './docs/links.mjs';
import { pageFiles } from './docs/pages.mjs';

const { values } = parseArgs({ options: { only: { type: 'string', default: '' } } });
const problems = [
  ...brokenLinks(),
  ...(await outdatedPages()).map((page) => `${page}: is not what the code says; run \`npm run docs\``),
];

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
