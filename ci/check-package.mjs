// Checks what `npm pack` would publish of both packages: everything that package.json promises, and nothing else.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

/** What a package must not contain, and why. @type {[RegExp, string][]} */
const UNWANTED = [
  [/\.test\.(js|d\.ts)$/, 'a test'],
  [/\.test-support\./, 'support of tests'],
  [/\.map$/, 'a source map without its source'],
  [/tsbuildinfo$/, 'build information'],
  [
    /^(?!docs\/).*(pickle|torch|mnist-cnn|gguf|gguf-weights|gguf-tokenizer|llama|bert|safetensors|sentiment|graph-builder)\./,
    'a part of the conversion of committed assets, which belongs in ci/datasets',
  ],
  [/^src\/|\.ts$(?<!\.d\.ts)/, 'a source'],
];

const problems = [];
for (const workspace of ['lib', 'kernel-ext']) {
  const manifest = JSON.parse(readFileSync(`${workspace}/package.json`, 'utf8'));
  // The configuration of the person who runs this is not what is checked.
  const env = { ...process.env, npm_config_userconfig: '/dev/null' };
  const command = ['pack', '--dry-run', '--json', '-w', workspace];
  const { status, stdout, stderr } = spawnSync('npm', command, { encoding: 'utf8', env });
  if (status !== 0) {
    problems.push(`${workspace}: npm ${command.join(' ')} failed:\n${stderr}`);
    continue;
  }
  // Each npm command of a user would print it too, for example about a key of .npmrc that it does not know.
  for (const [warning] of stderr.matchAll(/^npm warn .*$/gim)) problems.push(`${workspace}: ${warning}`);
  // npm 10 prints a list, npm 12 an object by name.
  const [packed] = Object.values(JSON.parse(stdout));
  const files = new Set(packed.files.map(({ path }) => path));
  for (const file of files) {
    for (const [pattern, what] of UNWANTED) if (pattern.test(file)) problems.push(`${workspace}: ${file} is ${what}`);
  }
  if (!files.has('README.md')) problems.push(`${workspace}: README.md is missing, which the page of the package shows`);
  const licence = `${workspace}/LICENSE`;
  if (!files.has('LICENSE') || readFileSync(licence, 'utf8') !== readFileSync('LICENSE', 'utf8'))
    problems.push(`${licence} is missing or not the LICENSE of the repository`);
  for (const file of promised(manifest)) {
    if (!files.has(file)) problems.push(`${workspace}: ${file} is promised by package.json and would not be packed`);
    if (!existsSync(`${workspace}/${file}`)) problems.push(`${workspace}: ${file} is promised by package.json and is not there`);
  }
}
for (const problem of problems) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;

/** Files that `exports`, `bin`, `main` and `types` name. */
function promised({ exports = {}, bin = {}, main, types }) {
  const named = [
    main,
    types,
    ...Object.values(bin),
    ...Object.values(exports).flatMap((entry) => (typeof entry === 'string' ? [entry] : Object.values(entry))),
  ];
  return new Set(named.filter((file) => file !== undefined).map((file) => file.replace(/^\.\//, '')));
}
