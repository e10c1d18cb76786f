// Tries the rules of dependency-cruiser.cjs on a tree of small files. They must refuse the wrong imports, and no others.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';

/** Imports by file, from → to. */
const REFUSED = [
  ['kernel-ext/src/wire/decoder.ts', 'kernel-ext/src/session/index.ts'],
  ['kernel-ext/src/kernel/kernel.ts', 'kernel-ext/src/wire/decoder.ts'],
  ['kernel-ext/src/session/session.ts', 'lib/dist/serve/run.d.ts'],
  ['kernel-ext/src/magics/shell.ts', 'lib/src/core/index.ts'],
  ['lib/src/core/log.ts', 'lib/src/ipc/index.ts'],
  ['lib/src/onnx/load.ts', 'lib/src/serve/index.ts'],
  ['lib/src/serve/run.ts', 'lib/src/onnx/index.ts'],
  ['lib/src/serve/run.ts', 'lib/src/serve/controller/index.ts'],
  ['lib/src/serve/run.ts', 'lib/src/serve/router/router.ts'],
  ['lib/src/serve/proxy/exchange.ts', 'lib/src/serve/router/router.ts'],
  ['lib/src/serve/proxy/exchange.ts', 'lib/src/serve/run.ts'],
  ['lib/src/serve/proxy/exchange.ts', 'lib/src/serve/replica/index.ts'],
  ['lib/src/serve/controller/target/target.ts', 'lib/src/serve/controller/traffic/index.ts'],
  ['lib/src/serve/controller/scaling/scaling.ts', 'lib/src/serve/controller/replicas/actual.ts'],
  ['lib/src/serve/controller/health/health.ts', 'lib/src/serve/controller/controller.ts'],
  ['lib/src/serve/controller/controller.ts', 'lib/src/serve/controller/target/target.ts'],
  ['lib/src/serve/router/router.ts', 'lib/src/serve/controller/target/index.ts'],
  ['lib/src/engine/cluster.ts', 'lib/src/serve/controller/index.ts'],
  ['lib/src/cli/main.ts', 'lib/src/engine/index.ts'],
  ['lib/src/host/index.ts', 'lib/src/serve/run.ts'],
  ['lib/src/assets/mnist.ts', 'kernel-ext/src/index.ts'],
  // A package that imports itself by its name gets the files of its last build.
  ['lib/src/core/log.ts', 'lib/dist/index.d.ts'],
  ['kernel-ext/src/wire/decoder.ts', 'kernel-ext/dist/commands.d.ts'],
  ['lib/src/plot/chart.ts', 'lib/src/index.ts'],
  ['kernel-ext/src/session/session.ts', 'kernel-ext/src/commands.ts'],
  ['lib/src/attic/old.ts', 'lib/src/core/index.ts'],
  ['lib/src/cli/main.ts', 'lib/src/attic/old.ts'],
  ['kernel-ext/src/attic/old.ts', 'kernel-ext/src/wire/index.ts'],
  ['lib/src/engine/ray/ray-nodes.ts', 'lib/src/engine/cluster-folder.ts'],
  ['lib/src/serve/router/router.ts', 'lib/src/serve/run.ts'],
  ['lib/src/schemas/typescript/types.ts', 'lib/src/schemas/typed-answer.ts'],
  ['lib/src/core/log.ts', 'lib/src/core/hand-clock.test-support.ts'],
  ['lib/src/serve/router/router.ts', 'lib/src/core/hand-clock.test-support.ts'],
  ['lib/src/core/errors.ts', 'lib/src/core/log.ts'],
  ['kernel-ext/src/wire/decoder.ts', 'lib/dist/host/index.d.ts'],
  ['kernel-ext/src/guard/process-guard.ts', 'lib/dist/index.d.ts'],
  ['kernel-ext/src/kernel/kernel.ts', 'lib/dist/code/analysis.d.ts'],
  ['kernel-ext/src/session/session.ts', 'lib/dist/host/index.d.ts'],
  ['lib/src/assets/assets.test.ts', 'lib/src/cli/assets-command.ts'],
  ['lib/src/serve/environments/cache.test.ts', 'lib/src/engine/errors.ts'],
  ['lib/src/serve/controller/states.test.ts', 'lib/src/engine/errors.ts'],
  ['lib/src/serve/controller/target/target.test.ts', 'lib/src/serve/router/index.ts'],
];
/** These are refused as `import()`, not as an import statement. */
const REFUSED_LATER = [
  ['kernel-ext/src/magics/magic.ts', 'lib/dist/host/index.d.ts'],
  ['lib/src/onnx/public/serve.ts', 'lib/src/oip/index.ts'],
  ['lib/src/onnx/public/tokenizer.ts', 'lib/src/text/index.ts'],
];
/** These are allowed as `import type` only. */
const ALLOWED_TYPES = [
  ['kernel-ext/src/magics/shell.ts', 'lib/dist/index.d.ts'],
  ['kernel-ext/src/display/chart.ts', 'lib/dist/plot/index.d.ts'],
  ['kernel-ext/src/display/chart.ts', 'lib/dist/onnx/public/index.d.ts'],
];
const ALLOWED = [
  ['kernel-ext/src/kernel/kernel.ts', 'kernel-ext/src/wire/index.ts'],
  ['kernel-ext/src/session/session.ts', 'lib/dist/code/analysis.d.ts'],
  ['kernel-ext/src/runner/main.ts', 'lib/dist/host/index.d.ts'],
  ['kernel-ext/src/wire/decoder.ts', 'lib/dist/core/errors.d.ts'],
  ['lib/src/engine/ray/ray-nodes.ts', 'lib/src/engine/machines.ts'],
  ['lib/src/serve/router/router.test.ts', 'lib/src/core/hand-clock.test-support.ts'],
  ['lib/src/serve/controller/states.test.ts', 'lib/src/serve/controller/health/app-state.ts'],
  ['lib/src/serve/controller/target/target.test.ts', 'lib/src/serve/controller/routes/routes.ts'],
  ['lib/src/ipc/frame.ts', 'lib/src/core/index.ts'],
  ['lib/src/serve/run.ts', 'lib/src/serve/handle/index.ts'],
  ['lib/src/serve/run.ts', 'lib/src/serve/handle/types.ts'],
  ['lib/src/serve/proxy/exchange.ts', 'lib/src/serve/router/index.ts'],
  ['lib/src/host/index.ts', 'lib/src/serve/host.ts'],
  ['lib/src/serve/controller/controller.ts', 'lib/src/serve/controller/target/index.ts'],
  ['lib/src/serve/controller/scaling/scaling.ts', 'lib/src/serve/controller/replicas/index.ts'],
  ['lib/src/serve/controller/scaling/own-policy.ts', 'lib/src/serve/protocol/index.ts'],
];

