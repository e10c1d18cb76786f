// `npm test`: builds, checks the code, runs every test, and ends with the line `N passed, N failed`.
// Options: --only <parts, as in `GROUPS`>, --files <part of a path>.
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { hasExamples } from './docs/examples.mjs';
import { pageFiles } from './docs/pages.mjs';
import { findFiles } from './find-files.mjs';
import { findLeftovers, foldersOf } from './leftovers.mjs';
import { otherNode } from './node-versions.mjs';
import { pythonOf } from './python-env.mjs';
import { batches, runBatch, runProcess, titleOf } from './run-test-file.mjs';
import { expectedSeconds, mostlyWaits, recordSeconds } from './test-times.mjs';

const { values: options } = parseArgs({ options: { only: { type: 'string' }, files: { type: 'string', default: '' } } });
const GROUPS = ['checks', 'unit', 'cluster', 'kernel', 'nodes', 'docs', 'lessons'];
const groups = options.only?.split(',');
const unknown = groups?.filter((group) => !GROUPS.includes(group)) ?? [];
if (unknown.length > 0) {
  console.error(`--only ${unknown.join(',')}: not a part of the tests; the parts are ${GROUPS.join(', ')}`);
  process.exit(2);
}
/** Jobs that run at the same time. There are more than processors, because a file of tests often waits for processes and clocks. */
const LANES = Math.min(availableParallelism() + 1, 6);
const wanted = (group) => groups === undefined || groups.includes(group);
const partial = options.files !== '';

const words = (line) => line.split(' ');

const CHECKS = [
  ['format and lint (Biome)', 'node_modules/.bin/biome check --config-path=ci/biome-config.json lib kernel-ext ci'],
  [
    'promises and switches (oxlint, with types)',
    'node_modules/.bin/oxlint --type-aware -c ci/oxlint.json lib/src lib/test kernel-ext/src kernel-ext/test ci',
  ],
  ['the scripts of ci/ are sound (tsc, checkJs)', 'node ci/check-scripts.mjs'],
  [
    'rooms and arrows (dependency-cruiser)',
    'node_modules/.bin/depcruise --config ci/dependency-cruiser.cjs lib/src kernel-ext/src',
  ],
  ['the rules on rooms refuse what they are there for', 'node ci/check-walls.mjs'],
  ['rooms name and need only what the table says', 'node ci/check-arrows.mjs'],
  ['no file of a room is too long', 'node ci/check-length.mjs'],
  ['no dead code (knip)', 'node_modules/.bin/knip --config ci/knip.json'],
  ["public types are clean under tslab's TypeScript", 'node ci/check-declarations.mjs'],
  ['the packages hold what they promise, and no more', 'node ci/check-package.mjs'],
  ['the prose keeps its rules', 'node ci/check-prose.mjs'],
];

/** They compute with pixels for seconds. Other tests of these rooms read pictures with each version of Node. */
const NOT_OF_NODE = ['lib/build/onnx/image-strangers.test.js', 'lib/build/onnx/images/pillow.test.js'];

/** Tests of what other versions of Node could break: native modules, shared memory, streams, new globals. There is one file for each kind of process. */
const onEachNode = () => [
  ...['core', 'ipc', 'onnx', 'serve/replica']
    .flatMap((room) => findFiles(`lib/build/${room}`, '.test.js'))
    .filter((file) => !NOT_OF_NODE.includes(file)),
  'lib/dist-test/onnx/faithful.test.js',
  'lib/dist-test/onnx/start.test.js',
  'lib/dist-test/cluster/serve-api.test.js',
  'lib/dist-test/cluster/ingress.test.js',
  'lib/dist-test/cluster/ingress-sockets.test.js',
  'kernel-ext/dist-test/session-serve.test.js',
  'kernel-ext/dist-test/ts7-node-types.test.js',
];
const OTHER_NODES = [22, 24];

/**
 * Each lesson runs under `nbserve execute`. This one also runs under Jupyter, with the same kernel: papermill executes it with nbclient. JupyterLab runs lesson
 * 02 in `lab-notebook.test`. The others take long because of their models, and show nothing else under Jupyter.
 */
const UNDER_JUPYTER = '08';

