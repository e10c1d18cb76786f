// How long each job of the tests takes. The longest jobs begin first, so that no lane works on a long one alone at the end.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What the last runs in this clone took: `{ [name of the job]: seconds }`. */
const RECORD = fileURLToPath(new URL('../.cache/test-times.json', import.meta.url));

/** What jobs take that have no record yet, in seconds: those that take much longer than others. */
const USUAL = {
  'nbserve execute notebooks/03-chat.ipynb': 100,
  'random input to the lessons is answered as it should be': 80,
  'lib/dist-test/chaos/kills-in-turn.test.js': 75,
  'lib/dist-test/cluster/ray.test.js': 150,
  'the proxy answers random input as Node does': 80,
  'lib/dist-test/chaos/half-cut.test.js': 80,
  'lib/dist-test/cluster/engine-contract.test.js': 80,
  'nbserve execute notebooks/06-mnist-train.ipynb': 60,
  'kernel-ext/dist-test/lesson-checks-models.test.js': 60,
  'kernel-ext/dist-test/lesson-checks-serving.test.js': 55,
  'kernel-ext/dist-test/lesson-checks-training.test.js': 40,
  'lib/dist-test/text/chat.test.js': 45,
  'random input is answered as it should be': 60,
  'lib/dist-test/cluster/blocked.test.js': 40,
  'kernel-ext/dist-test/wire-stop.test.js': 40,
  'kernel-ext/dist-test/jupyterhub.test.js': 30,
  'lib/dist-test/chaos/controller-of-blocked.test.js': 35,
  'lib/dist-test/cluster/definitions.test.js': 35,
  'lib/dist-test/cluster/policy.test.js': 35,
  'lib/dist-test/cluster/nested-calls.test.js': 30,
};
const LESSON_SECONDS = 30;
const OTHER_SECONDS = 10;

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
  return (name, group) => known[name] ?? (group === 'lessons' ? LESSON_SECONDS : OTHER_SECONDS);
}

/** Keeps the times of jobs for the next run. @param {ReadonlyMap<string, number>} seconds */
export function recordSeconds(seconds) {
  const rounded = [...seconds].map(([name, value]) => [name, Math.round(value * 10) / 10]);
  mkdirSync(dirname(RECORD), { recursive: true });
  writeFileSync(RECORD, `${JSON.stringify({ ...recorded(), ...Object.fromEntries(rounded) }, null, 1)}\n`);
}
