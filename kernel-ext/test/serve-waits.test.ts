import assert from 'node:assert/strict';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, it } from 'node:test';
import { TestNotebook } from './session-harness.js';

const notebook = new TestNotebook();
after(() => notebook.close());

it('a serve.run that takes long says what it waits for, also what each replica waits for', async () => {
  await notebook.file('open', 'no');
  const running = notebook.run(`import { readFileSync } from 'node:fs';
const opened = async (path: string) => { while (readFileSync(path, 'utf8') !== 'yes') await new Promise((resolve) => setTimeout(resolve, 50)); };
class Slow { weights; constructor(path: string) { this.weights = opened(path) } hi() { return 'hi' } }
const slow = await serve.run(serve.deployment(Slow, { numReplicas: 2 }).bind(${JSON.stringify(`${notebook.folder}/open`)}), { name: 'slow', routePrefix: null });`);
  const said = (text: string): boolean =>
    /^serve\.run: slow goes on waiting: Slow: 0 of 2 replicas run/m.test(notebook.displayed()) &&
    (text.match(/\(Slow#[^)]+\) slow\/Slow is not up yet: it waits for the promise in its field weights/g)?.length ?? 0) === 2;
  while (!said(notebook.printed())) await new Promise((resolve) => setTimeout(resolve, 50));
  await notebook.file('open', 'yes');
  const { outcome, displays } = await running;
  assert.equal(outcome.status, 'ok', JSON.stringify(outcome));
  assert.match(notebook.displayed(), /^serve\.run: done after [\d.]+ s$/m);
  const bars = displays.filter(({ displayId }) => displayId !== undefined);
  assert.equal(new Set(bars.map(({ displayId }) => displayId)).size, 1, 'one line that changes in its place');
  assert.ok(bars.slice(1).every(({ update }) => update === true));
});

it('it also says which download it waits for', async (t) => {
  const waiting: ServerResponse[] = [];
  const hub = createServer((_request, response) => void waiting.push(response)).listen(0, '127.0.0.1');
  t.after(() => hub.close());
  const other = new TestNotebook();
  t.after(() => other.close());
  const asset = {
    ...{ name: 'tiny/model.onnx', description: 'a model', licence: 'MIT', credit: 'somebody', committed: false },
    ...{ bytes: 0, sha256: '', builder: { kind: 'copy' } },
    sources: [{ hub: 'there/tiny', revision: 'main', path: 'model.onnx' }],
  };
  await other.file('datasets/manifest.json', JSON.stringify({ schemaVersion: 1, assets: [asset] }));
  const env = {
    HF_ENDPOINT: `http://127.0.0.1:${(hub.address() as AddressInfo).port}`,
    NBSERVE_CACHE: join(other.folder, 'cache'),
  };
  const running = other.run(`import { fetchDataset } from 'nbserve/data';
class Loads { readonly model = fetchDataset('tiny/model.onnx', { from: ${JSON.stringify(other.folder)}, source: 'hub' }).catch((error) => String(error)); ready() { return this.model } }
const loads = await serve.run(serve.deployment(Loads, { env: ${JSON.stringify(env)} }).bind(), { name: 'loads', routePrefix: null });
await loads.ready.remote()`);
  const said = (): boolean =>
    /loads\/Loads is not up yet: it waits for .*the download of tiny\/model\.onnx/.test(other.printed());
  let isOver = false;
  void running.then(() => {
    isOver = true;
  });
  while (!said() && !isOver) await new Promise((resolve) => setTimeout(resolve, 50));
  assert.ok(said(), isOver ? JSON.stringify((await running).outcome) : '');
  hub.on('request', (_request, response) => response.writeHead(404).end());
  for (const response of waiting) response.writeHead(404).end();
  const { outcome } = await running;
  assert.equal(outcome.status, 'ok', JSON.stringify(outcome));
});
