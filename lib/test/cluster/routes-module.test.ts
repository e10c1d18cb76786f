/** Typed methods in module files work with `nbserve run`, and in a script that calls `serve.run`. */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { until } from '../fixtures/wait.js';

const BIN = fileURLToPath(new URL('../../bin/nbserve.js', import.meta.url));

const SERVICE = `import { serve } from 'nbserve';
import type { Item } from './types.ts';

export class Service {
  @serve.post('/items')
  add(item: Item) {
    return { added: item.name, note: item.note ?? null };
  }
  @serve.delete('/items/:id')
  remove({ id }: { id: number }, request: Request) {
    return { removed: id, by: request.headers.get('x-by') };
  }
}
`;

const FILES: Readonly<Record<string, string>> = {
  'types.ts': 'export interface Item { name: Name; note?: string | null }\n',
  // A global type of the folder, which no file imports.
  'names.d.ts': 'type Name = string;\n',
  'service.ts': SERVICE,
  'define.ts': "import { serve } from 'nbserve';\nexport const define = <T>(Class: new () => T) => serve.deployment(Class);\n",
  'app.ts':
    "import { define } from './define.ts';\nimport { Service } from './service.ts';\nexport const app = define(Service).bind();\n",
  // These settings ignore null, and have no types for `Request`.
  'tsconfig.json':
    '{ "compilerOptions": { "strict": false, "lib": ["es2022"], "types": [], "allowImportingTsExtensions": true } }',
};

function folderWith(t: TestContext, files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'nbsr-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

test('a class of another file, deployed by a function of a third, has the types of its files', async (t) => {
  const folder = folderWith(t, FILES);
  const run = spawn(process.execPath, [BIN, 'run', 'app.ts:app', '--port', 'auto'], { cwd: folder });
  t.after(async () => {
    if (run.exitCode !== null) return;
    const ended = once(run, 'exit');
    run.kill('SIGINT');
    await ended;
  });
  let output = '';
  for (const stream of [run.stdout, run.stderr]) stream.on('data', (data) => (output += String(data)));
  const url = (await until(() => / runs at (\S+)/.exec(output)?.[1] ?? (run.exitCode === null ? undefined : output))).replace(
    /\/$/,
    '',
  );
  assert.match(url, /^http/, output);
  const post = (body: unknown) => fetch(`${url}/items`, { method: 'POST', body: JSON.stringify(body) });
  assert.deepEqual(await (await post({ name: 'a' })).json(), { added: 'a', note: null });
  assert.deepEqual(await (await post({ name: 'a', note: null })).json(), { added: 'a', note: null });
  const refused = await post({ name: null });
  assert.equal(refused.status, 422);
  assert.match(await refused.text(), /body\.name: expected a text, got null/);
  const removed = await fetch(`${url}/items/7`, { method: 'DELETE', headers: { 'x-by': 'me' } });
  assert.deepEqual(await removed.json(), { removed: 7, by: 'me' });
});

test('if a type has no schema, nbserve run prints the code and the place', async (t) => {
  const folder = folderWith(t, {
    ...FILES,
    'types.ts':
      "import type { Missing } from 'not-installed';\nexport interface Item { name: string; note?: string; at: Missing }\n",
  });
  const stderr = await new Promise<string>((resolve) =>
    execFile(process.execPath, [BIN, 'run', 'app.ts:app', '--port', 'auto'], { cwd: folder }, (_error, _stdout, text) =>
      resolve(text),
    ),
  );
  assert.match(stderr, /NBS_NO_SCHEMA: Service\.add, item\.at: \S+ cannot be found; look whether it is imported/);
});