const root = mkdtempSync(join(tmpdir(), 'nbs-walls-'));
const problems = [];
try {
  const imports = new Map();
  for (const [from, to] of [...REFUSED, ...ALLOWED]) {
    imports.set(from, [...(imports.get(from) ?? []), to]);
    if (!imports.has(to)) imports.set(to, []);
  }
  const texts = new Map();
  const add = (file, text) => texts.set(file, `${texts.get(file) ?? ''}${text}`);
  for (const [file, targets] of imports) {
    add(file, targets.map((to, i) => `import * as x${i} from '${specifier(file, to)}';\nexport const y${i} = x${i};\n`).join(''));
  }
  for (const [from, to] of REFUSED_LATER) add(from, `export const later = () => import('${specifier(from, to)}');\n`);
  for (const [i, [from, to]] of ALLOWED_TYPES.entries()) add(from, `export type { T${i} } from '${specifier(from, to)}';\n`);
  for (const [from, to] of [...REFUSED_LATER, ...ALLOWED_TYPES]) for (const file of [from, to]) add(file, '');
  for (const [file, text] of texts) writeFileIn(file, text || 'export const z = 1;\n');
  const args = [
    resolve('node_modules/.bin/depcruise'),
    '--config',
    resolve('ci/dependency-cruiser.cjs'),
    '--output-type',
    'json',
    'lib',
    'kernel-ext',
  ];
  const run = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 26 });
  if (run.stdout === '') throw new Error(run.stderr);
  const { summary } = JSON.parse(run.stdout);
  const refused = new Set(summary.violations.map(({ from, to }) => `${from} → ${to}`));
  for (const [from, to] of [...REFUSED, ...REFUSED_LATER])
    if (!refused.has(`${from} → ${to}`)) problems.push(`${from} → ${to} is not refused`);
  for (const [from, to] of [...ALLOWED, ...ALLOWED_TYPES])
    if (refused.has(`${from} → ${to}`)) problems.push(`${from} → ${to} is refused`);
} finally {
  rmSync(root, { recursive: true, force: true });
}
for (const problem of problems) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;

function writeFileIn(file, text) {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), text);
}

function specifier(from, to) {
  const path = relative(dirname(from), to).replace(/(\.d)?\.ts$/, '.js');
  return path.startsWith('.') ? path : `./${path}`;
}
