/** Assets from the hub, and downloads that a killed process continues, against a server that behaves as the hub does. */
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { datasetPath } from 'nbserve/data';
import { downloadFile } from '../../dist/downloads/index.js';
import { COMMIT, HubServer } from '../fixtures/hub-server.js';
import { NpmRegistry } from '../fixtures/npm-registry.js';
import { until } from '../fixtures/wait.js';

const ASSETS_COMMAND = new URL('../../dist/cli/assets-command.js', import.meta.url).href;
const root = mkdtempSync(join(tmpdir(), 'nbs-hub-'));
const hub = new HubServer();
const model = randomBytes(3 << 20);
const hash = (algorithm: string, bytes: Uint8Array | string) => createHash(algorithm).update(bytes).digest('hex');

before(async () => {
  await hub.listen();
  hub.add('there/tiny', 'onnx/model.onnx', model, true).add('there/tiny', 'config.json', Buffer.from('{"a":1}'), false);
  hub.add('closed/tiny', 'model.onnx', model, true);
});
afterEach(() => {
  Object.assign(hub.faults, { cutAfter: [], statuses: [], pauseMs: 0, stalls: 0, ignoresRanges: false, wrong: null });
  hub.asked.length = 0;
});
after(async () => {
  await hub.close();
  rmSync(root, { recursive: true });
});

const asset = (name: string, sources: readonly object[], more: object = {}) => ({
  name,
  description: 'a model',
  licence: 'MIT',
  credit: 'somebody',
  committed: false,
  bytes: 0,
  sha256: '',
  builder: { kind: 'copy' },
  sources,
  ...more,
});
const onHub = (path: string, repository = 'there/tiny') => ({ hub: repository, revision: 'main', path });

/** Makes a folder with a manifest, and a cache of its own. */
function project(name: string, assets: readonly object[], more: object = {}): string {
  const folder = join(root, name);
  mkdirSync(join(folder, 'datasets'), { recursive: true });
  writeFileSync(join(folder, 'datasets', 'manifest.json'), JSON.stringify({ schemaVersion: 1, assets, ...more }));
  return folder;
}

interface Run {
  readonly child: ChildProcess;
  readonly text: () => string;
  readonly ended: Promise<number | null>;
}

