import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { listLocalClusters } from '../../dist/engine/index.js';
import { CommandFolder } from '../fixtures/command-folder.js';
import { until } from '../fixtures/wait.js';

const BIN = fileURLToPath(new URL('../../bin/nbserve.js', import.meta.url));
const NODE_MODULES = fileURLToPath(new URL('../../../node_modules', import.meta.url));

test('nbserve run tells of a bad option by its code, without a stack', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'nbsr-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  symlinkSync(NODE_MODULES, join(folder, 'node_modules'));
  writeFileSync(
    join(folder, 'app.ts'),
    "import { serve } from 'nbserve';\nexport const app = serve.deployment(class A { fetch() { return 'a'; } }).bind();\n",
  );
  const args = [BIN, 'run', 'app.ts:app', '--port', 'auto', '--allow-origin', 'https://app.example/'];
  const stderr = await new Promise<string>((resolve) =>
    execFile(process.execPath, args, { cwd: folder }, (_error, _stdout, text) => resolve(text)),
  );
  assert.match(stderr, /^NBS_INVALID_OPTION: serve\.start: option allowedOrigins /);
  assert.doesNotMatch(stderr, /^\s+at /m);
});

test('an application of nbserve run that is taken down is not on its way any more', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'nbsr-'));
  symlinkSync(NODE_MODULES, join(folder, 'node_modules'));
  writeFileSync(
    join(folder, 'app.ts'),
    "import { serve } from 'nbserve';\nexport const app = serve.deployment(class A { fetch() { return 'a'; } }).bind();\n",
  );
  const run = spawn(process.execPath, [BIN, 'run', 'app.ts:app', '--port', 'auto'], { cwd: folder });
  t.after(async () => {
    const ended = once(run, 'exit');
    run.kill('SIGINT');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  });
  let output = '';
  run.stdout.on('data', (data) => (output += String(data)));
  const url = await until(() => / runs at (\S+)/.exec(output)?.[1]);
  const cluster = listLocalClusters().find((each) => url.startsWith(each.url));
  assert.ok(cluster);
  await promisify(execFile)(process.execPath, [BIN, 'delete', 'default', '--address', cluster.dir]);
  assert.equal((await fetch(url)).status, 404);
});

test('a cluster without HTTP takes an application, and is named by its folder when it ends', async (t) => {
  const app =
    "import { serve } from 'nbserve';\nexport const app = serve.deployment(class A { fetch() { return 'a'; } }).bind();\n";
  const folder = new CommandFolder({ 'app.ts': app });
  t.after(() => folder.remove());
  const started = await folder.output(['start', '--proxy-location', 'Disabled', '--dashboard-port', 'none']);
  const [, dir = ''] = /^folder: (.*)$/m.exec(started) ?? [];
  assert.equal(await folder.output(['run', 'app.ts:app', '--address', 'auto']), 'default runs\n');
  assert.equal(await folder.output(['stop']), `stopped ${dir}\n`);
});
