/** The workflow for GitHub Actions in the docs: its steps run in a fresh folder. Only what needs the network is replaced: the clone, and what npm downloads. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));
const PAGE = join(REPOSITORY, 'lib/docs/notebooks-as-tests.md');

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly if?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Workflow {
  readonly on: readonly string[];
  readonly jobs: { readonly test: { readonly 'runs-on': string; readonly env: object; readonly steps: readonly Step[] } };
}

const root = mkdtempSync(join(tmpdir(), 'nbserve-workflow-'));
after(() => rmSync(root, { recursive: true, force: true }));

function script(path: string, lines: readonly string[]): void {
  writeFileSync(join(root, 'bin', path), ['#!/bin/sh', 'set -e', ...lines, ''].join('\n'), { mode: 0o755 });
}

it('tests the notebooks of a repository, and keeps the results', () => {
  const text = /```yaml\n([\s\S]*?)```/.exec(readFileSync(PAGE, 'utf8'))?.[1] ?? '';
  const { on, jobs } = parse(text, { strict: true }) as Workflow;
  assert.deepEqual(on, ['push', 'pull_request']);
  const { steps } = jobs.test;
  assert.deepEqual(jobs.test.env, { NBSERVE_REPOSITORY: '${{ vars.NBSERVE_REPOSITORY }}' });
  for (const step of steps) assert.ok((step.uses === undefined) !== (step.run === undefined), JSON.stringify(step));
  for (const { uses } of steps) assert.match(uses ?? 'actions/none@v4', /^actions\/[a-z-]+@v4$/);

  mkdirSync(join(root, 'bin'));
  mkdirSync(join(root, 'work/notebooks'), { recursive: true });
  script('git', [`[ "$*" = "clone --depth 1 https://example.test/nbserve.git ../nbserve" ]`, `ln -s '${REPOSITORY}' ../nbserve`]);
  script('npm', [
    'case "$*" in',
    // The clone is installed and built.
    `ci | "run build") [ "$(pwd -P)" = "$(cd '${REPOSITORY}' && pwd -P)" ] ;;`,
    '"install --no-save ../nbserve/lib ../nbserve/kernel-ext")',
    '  mkdir -p node_modules/.bin; ln -s ../../nbserve/lib node_modules/nbserve; ln -s ../../nbserve/kernel-ext node_modules/nbserve-kernel',
    '  ln -s ../nbserve/bin/nbserve.js node_modules/.bin/nbserve ;;',
    '*) echo "npm $* is not expected" >&2; exit 1 ;;',
    'esac',
  ]);
  const cell = { cell_type: 'code', id: 'a', metadata: {}, execution_count: 1, source: '1 + 1', outputs: [] as object[] };
  cell.outputs.push({ output_type: 'execute_result', execution_count: 1, metadata: {}, data: { 'text/plain': '2' } });
  const notebook = { cells: [cell], metadata: {}, nbformat: 4, nbformat_minor: 5 };
  writeFileSync(join(root, 'work/notebooks/one.ipynb'), JSON.stringify(notebook));
  const env = {
    ...process.env,
    PATH: `${join(root, 'bin')}:${process.env.PATH}`,
    NBSERVE_REPOSITORY: 'https://example.test/nbserve.git',
  };
  let printed = '';
  for (const { run } of steps) {
    if (run === undefined) continue;
    // GitHub runs a step in this way.
    const { stdout, stderr, status } = spawnSync('bash', ['-e', '-c', run], { cwd: join(root, 'work'), env, encoding: 'utf8' });
    assert.equal(status, 0, `${run}\n${stdout}${stderr}`);
    printed = stdout;
  }
  assert.match(printed, /^✔ notebooks\/one.ipynb \(1 compared/);
  const kept = steps.find(({ uses }) => uses?.includes('upload-artifact'));
  assert.equal(kept?.if, 'always()');
  const paths = String(kept?.with?.path).trim().split('\n');
  assert.equal(kept?.with?.['include-hidden-files'], true);
  for (const path of paths) assert.equal(spawnSync('ls', [path], { cwd: join(root, 'work') }).status, 0, path);
});
