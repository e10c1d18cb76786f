// `npm run onnx-backend`: ONNX's own backend tests, with nbserve and with bare onnxruntime-node. It fails if nbserve fails and the bare runtime does not, if a
// process ends, or if a message shows the runtime's source. Options: --quick (every 4th case; part of the tests) · --only <part of a name> · --run-in loop|beside (as for onnx.load) · --write (renews the page in lib/docs)
import { execFileSync, fork } from 'node:child_process';
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { pythonEnv } from '../python-env.mjs';
import { writePage } from './page.mjs';

const own = (name) => fileURLToPath(new URL(name, import.meta.url));
const QUICK_STEP = 4;

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    write: { type: 'boolean', default: false },
    'run-in': { type: 'string' },
  },
});

/** The cases, or null if they cannot be had. */
function readCases() {
  const file = own('../../.cache/onnx-backend-1.19.1.jsonl');
  try {
    const python = pythonEnv('onnx-backend', own('requirements.txt'));
    if (!existsSync(file)) {
      execFileSync(python, [own('export-cases.py'), `${file}.new`], { stdio: 'inherit' });
      renameSync(`${file}.new`, file);
    }
  } catch (error) {
    console.log(`skipped: the package onnx cannot be set up: ${error.message.split('\n')[0]}`);
    return null;
  }
  const all = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const named = all.filter(({ name }) => name.includes(options.only));
  return options.quick ? named.filter((_, at) => at % QUICK_STEP === 0) : named;
}

/** Runs the cases one after the other. If the process ends, the next case gets a new one. @returns {Promise<Map<string, string | null>>} name → failure */
async function runAll(kind, cases) {
  const failures = new Map();
  let child = null;
  for (const each of cases) {
    child ??= await startRunner(kind);
    const failure = await new Promise((resolve) => {
      const ended = (code, signal) => {
        child = null;
        resolve(`the process ended (${signal ?? code})`);
      };
      child.once('exit', ended);
      child.once('message', ({ failure: found }) => {
        child?.off('exit', ended);
        resolve(found);
      });
      child.send(each);
    });
    failures.set(each.name, failure);
  }
  child?.disconnect();
  return failures;
}

function startRunner(kind) {
  const child = fork(own('runner-main.mjs'), [kind, ...(options['run-in'] === undefined ? [] : [options['run-in']])], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    // The bare runtime would send telemetry, and leave files of it.
    env: { ...process.env, ORT_DISABLE_TELEMETRY: '1' },
  });
  return new Promise((resolve) => child.once('message', () => resolve(child)));
}

const cases = readCases();
if (cases !== null) {
  const [ours, bare] = await Promise.all([runAll('nbserve', cases), runAll('bare', cases)]);
  const passed = (found) => [...found.values()].filter((failure) => failure === null).length;
  const worse = cases.filter(({ name }) => ours.get(name) !== null && bare.get(name) === null);
  const deaths = cases.filter(({ name }) => ours.get(name)?.startsWith('the process ended'));
  const leaks = cases.filter(({ name }) => /\.(cc|h|hpp|cu):\d|_src\//.test(ours.get(name) ?? ''));
  for (const { name } of leaks) console.log(`✖ ${name}: the message shows ONNX Runtime's source: ${ours.get(name)}`);
  for (const { name } of worse) console.log(`✖ ${name} fails only with nbserve: ${ours.get(name)}`);
  for (const { name } of deaths) console.log(`✖ ${name}: ${ours.get(name)}`);
  const ended = [...bare.values()].filter((failure) => failure?.startsWith('the process ended')).length;
  console.log(
    `${cases.length} cases: nbserve ${passed(ours)}, bare onnxruntime-node ${passed(bare)}, which ended its process ${ended} times`,
  );
  if (options.write)
    writePage(
      cases.map(({ name }) => name),
      ours,
      bare,
    );
  process.exitCode = worse.length + deaths.length + leaks.length > 0 ? 1 : 0;
}