const started = Date.now();
/** What the processors have done since the machine started, in ms. */
const processorTimes = () => {
  const all = cpus().map(({ times }) => times);
  const idle = all.reduce((sum, times) => sum + times.idle, 0);
  return { idle, busy: all.reduce((sum, { user, nice, sys, irq }) => sum + user + nice + sys + irq, 0) };
};
const processorsAtStart = processorTimes();
let passed = 0;
const failures = [];
const skipped = [];
const mark = `NBSERVE_TEST_RUN=${randomBytes(8).toString('hex')}`;
process.env.NBSERVE_TEST_RUN = mark.split('=')[1];
const JUPYTER = pythonOf('jupyter');
process.env.NBSERVE_TEST_PYTHON = JUPYTER;
// Kernels of tests must not write into the history of the person who runs them.
process.env.NBSERVE_HISTORY = '';
const root = mkdtempSync(join(tmpdir(), 'nbst-'));

/**
 * What runs in a lane: a file of tests, or a command as one test. It has a folder for its clusters and one for its temporary files.
 * @typedef {ReturnType<typeof foldersOf>} Folders
 * @typedef {{ group: string, name: string, needs?: string, run: (folders: Folders) => Promise<import('./run-test-file.mjs').Result> }} Job
 *   `needs`: what is set up beside the tests, before this one begins
 */

/** @type {Job[]} */
const jobs = [];
/** @type {(Job & Folders & { seconds: number })[]} */
const done = [];
let begunJobs = 0;

/**
 * One command as one test.
 * @param {string} group
 * @param {string} name
 * @param {string | string[]} line
 * @param {string} [needs]
 * @returns {Job}
 */
function commandJob(group, name, line, needs) {
  const [file, ...args] = typeof line === 'string' ? words(line) : line;
  const run = async ({ home, temporary }) => {
    const { status, output } = await runProcess(file, args, { env: { NBSERVE_HOME: home, TMPDIR: temporary } });
    if (status === 0) return { passed: 1, failures: [], output: '' };
    const last = output.trimEnd().split('\n').slice(-12);
    const shown = [...last, `ended with ${status}`].map((line) => `      ${line}`).join('\n');
    return { passed: 0, failures: [`${name}\n${shown}`], output: `${output}\nended with ${status}\n` };
  };
  return { group, name, needs, run };
}

/**
 * @param {string} group
 * @param {string} name
 * @param {string | string[]} line
 * @param {string} [needs]
 */
const command = (group, name, line, needs) => jobs.push(commandJob(group, name, line, needs));

/**
 * Adds files of tests. `title`: what follows the file in the name.
 * @param {string} group
 * @param {string[]} found
 * @param {{ title?: string, needs?: (file: string) => string | undefined, env?: Record<string, string> }} options
 */
function files(group, found, { title = '', needs = () => undefined, env } = {}) {
  for (const batch of batches(found))
    jobs.push({
      group,
      name: `${titleOf(batch)}${title}`,
      needs: needs(batch[0]),
      run: (folders) => runBatch({ files: batch, ...folders, env }),
    });
}

/** The files of tests below the folders that `--files` asks for. */
const testFiles = (...folders) =>
  folders.flatMap((folder) => findFiles(folder, '.test.js')).filter((file) => file.includes(options.files));

/** @param {number} major */
function onOtherNode(major) {
  for (const files of batches(onEachNode().filter((each) => each.includes(options.files)))) {
    const name = `${titleOf(files)} on Node ${major}`;
    /** @param {Folders} folders */
    const run = async (folders) => {
      const other = otherNode(major);
      if ('unreachable' in other)
        return {
          passed: 0,
          failures: [],
          skipped: [`${name} # the npm registry cannot be reached (${other.unreachable})`],
          output: '',
        };
      const { node } = other;
      return runBatch({ files, ...folders, node, env: { PATH: `${dirname(node)}:${process.env.PATH}` } });
    };
    jobs.push({ group: 'nodes', name, needs: `node-${major}`, run });
  }
}

/** @returns {Promise<boolean>} whether it passed */
async function runJob(job) {
  const begun = Date.now();
  begunJobs += 1;
  const folders = foldersOf(root, begunJobs);
  for (const folder of Object.values(folders)) mkdirSync(folder);
  const result = await job.run(folders);
  const seconds = (Date.now() - begun) / 1000;
  done.push({ ...job, ...folders, seconds });
  passed += result.passed;
  failures.push(...result.failures);
  skipped.push(...(result.skipped ?? []));
  const isGood = result.failures.length === 0;
  console.log(`${isGood ? '✔' : '✖'} ${job.name}: ${result.passed} passed (${seconds.toFixed(1)} s)`);
  if (!isGood) console.log(result.output);
  return isGood;
}

