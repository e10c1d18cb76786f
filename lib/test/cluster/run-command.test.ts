import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

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