/** Begins `nbserve assets …` in a process of its own. */
function begin(cwd: string, args: readonly string[], env: Record<string, string> = {}): Run {
  const script = `import('${ASSETS_COMMAND}').then(async ({ runAssets }) => {
    const write = (text) => process.stdout.write(text);
    const [cwd, ...args] = process.argv.slice(1);
    process.exitCode = await runAssets(args, { out: write, err: write, isTerminal: false }, cwd);
  })`;
  const here = dirname(fileURLToPath(import.meta.url));
  const child = spawn(process.execPath, ['-e', script, '--', cwd, ...args], {
    cwd: here,
    env: { ...process.env, NBSERVE_CACHE: join(cwd, 'cache'), HF_ENDPOINT: hub.url, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  return { child, text: () => text, ended: new Promise((resolve) => child.on('close', resolve)) };
}

async function run(cwd: string, args: readonly string[], env: Record<string, string> = {}) {
  const { ended, text } = begin(cwd, args, env);
  return { code: await ended, text: text() };
}

const kept = (folder: string, name: string) => join(folder, 'cache', 'datasets', name);
const partsOf = (folder: string) => {
  const downloads = join(folder, 'cache', 'downloads');
  return existsSync(downloads) ? readdirSync(downloads).map((name) => join(downloads, name)) : [];
};

test('files of the hub are fetched, verified, remembered, and shown with their licence once', async () => {
  const folder = project('fetched', [
    asset('tiny/onnx/model.onnx', [onHub('onnx/model.onnx')]),
    asset('tiny/config.json', [onHub('config.json')]),
  ]);
  const first = await run(folder, ['fetch', '--from', 'hub']);
  assert.equal(first.code, 0, first.text);
  assert.deepEqual(readFileSync(kept(folder, 'tiny/onnx/model.onnx')), model);
  assert.equal(first.text.match(/^tiny: licence MIT, somebody$/gm)?.length, 1);
  assert.match(first.text, /model\.onnx: [1-9]\d % of 3\.1 MB/);
  const record = JSON.parse(readFileSync(join(folder, 'cache', 'hub', 'tiny/onnx/model.onnx.json'), 'utf8'));
  assert.deepEqual([record.commit, record.sha256], [COMMIT, hash('sha256', model)]);
  assert.deepEqual(partsOf(folder), [], 'no download is left');

  hub.asked.length = 0;
  const second = await run(folder, ['fetch', '--from', 'hub', '--offline']);
  assert.deepEqual([second.code, hub.asked.length], [0, 0], 'what is there is not fetched again');
  assert.doesNotMatch(second.text, /licence/);
  writeFileSync(kept(folder, 'tiny/config.json'), '{"a":2}');
  assert.match((await run(folder, ['verify'])).text, /damaged .*config\.json/);
  assert.equal((await run(folder, ['fetch', 'tiny'])).code, 0);
  assert.equal(readFileSync(kept(folder, 'tiny/config.json'), 'utf8'), '{"a":1}');
});

test('what cannot be read is damaged, and the others are listed too', async () => {
  const folder = project('unreadable', [
    asset('one/a.bin', [onHub('config.json')], { sha256: hash('sha256', 'x') }),
    asset('two/b.bin', [onHub('config.json')], { sha256: hash('sha256', 'x') }),
  ]);
  mkdirSync(kept(folder, 'one/a.bin'), { recursive: true });
  mkdirSync(kept(folder, 'two'), { recursive: true });
  writeFileSync(kept(folder, 'two/b.bin'), 'x');
  for (const verb of ['list', 'verify']) {
    const { code, text } = await run(folder, [verb]);
    assert.equal(code, 1, text);
    assert.match(text, /^damaged .*one\/a\.bin .*cannot be read: there is a folder of that name\)\nready .*two\/b\.bin/);
  }
  const fetched = await run(folder, ['fetch', 'one', '--from', 'hub']);
  assert.match(fetched.text, /^NBS_ASSET_NOT_KEPT: one\/a\.bin cannot be kept at .*there is a folder of that name/m);
});

test('if the record of a file cannot be kept, its place is named, and not the folder of downloads', async () => {
  const folder = project('record', [asset('one/a.bin', [onHub('config.json')])]);
  mkdirSync(join(folder, 'cache', 'hub', 'one'), { recursive: true });
  mkdirSync(join(folder, 'cache', 'hub', 'one', 'a.bin.json'));
  const { code, text } = await run(folder, ['fetch', '--from', 'hub']);
  assert.equal(code, 1, text);
  assert.match(text, /^NBS_ASSET_NOT_KEPT: one\/a\.bin cannot be kept at .*\/hub\/one\/a\.bin\.json: there is a folder/m);
});

test('on a full disk no part of a download is left, and the error says what to do', async (t) => {
  const folder = project('full', [asset('tiny/model.onnx', [onHub('onnx/model.onnx')])]);
  const disk = join(folder, 'cache');
  mkdirSync(disk);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=700', 'tmpfs', disk], { stdio: 'ignore' });
  } catch {
    return t.skip('a small disk can be mounted by root only');
  }
  try {
    const { code, text } = await run(folder, ['fetch', 'tiny', '--from', 'hub']);
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
    const other = project('full-registry', [asset('tiny/model.onnx', [source], { sha256: hash('sha256', '') })]);
    const started = join(root, 'client-started');
    const bin = join(root, 'bin');
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
    const second = await run(other, ['fetch'], env);
    assert.match(second.text, /^NBS_ASSET_NOT_KEPT: tiny\/model\.onnx .*no space left/m);
    assert.ok(!existsSync(started), 'the client does not download it again');
    assert.deepEqual(partsOf(folder), []);
  } finally {
    execFileSync('umount', ['-l', disk]);
  }
});

test('what the hub refuses is named, and a token is sent to the hub alone', async () => {
  const folder = project('refused', [
    asset('a/model.onnx', [onHub('none.onnx')]),
    asset('b/model.onnx', [onHub('model.onnx', 'nobody/none')]),
    asset('c/model.onnx', [onHub('model.onnx', 'closed/tiny')]),
  ]);
  const { code, text } = await run(folder, ['fetch']);
  assert.equal(code, 0, 'without a name, what only the hub has is not fetched');
  assert.equal(text, '');
  const all = await run(folder, ['fetch', '--from', 'hub']);
  assert.equal(all.code, 1);
  assert.match(all.text, /NBS_ASSET_UNAVAILABLE: a\/model\.onnx .*the repository has no such file/);
  assert.match(all.text, /b\/model\.onnx .*there is no such repository, or it is closed; if you may read it, set HF_TOKEN/);
  assert.match(all.text, /c\/model\.onnx .*accepted its terms/);
  const allowed = await run(folder, ['fetch', 'c'], { HF_TOKEN: hub.token });
  assert.equal(allowed.code, 0, allowed.text);
  assert.deepEqual(
    hub.asked.map(({ authorization }) => authorization),
    [''],
  );
  const nowhere = await run(folder, ['fetch', 'a', '--from', 'hub'], { HF_ENDPOINT: 'http://127.0.0.1:9' });
  assert.match(nowhere.text, /NBS_ASSET_UNAVAILABLE: .*the hub cannot be reached: .*HF_ENDPOINT/);
  const offline = await run(folder, ['fetch', 'a'], { NBSERVE_OFFLINE: '1' });
  assert.deepEqual(
    [offline.code, /NBS_OFFLINE: a\/model\.onnx is not in the cache, and NBSERVE_OFFLINE/.test(offline.text)],
    [1, true],
  );
});

test('a file of another project is not taken for that of the manifest', async () => {
  const other = Buffer.from('another model');
  hub.add('else/tiny', 'onnx/model.onnx', other, true);
  const NAME = 'tiny/onnx/model.onnx';
  const env = { NBSERVE_CACHE: join(root, 'shared') };
  const file = join(root, 'shared', 'datasets', NAME);
  const first = project('first', [asset(NAME, [onHub('onnx/model.onnx')])]);
  const second = project('second', [asset(NAME, [onHub('onnx/model.onnx', 'else/tiny')])]);
  assert.equal((await run(first, ['fetch', 'tiny'], env)).code, 0);
  assert.match((await run(second, ['list'], env)).text, /^other /);
  const pathIn = (from: string) => {
    process.env.NBSERVE_CACHE = env.NBSERVE_CACHE;
    try {
      return datasetPath(NAME, { from });
    } finally {
      delete process.env.NBSERVE_CACHE;
    }
  };
  assert.equal(pathIn(first), file);
  assert.throws(() => pathIn(second), {
    code: 'NBS_DATASET_NOT_FOUND',
    message:
      /is from there\/tiny@main, onnx\/model\.onnx, which the manifest does not name; replace it with: npx nbserve assets fetch/,
  });
  const fetched = await run(second, ['fetch', '--from', 'hub'], env);
  assert.equal(fetched.code, 0, fetched.text);
  assert.deepEqual([pathIn(second), readFileSync(file)], [file, other]);
  assert.throws(() => pathIn(first), { code: 'NBS_DATASET_NOT_FOUND', message: /is from else\/tiny@main/ });

  const moved = project('second', [asset(NAME, [{ ...onHub('onnx/model.onnx', 'else/tiny'), revision: 'v2' }])]);
  assert.match((await run(moved, ['verify'], env)).text, /^other /, 'another revision is another file');
});

test('a folder of which only some files were fetched from elsewhere is refused', async () => {
  const file = (name: string) => ({
    registry: 'npm',
    package: 'tiny-model',
    version: '1.0.0',
    path: name,
    sha256: hash('sha256', name),
  });
  const both = (name: string) => asset(`tiny/${name}`, [file(name), onHub(name)], { sha256: hash('sha256', name) });
  const folder = project('mixed', [both('onnx/model.onnx'), both('config.json')]);
  assert.equal((await run(folder, ['fetch', 'tiny/config.json', '--from', 'hub'])).code, 0);
  mkdirSync(dirname(kept(folder, 'tiny/onnx/model.onnx')), { recursive: true });
  writeFileSync(kept(folder, 'tiny/onnx/model.onnx'), 'onnx/model.onnx');
  process.env.NBSERVE_CACHE = join(folder, 'cache');
  const path = () => datasetPath('tiny', { from: folder });
  try {
    assert.throws(path, {
      code: 'NBS_DATASET_NOT_FOUND',
      message: /1 of its files are from the hub, and 1 from a registry; fetch all of them from one place/,
    });
    assert.equal((await run(folder, ['fetch', 'tiny', '--from', 'hub'])).code, 0);
    assert.equal(path(), join(folder, 'cache', 'datasets', 'tiny'));
  } finally {
    delete process.env.NBSERVE_CACHE;
  }
});

test('a hub that cannot be reached is asked once, and not for each file', async () => {
  let asked = 0;
  const server = createTcpServer((socket) => {
    asked += 1;
    socket.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const folder = project(
    'unanswered',
    ['a', 'b', 'c'].map((name) => asset(`tiny/${name}.json`, [onHub('config.json')])),
  );
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { code, text } = await run(folder, ['fetch', '--from', 'hub'], { HF_ENDPOINT: endpoint });
  server.close();
  assert.equal(code, 1, text);
  assert.equal(text.match(/NBS_ASSET_UNAVAILABLE: .*the hub cannot be reached/g)?.length, 3, text);
  assert.equal(asked, 1);
});

test('a mirror may have a path, or only point to the hub; a server that is none is refused', async () => {
  const servers: Server[] = [];
  const serve = async (answer: (path: string, response: ServerResponse, token: string) => void) => {
    const server = createServer(({ url = '', headers }, response) => answer(url, response, headers.authorization ?? ''));
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  const tokens: string[] = [];
  const mirror = await serve((path, response, token) => {
    tokens.push(token);
    response.writeHead(302, { location: `${hub.url}${path.replace('/api/models', '')}` }).end();
  });
  const page = await serve((_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Log in</h1>'));
  let projects = 0;
  const get = (endpoint: string, env: Record<string, string> = {}) => {
    projects += 1;
    const assets = [asset('tiny/onnx/model.onnx', [onHub('onnx/model.onnx')]), asset('tiny/config.json', [onHub('config.json')])];
    const folder = project(`mirror-${projects}`, assets);
    return run(folder, ['fetch', '--from', 'hub'], { HF_ENDPOINT: endpoint, ...env });
  };
  for (const endpoint of [mirror, `${mirror}/`, `${mirror}/api/models`, `${mirror}/api/models/`]) {
    const { code, text } = await get(endpoint, { HF_TOKEN: 'hf_of_the_mirror' });
    assert.equal(code, 0, `${endpoint}: ${text}`);
    assert.deepEqual(readFileSync(kept(join(root, `mirror-${projects}`), 'tiny/onnx/model.onnx')), model);
  }
  assert.deepEqual([...new Set(tokens)], ['Bearer hf_of_the_mirror']);
  assert.ok(
    hub.asked.every(({ authorization }) => authorization === ''),
    'the token is not passed on to another server',
  );
  assert.match(
    (await get(page)).text,
    /NBS_ASSET_UNAVAILABLE: tiny.*names neither a commit nor a digest, so it is no hub; HF_ENDPOINT/,
  );
  for (const wrong of ['huggingface.co', 'localhost:1234', 'ftp://huggingface.co', 'not an address'])
    assert.match((await get(wrong)).text, /HF_ENDPOINT must be an address such as https:\/\/huggingface\.co/, wrong);
  for (const server of servers) server.close();
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
  const folder = join(root, 'breaks');
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
  const folder = project('wrong', [asset('tiny/onnx/model.onnx', [onHub('onnx/model.onnx')])]);
  hub.faults.wrong = Buffer.alloc(model.length, 1);
  const wrong = await run(folder, ['fetch', '--from', 'hub']);
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
  assert.equal((await run(folder, ['fetch', '--from', 'hub'])).code, 0);
  assert.deepEqual(
    hub.asked.map(({ range }) => range),
    ['bytes=1000-', ''],
  );
  assert.deepEqual(readFileSync(kept(folder, 'tiny/onnx/model.onnx')), model);
});

test('a process that is killed in the middle of a download is continued by the next one', async () => {
  const folder = project('killed', [asset('tiny/onnx/model.onnx', [onHub('onnx/model.onnx')])]);
  hub.faults.pauseMs = 20;
  const { child, ended } = begin(folder, ['fetch', '--from', 'hub']);
  await until(
    () => child.exitCode !== null || partsOf(folder).some((path) => path.endsWith('.part') && statSync(path).size > 300_000),
  );
  child.kill('SIGKILL');
  await ended;
  hub.faults.pauseMs = 0;
  hub.asked.length = 0;
  const again = await run(folder, ['fetch', '--from', 'hub']);
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
  const folder = project(
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
  const { child, ended } = begin(folder, ['fetch', 'tiny'], env);
  await until(() => child.exitCode !== null || existsSync(marker));
  child.kill('SIGKILL');
  await ended;
  const tarballs = () => registry.asked.filter((path) => path.endsWith('.tgz')).length;
  assert.equal(tarballs(), 1);
  const again = await run(folder, ['fetch', 'tiny'], env);
  assert.deepEqual([again.code, readFileSync(kept(folder, 'tiny/model.bin'), 'utf8'), tarballs()], [0, 'built', 1], again.text);
  assert.deepEqual(partsOf(folder), []);
  await registry.close();
});
