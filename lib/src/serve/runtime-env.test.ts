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

test('a package-lock.json takes packages of registries only, also those that a package.json does not name', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'nbsr-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ dependencies: { a: '^1' } }));
  writeFileSync(join(folder, '.npmrc'), '@acme:registry=https://npm.acme.example/\n');
  const read = (lock: object | string) => {
    writeFileSync(join(folder, 'package-lock.json'), typeof lock === 'string' ? lock : JSON.stringify(lock));
    const config = { runtimeEnv: { npm: { file: 'package.json', dependencies: {} } } } as unknown as DeploymentConfig;
    return readRuntimeEnv('Chat', config, folder);
  };
  const root = { '': { dependencies: { a: '^1' } } };
  for (const wrong of [
    { resolved: 'git+ssh://git@github.com/user/b.git#1234' },
    { resolved: 'https://example.org/b.tgz' },
    { resolved: 'http://registry.npmjs.org.example.org/b/-/b-1.0.0.tgz' },
    { resolved: 'file:../b.tgz' },
    { resolved: '../b', link: true },
    { link: true },
  ])
    await assert.rejects(
      read({ lockfileVersion: 3, packages: { ...root, 'node_modules/a/node_modules/b': { version: '1.0.0', ...wrong } } }),
      { code: 'NBS_RUNTIME_ENV', message: /package-lock\.json takes b: .*only packages of the npm registry/ },
      JSON.stringify(wrong),
    );
  const old = { version: 'git+https://example.org/b.git#1234' };
  for (const dependencies of [{ b: old }, { a: { version: '1.0.0', dependencies: { b: old } } }])
    await assert.rejects(read({ lockfileVersion: 1, dependencies }), {
      code: 'NBS_RUNTIME_ENV',
      message: /takes b: "git\+https/,
    });
  await assert.rejects(read('{'), { code: 'NBS_RUNTIME_ENV', message: /package-lock\.json is not valid JSON/ });
  const whole = {
    lockfileVersion: 2,
    packages: {
      ...root,
      'node_modules/a': { version: '1.0.0', resolved: 'https://registry.npmjs.org/a/-/a-1.0.0.tgz' },
      'node_modules/c': { version: '1.0.0', inBundle: true },
      'node_modules/@acme/d': { version: '1.0.0', resolved: 'https://npm.acme.example/@acme/d/-/d-1.0.0.tgz' },
    },
    dependencies: { a: { version: 'npm:e@1.0.0', resolved: 'https://registry.npmjs.org/e/-/e-1.0.0.tgz' } },
  };
  const { runtimeEnv } = await read(whole);
  assert.equal(runtimeEnv?.npm?.lock, JSON.stringify(whole));
});
