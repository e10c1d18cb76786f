// `npm test`: builds, checks the code, runs every test, and ends with the line `N passed, N failed`.
// Options: --only checks,unit,cluster,kernel,nodes,docs,lessons (any of them), --files <part of a path>.
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { findFiles } from './find-files.mjs';
import { jupyterPython } from './jupyter.mjs';
import { findLeftovers } from './leftovers.mjs';
import { otherNode } from './node-versions.mjs';
import { runTestFiles } from './run-test-files.mjs';

const { values: options } = parseArgs({ options: { only: { type: 'string' }, files: { type: 'string', default: '' } } });
const groups = options.only?.split(',');
const wanted = (group) => groups === undefined || groups.includes(group);
const partial = options.files !== '';

const words = (line) => line.split(' ');
const firstAndRest = (line) => /** @type {[string, string[]]} */ ([words(line)[0], words(line).slice(1)]);

const CHECKS = [
  ['format and lint (Biome)', 'npx biome check --config-path=ci/biome-config.json lib kernel-ext ci'],
  ['promises and switches (typescript-eslint)', 'npx eslint -c ci/eslint.config.mjs lib/src kernel-ext/src'],
  ['the scripts of ci/ are sound (tsc, checkJs)', 'node node_modules/typescript/bin/tsc -p ci'],
  ['rooms and arrows (dependency-cruiser)', 'npx depcruise --config ci/dependency-cruiser.cjs lib/src kernel-ext/src'],
  ['the rules on rooms refuse what they are there for', 'node ci/check-walls.mjs'],
  ['no dead code (knip)', 'npx knip --config ci/knip.json'],
  ["public types are clean under tslab's TypeScript", 'node ci/check-declarations.mjs'],
  ['the packages hold what they promise, and no more', 'node ci/check-package.mjs'],
  ['the prose keeps its rules', 'node ci/check-prose.mjs'],
];

/** Tests of what other versions of Node could break: native modules, shared memory, streams, new globals. There is one file for each kind of process. */
const onEachNode = () => [
  ...['core', 'ipc', 'onnx', 'serve/replica'].flatMap((room) => findFiles(`lib/build/${room}`, '.test.js')),
  'lib/dist-test/onnx/faithful.test.js',
  'lib/dist-test/onnx/start.test.js',
  'lib/dist-test/cluster/serve-api.test.js',
  'lib/dist-test/cluster/ingress.test.js',
  'lib/dist-test/cluster/ingress-sockets.test.js',
  'kernel-ext/dist-test/session-serve.test.js',
  'kernel-ext/dist-test/ts7-node-types.test.js',
];
const OTHER_NODES = [22, 24];

const started = Date.now();
let passed = 0;
const failures = [];

function note(name, ok, output = '') {
  if (ok) passed += 1;
  else failures.push(name);
  console.log(`${ok ? '✔' : '✖'} ${name}${ok ? '' : `\n${output}`}`);
}

/** One command as one test. */
function command(name, file, args, env = {}) {
  const run = spawnSync(file, args, { encoding: 'utf8', maxBuffer: 1 << 28, env: { ...process.env, ...env } });
  note(name, run.status === 0, `${run.error ?? ''}${run.stdout ?? ''}${run.stderr ?? ''}`);
  return run.status === 0;
}

/** `title`: the heading's text after the group. `part`: a part of the files' names. */
async function files(group, folders, suffix, concurrency, { title = '', part = '' } = {}) {
  if (!wanted(group)) return;
  const found = folders
    .flatMap((folder) => findFiles(folder, suffix))
    .filter((file) => file.includes(options.files) && file.includes(part));
  console.log(`\n── ${group}${title}: ${found.length} files`);
  // Only tests that need the real Jupyter wait until it is set up.
  if (found.some((file) => readFileSync(file, 'utf8').includes('NBSERVE_TEST_PYTHON')))
    process.env.NBSERVE_TEST_PYTHON = jupyterPython();
  const begun = Date.now();
  const result = await runTestFiles(found, { concurrency });
  console.log(`── ${group}${title}: ${Math.round((Date.now() - begun) / 1000)} s`);
  passed += result.passed;
  failures.push(...result.failures);
}