/** What is set up, or could not be: then the set-up has failed, and so do the tests that need it. */
const ready = new Set();

/** Runs jobs until none is left that can begin. A job whose set-up is not ready is passed over. @param {(name: string) => boolean} takes */
async function lane(takes) {
  for (;;) {
    const index = jobs.findIndex(({ name, needs }) => takes(name) && (needs === undefined || ready.has(needs)));
    if (index === -1) return;
    await runJob(...jobs.splice(index, 1));
  }
}

const lanes = (count) => Promise.all(Array.from({ length: count }, () => lane((name) => !mostlyWaits(name))));

/** How many set-ups run at the same time. */
const SET_UP_LANES = 2;

/** Runs all jobs, and at the same time the set-ups that they need. */
async function runJobs() {
  const seconds = expectedSeconds();
  jobs.sort((a, b) => seconds(b.name, b.group) - seconds(a.name, a.group));
  const setUps = Object.keys(SET_UPS).filter((name) => jobs.some(({ needs }) => needs === name));
  const setUpLane = async () => {
    for (let name = setUps.shift(); name !== undefined; name = setUps.shift()) {
      const [title, line] = SET_UPS[name];
      await runJob(commandJob('set-up', title, line));
      ready.add(name);
    }
  };
  const settingUp = Promise.all(Array.from({ length: SET_UP_LANES }, setUpLane));
  const waiting = lane(mostlyWaits)
    .then(() => settingUp)
    .then(() => lane(mostlyWaits));
  await Promise.all([waiting, lanes(LANES - SET_UP_LANES), settingUp.then(() => lanes(SET_UP_LANES))]);
  // A lane ends early if what is left waits for a set-up.
  await lanes(LANES);
}

/** Docs and lessons use these models, and so do some tests of clusters. */
const MODELS = ['smollm2-135m-instruct', 'minilm-l6-v2', 'sentiment-minilm'];

/**
 * What tests need beside the code, in the order in which it is set up: the name of the test, and its command.
 * @type {Record<string, [string, string]>}
 */
const SET_UPS = {
  models: ['the models of the lessons are here', `node lib/bin/nbserve.js assets fetch ${MODELS.join(' ')}`],
};
for (const name of ['jupyter', 'jupyterhub', 'schemathesis', 'ray', ...OTHER_NODES.map((major) => `node-${major}`)])
  SET_UPS[name] = [`.cache/${name} is here`, `node ci/set-up.mjs ${name}`];

/** What a file of tests needs. Models are fetched before a whole run only: a single file fetches what it uses. */
function needsOf(file) {
  const text = readFileSync(file, 'utf8');
  if (text.includes('NBSERVE_TEST_PYTHON')) return 'jupyter';
  if (/\bfixtures\/hub\b/.test(text)) return 'jupyterhub';
  if (/\bfixtures\/(engines|ray-cluster)\b|ci\/ray\.mjs/.test(text)) return 'ray';
  return partial ? undefined : 'models';
}

async function compile() {
  const steps = [
    ['the code compiles', 'node node_modules/typescript7/bin/tsc -b lib kernel-ext ci/datasets lib/test kernel-ext/test'],
    ['each room becomes one file', 'node ci/bundle.mjs'],
  ];
  for (const [name, line] of steps) if (!(await runJob(commandJob('build', name, line)))) finish();
}

if (groups === undefined && !partial)
  console.log('All of it takes about 27 minutes on two cores; --only checks,unit runs a part of it (see CONTRIBUTING.md).');
