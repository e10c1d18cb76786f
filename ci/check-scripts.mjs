// Checks the types of the scripts in ci/, after it has written the declarations of the fixtures that they import.
import { execFileSync } from 'node:child_process';

const TSC = 'node_modules/typescript7/bin/tsc';

for (const args of [
  ['-b', 'lib/test/tsconfig.ci.json', 'kernel-ext/test/tsconfig.ci.json'],
  ['-p', 'ci'],
])
  try {
    execFileSync('node', [TSC, ...args], { stdio: 'inherit' });
  } catch {
    process.exit(1);
  }
