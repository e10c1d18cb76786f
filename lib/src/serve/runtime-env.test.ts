import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { DeploymentConfig } from './protocol/index.js';
import { readRuntimeEnv } from './runtime-env.js';

test('a package.json names packages of the registry only, also in peerDependencies and overrides', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'nbsr-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const read = (parts: object) => {
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ dependencies: { a: '^1' }, ...parts }));
    const config = { runtimeEnv: { npm: { file: 'package.json', dependencies: {} } } } as unknown as DeploymentConfig;
    return readRuntimeEnv('Chat', config, folder);
  };
  for (const wrong of ['git+https://example.org/a.git', 'https://example.org/a.tgz', 'file:../a', 'user/name']) {
    for (const parts of [
      { peerDependencies: { b: wrong } },
      { overrides: { b: wrong } },
      { overrides: { 'b@^1': { '.': wrong } } },
      { overrides: { b: { c: { '@d/e@2': wrong } } } },
    ])
      await assert.rejects(
        read(parts),
        { code: 'NBS_RUNTIME_ENV', message: /only packages of the npm registry/ },
        JSON.stringify(parts),
      );
  }
  await read({ peerDependencies: { b: '^2' }, overrides: { a: '$a', b: { '.': '1.0.0', c: 'npm:d@1' }, '@d/e@2': '3.0.0' } });
});