await compile();
// With --files, only the named files run.
if (wanted('checks') && !partial) for (const [name, line] of CHECKS) command('checks', name, line);
if (wanted('unit')) files('unit', testFiles('lib/build', 'kernel-ext/build', 'ci/dist'));
if (wanted('unit') && !partial) command('unit', 'a simulated cluster keeps its promises', 'node ci/sim/main.mjs --quick');
if (wanted('cluster')) files('cluster', testFiles('lib/dist-test'), { needs: needsOf });
if (wanted('cluster') && !partial) {
  // The seed is fixed, so that a state of the code that was green stays green. `npm run fuzz` has new cases in each run.
  command('cluster', 'the proxy answers random input as Node does', 'node ci/fuzz/main.mjs --quick --seed 1 --only http');
  command(
    'cluster',
    'random input is answered as it should be',
    'node ci/fuzz/main.mjs --quick --seed 1 --without http,lessons',
    'schemathesis',
  );
  command('cluster', "ONNX's own tests pass as they do without nbserve", 'node ci/onnx-backend/main.mjs --quick');
  command(
    'cluster',
    'random input to the lessons is answered as it should be',
    'node ci/fuzz/main.mjs --quick --seed 1 --only lessons',
    'schemathesis',
  );
}
if (wanted('kernel')) {
  const found = testFiles('kernel-ext/dist-test');
  files('kernel', found, { needs: needsOf });
  // The tests of TypeScript in sessions also run with the second converter. Those of workers are about what an interrupt ends.
  const sessions = found.filter((file) => file.includes('/session-') && !file.includes('/session-workers.'));
  files('kernel', sessions, { title: " on tslab's converter", needs: needsOf, env: { NBSERVE_TYPES: 'tslab' } });
}
if (wanted('nodes')) for (const major of OTHER_NODES) onOtherNode(major);
if (wanted('docs')) {
  if (!partial) command('docs', 'the generated pages are up to date, and no link is broken', 'node ci/docs-pages.mjs');
  for (const page of pageFiles().filter((file) => file.includes(options.files) && hasExamples(file)))
    command('docs', `the examples of ${page} run`, ['node', 'ci/docs-examples.mjs', '--only', page], 'models');
}
if (wanted('lessons')) {
  const notebooks = findFiles('notebooks', '.ipynb').filter((file) => file.includes(options.files));
  for (const [n, notebook] of notebooks.entries()) {
    const output = join(root, `${n}.ipynb`);
    const line = [process.execPath, 'lib/bin/nbserve.js', 'execute', notebook, '--output', output];
    command('lessons', `nbserve execute ${notebook}`, line, 'models');
  }
  for (const notebook of notebooks.filter((file) => file.includes(`/${UNDER_JUPYTER}-`)))
    command('lessons', `${notebook} under papermill`, [JUPYTER, 'ci/run-notebook.py', notebook], 'jupyter');
}
if (jobs.length === 0) {
  console.error(`no file of tests has '${options.files}' in its path`);
  process.exit(2);
}
await runJobs();
finish();

/** @returns {never} */
function finish() {
  const left = findLeftovers({ mark, jobs: done });
  if (left.length === 0) passed += 1;
  else failures.push(`no process and no file is left behind:\n    ${left.join('\n    ')}`);
  rmSync(root, { recursive: true, force: true });
  recordSeconds(new Map(done.map(({ name, seconds }) => [name, seconds])));
  printTimes();
  if (skipped.length > 0)
    console.log(`\n${skipped.length} tests or suites skipped:\n${skipped.map((name) => `  ${name}`).join('\n')}`);
  if (failures.length > 0) console.log(`\nfailed:\n${failures.map((name) => `  ${name}`).join('\n')}`);
  console.log(`\n${Math.round((Date.now() - started) / 1000)} s`);
  console.log(`${passed} passed, ${failures.length} failed`);
  process.exit(failures.length === 0 ? 0 : 1);
}

/** How long each group took in its lanes, and the jobs that took longest. */
function printTimes() {
  const byGroup = new Map();
  for (const { group, seconds } of done) byGroup.set(group, (byGroup.get(group) ?? 0) + seconds);
  const groupTimes = [...byGroup].map(([group, seconds]) => `${group} ${Math.round(seconds)} s`);
  console.log(`\nin ${LANES} lanes, and one for what mostly waits: ${groupTimes.join(', ')}`);
  const { idle, busy } = processorTimes();
  const [waited, worked] = [idle - processorsAtStart.idle, busy - processorsAtStart.busy];
  // If they are busy all the time, only less work makes the tests quicker, and more lanes do not.
  console.log(`the processors were busy for ${Math.round((100 * worked) / (worked + waited))} % of the time\nlongest:`);
  const longest = [...done].sort((a, b) => b.seconds - a.seconds).slice(0, 10);
  for (const { name, seconds } of longest) console.log(`  ${seconds.toFixed(1).padStart(6)} s  ${name}`);
}
