// Checks that the generated pages are up to date, and that no link of a page is broken.
import { outdatedPages } from './docs/generate.mjs';
import { brokenLinks } from './docs/links.mjs';

const problems = [
  ...brokenLinks(),
  ...(await outdatedPages()).map((page) => `${page}: is not what the code says; run \`npm run docs\``),
];
for (const problem of problems) console.error(`✖ ${problem}`);
process.exitCode = problems.length === 0 ? 0 : 1;
