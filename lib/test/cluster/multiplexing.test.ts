import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { type DeploymentHandle, serve } from 'nbserve';
import { Models } from '../fixtures/models-app.js';

let models: DeploymentHandle<typeof Models>;

before(async () => {
  await serve.start({ port: 0 });
  models = await serve.run(Models.options({ maxOngoingRequests: 300 }).bind(), { name: 'models', routePrefix: '/models' });
});
after(() => serve.shutdown());

test('200 requests at once for 8 models need two places, and far fewer loads than there are requests', async () => {
  const ask = async (i: number): Promise<void> => {
    const id = `m${i % 8}`;
    const answer = await (await fetch(models.url, { headers: { serve_multiplexed_model_id: id } })).json();
    assert.deepEqual(answer, { id, isFreed: false, header: id });
  };
  await Promise.all(Array.from({ length: 200 }, (_, i) => ask(i)));
  const { most, loads } = await models.counts.remote();
  assert.equal(most, 2);
  // Requests arrive one after the other, so a model may have left its place before the last request for it.
  assert.ok(loads.length < 40, `${loads.length} loads`);
});

test('a stream uses its model until it ends', async () => {
  const read = async (id: string): Promise<Set<string>> => {
    const seen = new Set<string>();
    for await (const word of models.options({ multiplexedModelId: id }).count.remote(10)) seen.add(word);
    return seen;
  };
  const ids = ['a', 'b', 'c', 'd'];
  assert.deepEqual(
    await Promise.all(ids.map(read)),
    ids.map((id) => new Set([id])),
  );
  assert.equal((await models.counts.remote()).most, 2);
});

test('a request that holds all places and asks for one more is told so', async () => {
  await assert.rejects(async () => models.three.remote(), { code: 'NBS_MODELS_IN_USE' });
  const answer = await fetch(models.url, { headers: { serve_multiplexed_model_id: 'x' } });
  assert.equal(answer.status, 200, 'its places are free again');
});

/** Sends one request with this header line, as these bytes. */
async function raw(line: Buffer): Promise<string> {
  const { hostname, port, pathname } = new URL(models.url);
  const socket = connect(Number(port), hostname);
  socket.write(
    Buffer.concat([
      Buffer.from(`GET ${pathname} HTTP/1.1\r\nHost: ${hostname}\r\nConnection: close\r\n`),
      line,
      Buffer.from('\r\n\r\n'),
    ]),
  );
  let text = '';
  socket.setEncoding('utf8').on('data', (piece) => {
    text += piece;
  });
  await once(socket, 'close');
  return text.slice(text.indexOf('{'));
}

test('a model id is that of the handle, in whatever script, and a header that is no UTF-8 is Latin-1', async () => {
  for (const id of ['modèle', '模型-1', '🐈']) {
    const answer = JSON.parse(await raw(Buffer.from(`serve_multiplexed_model_id: ${id}`))) as { id: string; header: string };
    assert.equal(answer.id, id);
    // This is what Node and undici make of such a header.
    assert.equal(answer.header, Buffer.from(id).toString('latin1'));
    for await (const word of models.options({ multiplexedModelId: id }).count.remote(1)) assert.equal(word, id);
  }
  const latin = JSON.parse(await raw(Buffer.from('serve-multiplexed-model-id: mod\xe8le', 'latin1'))) as { id: string };
  assert.equal(latin.id, 'modèle');
  const answer = await fetch(models.url, { headers: { serve_multiplexed_model_id: 'modèle' } });
  assert.equal(((await answer.json()) as { id: string }).id, 'modèle');
  const { loads } = await models.counts.remote();
  assert.ok(loads.includes('模型-1'));
});
