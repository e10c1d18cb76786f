/** Downloads that a full disk, a bad connection or a killed process ends. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { downloadFile } from '../../dist/downloads/index.js';
import { asset, hash, hubWithModel, kept, onHub, partsOf } from '../fixtures/asset-projects.js';
import { NpmRegistry } from '../fixtures/npm-registry.js';
import { until } from '../fixtures/wait.js';

const { hub, projects, model } = hubWithModel();

test('if the record of a file cannot be kept, its place is named, and not the folder of downloads', async () => {
  const folder = projects.project('record', [asset('one/a.bin', [onHub('config.json')])]);
  mkdirSync(join(folder, 'cache', 'hub', 'one'), { recursive: true });
  mkdirSync(join(folder, 'cache', 'hub', 'one', 'a.bin.json'));
  const { code, text } = await projects.run(folder, ['fetch', '--from', 'hub']);
  assert.equal(code, 1, text);
  assert.match(text, /^NBS_ASSET_NOT_KEPT: one\/a\.bin cannot be kept at .*\/hub\/one\/a\.bin\.json: there is a folder/m);
});

test('on a full disk no part of a download is left, and the error says what to do', async (t) => {
  const folder = projects.project('full', [asset('tiny/model.onnx', [onHub('onnx/model.onnx')])]);
  const disk = join(folder, 'cache');
  mkdirSync(disk);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=700', 'tmpfs', disk], { stdio: 'ignore' });
  } catch {
    return t.skip('a small disk can be mounted by root only');
  }
  try {
    const { code, text } = await projects.run(folder, ['fetch', 'tiny', '--from', 'hub']);
    assert.equal(code, 1, text);
    assert.match(
      text,
      /^NBS_ASSET_NOT_KEPT: tiny\/model\.onnx cannot be kept at .*\/downloads: there is no space left on the disk; make room there, or set NBSERVE_CACHE/m,
    );
    assert.doesNotMatch(text, /NBS_ASSET_UNAVAILABLE|\n +at /);
    assert.deepEqual(partsOf(folder), []);
    const source = {
      registry: 'pypi',
      package: 'tiny',
      version: '1',
      path: 'x',
      sha256: hash('sha256', ''),
      wheel: 'tiny-1-py3-none-any.whl',
    };
    const index = createServer((request, response) => {
      if (request.url?.endsWith('.whl')) response.end(model);
      else response.end(`<a href="/${source.wheel}#sha256=${hash('sha256', model)}">x</a>`);
    }).listen(0, '127.0.0.1');
    t.after(() => index.close());
    await new Promise((resolve) => index.once('listening', resolve));
    const other = projects.project('full-registry', [asset('tiny/model.onnx', [source], { sha256: hash('sha256', '') })]);
    const started = join(projects.root, 'client-started');
    const bin = join(projects.root, 'bin');
    mkdirSync(bin);
    const env = {
      NBSERVE_CACHE: disk,
      PATH: `${bin}:${process.env.PATH}`,
    };
    // Only its settings may be asked for.
    writeFileSync(
      join(bin, 'python3'),
      `#!/bin/sh\ncase "$*" in\n*download*) touch ${started}; exit 1;;\n*config*) echo "global.index-url='http://127.0.0.1:${(index.address() as AddressInfo).port}'";;\nesac\n`,
      { mode: 0o755 },
    );
    const second = await projects.run(other, ['fetch'], env);
    assert.match(second.text, /^NBS_ASSET_NOT_KEPT: tiny\/model\.onnx .*no space left/m);
    assert.ok(!existsSync(started), 'the client does not download it again');
    assert.deepEqual(partsOf(folder), []);
  } finally {
    execFileSync('umount', ['-l', disk]);
  }
});

test('a download that breaks off, stalls or is refused for a moment is continued', async () => {
  const wanted = {
    what: 'a model',
    url: `${hub.url}/there/tiny/resolve/main/onnx/model.onnx`,
    key: 'model',
    digest: { algorithm: 'sha256', hex: hash('sha256', model) },
    server: 'the hub',
    setting: 'HF_ENDPOINT',
  } as const;
  const folder = join(projects.root, 'breaks');
  const get = (more = {}) => downloadFile(wanted, { folder, ...more });
  hub.faults.cutAfter = [100_000, 100_000];
  assert.deepEqual(readFileSync(await get()), model);
  // What was on its way when the connection broke may have come or not.
  const starts = hub.asked.map(({ range }) => Number(/^bytes=(\d+)-$/.exec(range)?.[1] ?? 0));
  assert.ok(
    starts.length === 3 && starts[0] === 0 && starts[0] < (starts[1] ?? 0) && (starts[1] ?? 0) < (starts[2] ?? 0),
    String(starts),
  );
  rmSync(folder, { recursive: true });
  hub.faults.stalls = 1;
  hub.faults.statuses = [503, 429];
  assert.deepEqual(readFileSync(await get({ idleTimeoutMs: 1000 })), model);
  rmSync(folder, { recursive: true });
  hub.faults.cutAfter = [100_000];
  hub.faults.ignoresRanges = true;
  assert.deepEqual(readFileSync(await get()), model, 'a server without ranges sends it from the start');
  rmSync(folder, { recursive: true });
  hub.faults.ignoresRanges = false;
  hub.faults.cutAfter = [100_000, 100_000, 100_000];
  await assert.rejects(get({ attempts: 2 }), {
    code: 'NBS_DOWNLOAD_BROKEN',
    message: /a model broke off after \d+ of 3145728 bytes, 2 times: /,
  });
  hub.faults.cutAfter = [];
  hub.asked.length = 0;
  assert.deepEqual(readFileSync(await get()), model);
  assert.match(hub.asked.map(({ range }) => range).join(), /^bytes=\d+-$/, 'the next try continues');
});

test('wrong bytes are refused, and a wrong beginning is not continued', async () => {
  const folder = projects.project('wrong', [asset('tiny/onnx/model.onnx', [onHub('onnx/model.onnx')])]);
  hub.faults.wrong = Buffer.alloc(model.length, 1);
  const wrong = await projects.run(folder, ['fetch', '--from', 'hub']);
  assert.equal(wrong.code, 1);
  assert.match(
    wrong.text,
    /NBS_ASSET_UNAVAILABLE: tiny\/onnx\/model\.onnx .*has the sha256 [0-9a-f]{64}, and [0-9a-f]{64} was expected/,
  );
  assert.deepEqual([existsSync(kept(folder, 'tiny/onnx/model.onnx')), partsOf(folder)], [false, []]);
  hub.faults.wrong = null;
  hub.asked.length = 0;
  const part = join(folder, 'cache', 'downloads', `hub-${hash('sha256', model)}.4194305.part`);
  mkdirSync(dirname(part), { recursive: true });
  writeFileSync(part, Buffer.alloc(1000, 7));
  assert.equal((await projects.run(folder, ['fetch', '--from', 'hub'])).code, 0);
  assert.deepEqual(
    hub.asked.map(({ range }) => range),
    ['bytes=1000-', ''],
  );
  assert.deepEqual(readFileSync(kept(folder, 'tiny/onnx/model.onnx')), model);
});

test('if a server has no such range, the file is asked for from its start, and the page of that answer is not kept', async (t) => {
  const asked: (string | undefined)[] = [];
  let contentRange: string | undefined;
  const server = createServer(({ headers }, response) => {
    asked.push(headers.range);
    if (headers.range === undefined) return void response.end(model);
    response.writeHead(416, contentRange === undefined ? {} : { 'content-range': contentRange }).end('<h1>No such range</h1>');
  }).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const folder = join(projects.root, 'no-range');
  const wanted = { what: 'a model', key: 'model', server: 'the server', setting: 'A_VARIABLE' };
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/model`;
  for (const given of [undefined, 'bytes */500', '']) {
    contentRange = given;
    mkdirSync(folder);
    writeFileSync(join(folder, 'model.4194305.part'), Buffer.alloc(1000, 7));
    assert.deepEqual(readFileSync(await downloadFile({ ...wanted, url }, { folder, attempts: 1 })), model);
    assert.deepEqual(asked.splice(0), ['bytes=1000-', undefined]);
    rmSync(folder, { recursive: true });
  }
  // Nothing of the old beginning is left, so other bytes would not come from another download.
  mkdirSync(folder);
  writeFileSync(join(folder, 'model.4194305.part'), Buffer.alloc(1000, 7));
  const digest = { algorithm: 'sha256', hex: hash('sha256', 'another model') } as const;
  await assert.rejects(downloadFile({ ...wanted, url, digest }, { folder, attempts: 1 }), { code: 'NBS_DOWNLOAD_MISMATCH' });
  assert.deepEqual(asked.splice(0), ['bytes=1000-', undefined]);
});

