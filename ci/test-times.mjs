// How long each job of the tests takes. The longest jobs begin first, so that no lane works on a long one alone at the end.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What the last runs in this clone took: `{ [name of the job]: seconds }`. */
const RECORD = fileURLToPath(new URL('../.cache/test-times.json', import.meta.url));

/** What jobs take that have no record yet, in seconds: those that take much longer than others. */
const USUAL = {
  'lib/dist-test/cluster/ray.test.js': 180,
  'random input to the lessons is answered as it should be': 110,
  'nbserve execute notebooks/03-chat.ipynb': 100,
  'kernel-ext/dist-test/lab-notebook.test.js': 90,
  'random input is answered as it should be': 85,
  'lib/dist-test/cluster/engine-contract.test.js': 85,
  'kernel-ext/dist-test/lesson-checks-serving.test.js': 85,
  'kernel-ext/dist-test/jupyter-tools.test.js': 70,
  'kernel-ext/dist-test/runner-failures.test.js': 70,
  'lib/dist-test/text/chat.test.js': 65,
  'kernel-ext/dist-test/runner-files.test.js': 65,
  'nbserve execute notebooks/06-mnist-train.ipynb': 60,
  'kernel-ext/dist-test/lesson-checks-training.test.js': 60,
  'lib/dist-test/cluster/options.test.js': 60,
  'kernel-ext/dist-test/ts7-endurance.test.js': 60,
  'lib/dist-test/onnx/software-vulkan.test.js': 55,
  'kernel-ext/dist-test/runner-stop.test.js': 55,
  'lib/dist-test/chaos/kills-in-turn.test.js': 50,
  'lib/dist-test/cluster/definitions.test.js': 50,
  'kernel-ext/dist-test/notebook-tests.test.js': 50,
  'kernel-ext/dist-test/wire-many.test.js': 50,
  'lib/dist-test/chaos/half-cut.test.js': 45,
  'lib/dist-test/cluster/setup-ray.test.js': 45,
  'the generated pages are up to date, and no link is broken': 45,
  'the proxy answers random input as Node does': 40,
  'kernel-ext/dist-test/wire-stop-questions.test.js': 40,
  'the examples of lib/docs/command-line.md run': 40,
  'lib/dist-test/assets/hub.test.js': 35,
  'lib/dist-test/cluster/ray-nodes.test.js': 35,
  'no dead code (knip)': 35,
  'lib/dist-test/cluster/deploy.test.js': 35,
  'lib/dist-test/cluster/inference-clients.test.js': 35,
  'kernel-ext/dist-test/runner-execute.test.js': 35,
  "kernel-ext/dist-test/session-shown.test.js on tslab's converter": 35,
  "kernel-ext/dist-test/session-shell.test.js on tslab's converter": 35,
  'kernel-ext/dist-test/lesson-checks-models.test.js': 30,
  'lib/dist-test/cluster/policy.test.js': 30,
  'nbserve execute notebooks/05-images.ipynb': 30,
  'lib/dist-test/chaos/update.test.js': 30,
  'lib/dist-test/cluster/tune.test.js': 30,
  'lib/dist-test/data/sets-faults.test.js': 30,
  'lib/dist-test/text/openai.test.js': 30,
  'kernel-ext/dist-test/papermill.test.js': 30,
  "kernel-ext/dist-test/session-completes.test.js on tslab's converter": 30,
  'lib/dist-test/cluster/ingress.test.js on Node 22': 30,
  'lib/dist-test/cluster/ingress.test.js on Node 24': 25,
  'the examples of lib/docs/language-models.md run': 25,
  'lib/dist-test/onnx/start.test.js on Node 22': 20,
  'kernel-ext/dist-test/jupyterhub.test.js': 30,
};
/** The others, by group. */
const OF_GROUP = { unit: 1, nodes: 2, checks: 10, docs: 8, lessons: 30, cluster: 12, kernel: 14 };

/** Jobs that wait for clocks most of the time, and use little of a processor. They have a lane of their own, so that the others are not held up by them. */
const WAITS = [
  'the proxy answers random input as Node does',
  'lib/dist-test/chaos/half-cut.test.js',
  'lib/dist-test/cluster/ray-nodes.test.js',
  'lib/dist-test/cluster/blocked.test.js',
  'lib/dist-test/chaos/controller-of-blocked.test.js',
  'lib/dist-test/cluster/nested-calls.test.js',
  'lib/dist-test/chaos/partition.test.js',
  'lib/dist-test/cluster/machines-certificates.test.js',
  'lib/dist-test/cluster/lifecycle.test.js',
  'lib/dist-test/assets/hub.test.js',
];

/** @param {string} name of a job */
export const mostlyWaits = (name) => WAITS.includes(name);

/** @returns {Record<string, number>} */
function recorded() {
  try {
    return JSON.parse(readFileSync(RECORD, 'utf8'));
  } catch {
    return {};
  }
}

/** @returns {(name: string, group: string) => number} the seconds that a job will probably take */
export function expectedSeconds() {
  const known = { ...USUAL, ...recorded() };
  return (name, group) => known[name] ?? OF_GROUP[group];
}

/** Keeps the times of jobs for the next run. @param {ReadonlyMap<string, number>} seconds */
export function recordSeconds(seconds) {
  const rounded = [...seconds].map(([name, value]) => [name, Math.round(value * 10) / 10]);
  mkdirSync(dirname(RECORD), { recursive: true });
  writeFileSync(RECORD, `${JSON.stringify({ ...recorded(), ...Object.fromEntries(rounded) }, null, 1)}\n`);
}
