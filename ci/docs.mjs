// `npm run docs`: writes the pages that are made from the code, and the reference of the public API (typedoc).
// `--no-build` uses the library as it was compiled last.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { generatedPages, REFERENCE, writeReference } from './docs/generate.mjs';

if (!process.argv.includes('--no-build')) {
  execFileSync('node', ['node_modules/typescript7/bin/tsc', '-b', 'lib', 'kernel-ext', 'kernel-ext/test'], { stdio: 'inherit' });
  execFileSync('node', ['ci/bundle.mjs'], { stdio: 'inherit' });
}
for (const [file, text] of await generatedPages()) {
  writeFileSync(file, text);
  console.log(`wrote ${file}`);
}
writeReference(REFERENCE);
console.log(`wrote ${REFERENCE}`);