test('a process that is killed in the middle of a download is continued by the next one', async () => {
  const folder = projects.project('killed', [asset('tiny/onnx/model.onnx', [onHub('onnx/model.onnx')])]);
  hub.faults.pauseMs = 20;
  const { child, ended } = projects.begin(folder, ['fetch', '--from', 'hub']);
  await until(
    () => child.exitCode !== null || partsOf(folder).some((path) => path.endsWith('.part') && statSync(path).size > 300_000),
  );
  child.kill('SIGKILL');
  await ended;
  hub.faults.pauseMs = 0;
  hub.asked.length = 0;
  const again = await projects.run(folder, ['fetch', '--from', 'hub']);
  assert.equal(again.code, 0, again.text);
  assert.equal(hub.asked.length, 1);
  assert.ok(Number(/^bytes=(\d+)-$/.exec(hub.asked[0]?.range ?? '')?.[1]) >= 300_000, 'only the rest is sent');
  assert.deepEqual(readFileSync(kept(folder, 'tiny/onnx/model.onnx')), model);
  assert.deepEqual(partsOf(folder), []);
});

test('a process that is killed in the middle of a conversion does not download again', async () => {
  const registry = await new NpmRegistry().listen();
  registry.add('tiny-model', '1.0.0', { files: { 'weights.txt': 'weights' } });
  const source = {
    registry: 'npm',
    package: 'tiny-model',
    version: '1.0.0',
    path: 'weights.txt',
    sha256: hash('sha256', 'weights'),
  };
  const folder = projects.project(
    'converted',
    [asset('tiny/model.bin', [source], { sha256: hash('sha256', 'built'), builder: { kind: 'converter', name: 'slow' } })],
    { converters: 'converters.mjs' },
  );
  const marker = join(folder, 'begun');
  writeFileSync(
    join(folder, 'datasets', 'converters.mjs'),
    `import { existsSync, writeFileSync } from 'node:fs';
export const converters = { slow: async () => {
  if (!existsSync(${JSON.stringify(marker)})) {
    writeFileSync(${JSON.stringify(marker)}, '');
    await new Promise((resolve) => setTimeout(resolve, 1e8));
  }
  return Buffer.from('built');
} };`,
  );
  const env = { npm_config_registry: registry.url, npm_config_cache: join(folder, 'npm') };
  const { child, ended } = projects.begin(folder, ['fetch', 'tiny'], env);
  await until(() => child.exitCode !== null || existsSync(marker));
  child.kill('SIGKILL');
  await ended;
  const tarballs = () => registry.asked.filter((path) => path.endsWith('.tgz')).length;
  assert.equal(tarballs(), 1);
  const again = await projects.run(folder, ['fetch', 'tiny'], env);
  assert.deepEqual([again.code, readFileSync(kept(folder, 'tiny/model.bin'), 'utf8'), tarballs()], [0, 'built', 1], again.text);
  assert.deepEqual(partsOf(folder), []);
  await registry.close();
});
