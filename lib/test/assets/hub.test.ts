/** Assets from the hub, against a server that behaves as the hub does. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { dirname, join } from 'node:path';
import { before, test } from 'node:test';
import { datasetPath, fetchDataset } from 'nbserve/data';
import { asset, hash, hubWithModel, kept, onHub, partsOf } from '../fixtures/asset-projects.js';
import { COMMIT } from '../fixtures/hub-server.js';

const { hub, projects, model } = hubWithModel();
before(() => hub.add('closed/tiny', 'model.onnx', model, true));

test('files of the hub are fetched, verified, remembered, and shown with their licence once', async () => {
  const folder = projects.project('fetched', [
    asset('tiny/onnx/model.onnx', [onHub('onnx/model.onnx')]),
    asset('tiny/config.json', [onHub('config.json')]),
  ]);
  const first = await projects.run(folder, ['fetch', '--from', 'hub']);
  assert.equal(first.code, 0, first.text);
  assert.deepEqual(readFileSync(kept(folder, 'tiny/onnx/model.onnx')), model);
  assert.equal(first.text.match(/^tiny: licence MIT, somebody$/gm)?.length, 1);
  assert.match(first.text, /model\.onnx: [1-9]\d % of 3\.1 MB/);
  const record = JSON.parse(readFileSync(join(folder, 'cache', 'hub', 'tiny/onnx/model.onnx.json'), 'utf8'));
  assert.deepEqual([record.commit, record.sha256], [COMMIT, hash('sha256', model)]);
  assert.deepEqual(partsOf(folder), [], 'no download is left');

  hub.asked.length = 0;
  const second = await projects.run(folder, ['fetch', '--from', 'hub', '--offline']);
  assert.deepEqual([second.code, hub.asked.length], [0, 0], 'what is there is not fetched again');
  assert.doesNotMatch(second.text, /licence/);
  writeFileSync(kept(folder, 'tiny/config.json'), '{"a":2}');
  assert.match((await projects.run(folder, ['verify'])).text, /damaged .*config\.json/);
  const offline = await projects.run(folder, ['fetch', 'tiny', '--from', 'hub', '--offline']);
  assert.match(
    offline.text,
    /^NBS_OFFLINE: tiny\/config\.json is damaged at .*, and --offline forbids .* run: npx nbserve assets fetch tiny\/config\.json --from hub$/m,
  );
  assert.equal((await projects.run(folder, ['fetch', 'tiny'])).code, 0);
  assert.equal(readFileSync(kept(folder, 'tiny/config.json'), 'utf8'), '{"a":1}');
});

test('fetchDataset takes the name of a folder, and calls at the same time share a download', async (t) => {
  const folder = projects.project('shared', [
    asset('tiny/onnx/model.onnx', [onHub('onnx/model.onnx')]),
    asset('tiny/config.json', [onHub('config.json')]),
  ]);
  const usual = { NBSERVE_CACHE: process.env.NBSERVE_CACHE, HF_ENDPOINT: process.env.HF_ENDPOINT };
  t.after(() => {
    for (const [name, value] of Object.entries(usual)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });
  process.env.NBSERVE_CACHE = join(folder, 'cache');
  process.env.HF_ENDPOINT = hub.url;
  const names = ['tiny', 'tiny', 'tiny/onnx/model.onnx'];
  const fetched = await Promise.all(names.map((name) => fetchDataset(name, { from: folder, onProgress: () => {} })));
  assert.deepEqual(
    fetched,
    names.map((name) => kept(folder, name)),
  );
  assert.equal(hub.asked.length, 1);
  assert.deepEqual(readFileSync(kept(folder, 'tiny/onnx/model.onnx')), model);
});

test('what cannot be read is damaged, and the others are listed too', async () => {
  const folder = projects.project('unreadable', [
    asset('one/a.bin', [onHub('config.json')], { sha256: hash('sha256', 'x') }),
    asset('two/b.bin', [onHub('config.json')], { sha256: hash('sha256', 'x') }),
  ]);
  mkdirSync(kept(folder, 'one/a.bin'), { recursive: true });
  mkdirSync(kept(folder, 'two'), { recursive: true });
  writeFileSync(kept(folder, 'two/b.bin'), 'x');
  for (const verb of ['list', 'verify']) {
    const { code, text } = await projects.run(folder, [verb]);
    assert.equal(code, 1, text);
    assert.match(text, /^damaged .*one\/a\.bin .*cannot be read: there is a folder of that name\)\nready .*two\/b\.bin/);
  }
  const fetched = await projects.run(folder, ['fetch', 'one', '--from', 'hub']);
  assert.match(fetched.text, /^NBS_ASSET_NOT_KEPT: one\/a\.bin cannot be kept at .*there is a folder of that name/m);
});

test('what the hub refuses is named, and a token is sent to the hub alone', async () => {
  const folder = projects.project('refused', [
    asset('a/model.onnx', [onHub('none.onnx')]),
    asset('b/model.onnx', [onHub('model.onnx', 'nobody/none')]),
    asset('c/model.onnx', [onHub('model.onnx', 'closed/tiny')]),
  ]);
  const { code, text } = await projects.run(folder, ['fetch']);
  assert.equal(code, 0, 'without a name, what only the hub has is not fetched');
  assert.equal(text, '');
  const all = await projects.run(folder, ['fetch', '--from', 'hub']);
  assert.equal(all.code, 1);
  assert.match(all.text, /NBS_ASSET_UNAVAILABLE: a\/model\.onnx .*the repository has no such file/);
  assert.match(all.text, /b\/model\.onnx .*there is no such repository, or it is closed; if you may read it, set HF_TOKEN/);
  assert.match(all.text, /c\/model\.onnx .*accepted its terms/);
  const allowed = await projects.run(folder, ['fetch', 'c'], { HF_TOKEN: hub.token });
  assert.equal(allowed.code, 0, allowed.text);
  assert.deepEqual(
    hub.asked.map(({ authorization }) => authorization),
    [''],
  );
  const nowhere = await projects.run(folder, ['fetch', 'a', '--from', 'hub'], { HF_ENDPOINT: 'http://127.0.0.1:9' });
  assert.match(nowhere.text, /NBS_ASSET_UNAVAILABLE: .*the hub cannot be reached: .*HF_ENDPOINT/);
  const offline = await projects.run(folder, ['fetch', 'a'], { NBSERVE_OFFLINE: '1' });
  assert.deepEqual(
    [offline.code, /NBS_OFFLINE: a\/model\.onnx is not at .*model\.onnx, and NBSERVE_OFFLINE/.test(offline.text)],
    [1, true],
  );
});

test('a file of another project is not taken for that of the manifest', async () => {
  const other = Buffer.from('another model');
  hub.add('else/tiny', 'onnx/model.onnx', other, true);
  const NAME = 'tiny/onnx/model.onnx';
  const env = { NBSERVE_CACHE: join(projects.root, 'shared') };
  const file = join(projects.root, 'shared', 'datasets', NAME);
  const first = projects.project('first', [asset(NAME, [onHub('onnx/model.onnx')])]);
  const second = projects.project('second', [asset(NAME, [onHub('onnx/model.onnx', 'else/tiny')])]);
  assert.equal((await projects.run(first, ['fetch', 'tiny'], env)).code, 0);
  assert.match((await projects.run(second, ['list'], env)).text, /^other /);
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
  const fetched = await projects.run(second, ['fetch', '--from', 'hub'], env);
  assert.equal(fetched.code, 0, fetched.text);
  assert.deepEqual([pathIn(second), readFileSync(file)], [file, other]);
  assert.throws(() => pathIn(first), { code: 'NBS_DATASET_NOT_FOUND', message: /is from else\/tiny@main/ });

  const moved = projects.project('second', [asset(NAME, [{ ...onHub('onnx/model.onnx', 'else/tiny'), revision: 'v2' }])]);
  assert.match((await projects.run(moved, ['verify'], env)).text, /^other /, 'another revision is another file');
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
  const folder = projects.project('mixed', [both('onnx/model.onnx'), both('config.json')]);
  assert.equal((await projects.run(folder, ['fetch', 'tiny/config.json', '--from', 'hub'])).code, 0);
  mkdirSync(dirname(kept(folder, 'tiny/onnx/model.onnx')), { recursive: true });
  writeFileSync(kept(folder, 'tiny/onnx/model.onnx'), 'onnx/model.onnx');
  process.env.NBSERVE_CACHE = join(folder, 'cache');
  const path = () => datasetPath('tiny', { from: folder });
  try {
    assert.throws(path, {
      code: 'NBS_DATASET_NOT_FOUND',
      message: /1 of its files are from the hub, and 1 from a registry; fetch all of them from one place/,
    });
    assert.equal((await projects.run(folder, ['fetch', 'tiny', '--from', 'hub'])).code, 0);
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
  const folder = projects.project(
    'unanswered',
    ['a', 'b', 'c'].map((name) => asset(`tiny/${name}.json`, [onHub('config.json')])),
  );
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { code, text } = await projects.run(folder, ['fetch', '--from', 'hub'], { HF_ENDPOINT: endpoint });
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
  let count = 0;
  const get = (endpoint: string, env: Record<string, string> = {}) => {
    count += 1;
    const assets = [asset('tiny/onnx/model.onnx', [onHub('onnx/model.onnx')]), asset('tiny/config.json', [onHub('config.json')])];
    const folder = projects.project(`mirror-${count}`, assets);
    return projects.run(folder, ['fetch', '--from', 'hub'], { HF_ENDPOINT: endpoint, ...env });
  };
  for (const endpoint of [mirror, `${mirror}/`, `${mirror}/api/models`, `${mirror}/api/models/`]) {
    const { code, text } = await get(endpoint, { HF_TOKEN: 'hf_of_the_mirror' });
    assert.equal(code, 0, `${endpoint}: ${text}`);
    assert.deepEqual(readFileSync(kept(join(projects.root, `mirror-${count}`), 'tiny/onnx/model.onnx')), model);
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