/** @param {number} major */
function onOtherNode(major) {
  const other = otherNode(major);
  if ('unreachable' in other) {
    console.log(`\n── Node ${major} is not tried: the npm registry cannot be reached (${other.unreachable})`);
    return;
  }
  const version = spawnSync(other.node, ['--version'], { encoding: 'utf8' }).stdout.trim();
  const found = onEachNode();
  const PATH = `${dirname(other.node)}:${process.env.PATH}`;
  command(`Node ${version} passes ${found.length} files of tests`, other.node, ['--test', '--test-concurrency=1', ...found], {
    PATH,
  });
}

const mark = `NBSERVE_TEST_RUN=${randomBytes(8).toString('hex')}`;
const home = mkdtempSync(join(tmpdir(), 'nbst-'));
process.env.NBSERVE_TEST_RUN = mark.split('=')[1];
process.env.NBSERVE_HOME = home;

if (groups === undefined && !partial)
  console.log('All of it takes 20 to 30 minutes on two cores; --only checks,unit runs a part of it (see CONTRIBUTING.md).');
const compiled = command(
  'the code compiles',
  'node',
  words('node_modules/typescript/bin/tsc -b lib kernel-ext ci/datasets lib/test kernel-ext/test'),
);
if (!compiled || !command('each room becomes one file', 'node', ['ci/bundle.mjs'])) finish();
// With --files, only the named files run.
if (wanted('checks') && !partial) for (const [name, line] of CHECKS) command(name, ...firstAndRest(line));
await files('unit', ['lib/build', 'kernel-ext/build', 'ci/dist'], '.test.js', 2);
if (wanted('unit') && !partial) command('a simulated cluster keeps its promises', 'node', ['ci/sim/main.mjs', '--quick']);
await files('cluster', ['lib/dist-test'], '.test.js', 1);
if (wanted('cluster') && !partial) command('random input is answered as it should be', 'node', ['ci/fuzz/main.mjs', '--quick']);
await files('kernel', ['kernel-ext/dist-test'], '.test.js', 1);
// The tests of TypeScript in sessions also run with the second converter.
process.env.NBSERVE_TYPES = 'tslab';
await files('kernel', ['kernel-ext/dist-test'], '.test.js', 1, { title: ", on tslab's converter", part: '/session-' });
delete process.env.NBSERVE_TYPES;
if (wanted('nodes') && !partial) for (const major of OTHER_NODES) onOtherNode(major);
if (wanted('docs')) command('every example of the docs runs', 'node', ['ci/docs-examples.mjs', '--only', options.files]);
if (wanted('lessons')) {
  const notebooks = findFiles('notebooks', '.ipynb').filter((file) => file.includes(options.files));
  for (const notebook of notebooks) {
    command(`nbserve execute ${notebook}`, 'npx', ['nbserve', 'execute', notebook, '--output', join(home, 'out.ipynb')]);
  }
  const python = notebooks.length === 0 ? '' : jupyterPython();
  for (const runner of ['nbclient', 'papermill']) {
    for (const notebook of notebooks) command(`${notebook} under ${runner}`, python, ['ci/run-notebook.py', runner, notebook]);
  }
  rmSync(join(home, 'out.ipynb'), { force: true });
}
finish();

function finish() {
  const left = findLeftovers({ mark, home });
  note('no process and no file is left behind', left.length === 0, left.join('\n'));
  rmSync(home, { recursive: true, force: true });
  if (failures.length > 0) console.log(`\nfailed:\n${failures.map((name) => `  ${name}`).join('\n')}`);
  console.log(`\n${Math.round((Date.now() - started) / 1000)} s`);
  console.log(`${passed} passed, ${failures.length} failed`);
  process.exit(failures.length === 0 ? 0 : 1);
}
