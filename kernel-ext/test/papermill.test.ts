/** `papermill -p` with the real papermill. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const NBSERVE = fileURLToPath(new URL('../../lib/bin/nbserve.js', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'nbs-papermill-'));
after(() => rmSync(root, { recursive: true, force: true }));

function succeed(command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): string {
  const ran = spawnSync(command, args, { encoding: 'utf8', env, cwd: root });
  assert.equal(ran.status, 0, `${command} ${args.join(' ')}: ${ran.error ?? ''}${ran.stdout}${ran.stderr}`);
  return ran.stdout;
}

const cell = (source: string, tags: readonly string[] = []) => ({
  cell_type: 'code',
  metadata: { tags },
  source,
  execution_count: null,
  outputs: [],
});

test('papermill sets parameters in TypeScript', (t) => {
  const jupyter = process.env.NBSERVE_TEST_PYTHON;
  if (jupyter === undefined) return t.diagnostic('papermill not asked: NBSERVE_TEST_PYTHON is not set');
  // An environment of its own, which sees the packages of the tests' one.
  const venv = join(root, 'venv');
  const python = join(venv, 'bin', 'python');
  succeed(jupyter, ['-m', 'venv', '--without-pip', venv]);
  const place = (of: string): string => succeed(of, ['-c', 'import sysconfig; print(sysconfig.get_path("purelib"))']).trim();
  writeFileSync(join(place(python), 'jupyter.pth'), `${place(jupyter)}\n`);
  const env = { ...process.env, HOME: root, JUPYTER_DATA_DIR: join(root, 'data'), JUPYTER_CONFIG_DIR: join(root, 'config') };
  mkdirSync(env.JUPYTER_DATA_DIR);
  const said = succeed(process.execPath, [NBSERVE, 'install', '--papermill', python], env);
  assert.match(said, /^installed the kernel in .*\ninstalled nbserve-papermill in .*venv/);

  const declared =
    'const rate: number = 0.1; // how fast\nconst name = "none"\nlet ids: number[] = []\nconst on = false\nconst none: null | number = 1\nconst big = 1n\nconst map: Record<string, unknown> = {}\nconst odd = 0';
  const notebook = {
    cells: [
      cell(declared, ['parameters']),
      cell('console.log(JSON.stringify([rate, name, ids, on, none, String(big), map, String(odd)]));\nids = [];'),
    ],
    metadata: { kernelspec: { name: 'nbserve', display_name: 'TypeScript', language: 'typescript' } },
    nbformat: 4,
    nbformat_minor: 5,
  };
  const [input, output] = [join(root, 'in.ipynb'), join(root, 'out.ipynb')];
  writeFileSync(input, JSON.stringify(notebook));
  const text = 'a "quoted" \\ ünïcode 😀 ${x} `y`\nline';
  const given = ['-p', 'rate', '1e-3', '-r', 'name', text, '-y', 'ids: [1, 2]', '-p', 'on', 'True', '-p', 'none', 'None'];
  const more = ['-p', 'big', '12345678901234567890', '-y', '{map: {__proto__: 1, "a b": [null, true]}, odd: .nan}'];
  succeed(python, ['-m', 'papermill', ...given, ...more, input, output], env);
  // papermill writes NaN into the notebook's metadata as Python's json does.
  const { cells } = JSON.parse(readFileSync(output, 'utf8').replace('"odd": NaN', '"odd": null')) as {
    cells: { metadata: { tags: string[] }; outputs: { text?: string[] | string }[] }[];
  };
  assert.deepEqual(cells[1]?.metadata.tags, ['injected-parameters']);
  const printed = [cells[2]?.outputs[0]?.text ?? ''].flat().join('');
  assert.equal(
    printed,
    `${JSON.stringify([0.001, text, [1, 2], true, null, '12345678901234567890', JSON.parse('{"__proto__": 1, "a b": [null, true]}'), 'NaN'])}\n`,
  );
  const help = succeed(python, ['-m', 'papermill', '--help-notebook', input], env);
  assert.match(help, /rate: number \(default 0\.1\)\s+how fast\n.*name: Unknown type \(default "none"\)/s);

  const wrong = spawnSync(process.execPath, [NBSERVE, 'install', '--papermill', join(root, 'no-python')], {
    encoding: 'utf8',
    env,
  });
  assert.notEqual(wrong.status, 0);
  assert.match(wrong.stderr, /NBS_PAPERMILL_INSTALL: .*no-python/);
});
