import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { serve } from 'nbserve';
import { loadEncoderModel, loadPipeline } from 'nbserve/text';
import { modelFolder } from '../fixtures/chat-model.js';
import { Sentiment } from '../fixtures/pipeline-apps.js';

const { folder, skip } = modelFolder('sentiment-minilm');
const root = mkdtempSync(join(tmpdir(), 'nbs-pipeline-'));
after(async () => {
  await serve.shutdown();
  rmSync(root, { recursive: true });
});
const TEXTS = ['I like you', 'I hate rain', 'What a wonderful day!', 'The worst film of the year.'];

test('a pipeline of transformers.js answers in a replica as the model does without it', { skip }, async () => {
  const sentiment = await serve.run(Sentiment.bind(folder), { name: 'pipeline', routePrefix: '/pipeline' });
  const labels = await sentiment.classify.remote(TEXTS);
  const model = await loadEncoderModel(folder);
  const expected = await model.classify(TEXTS);
  await model.dispose();
  assert.deepEqual(
    labels.map(({ label, score }) => [label, score.toFixed(4)]),
    expected.map(({ label, score }) => [label, score.toFixed(4)]),
  );
  const answers = await Promise.all(TEXTS.map(async (text) => (await fetch(`${sentiment.url}?text=${text}`)).json()));
  assert.deepEqual(
    (answers as { label: string }[][]).map(([first]) => first?.label),
    expected.map(({ label }) => label),
  );
});

test('without the package, the deployment fails and names what to install', { skip }, async () => {
  // As if it were not installed.
  writeFileSync(
    join(root, 'hide.cjs'),
    `const Module = require('node:module');
     const resolve = Module._resolveFilename;
     Module._resolveFilename = function (name, ...rest) {
       if (name.startsWith('@huggingface/transformers')) throw Object.assign(new Error('hidden'), { code: 'MODULE_NOT_FOUND' });
       return resolve.call(this, name, ...rest);
     };`,
  );
  const hidden = Sentiment.options({ runtimeEnv: { nodeFlags: [`--require=${join(root, 'hide.cjs')}`] } });
  await assert.rejects(serve.run(hidden.bind(folder), { name: 'hidden', routePrefix: '/hidden' }), (error: Error) => {
    assert.match(error.message, /NBS_NO_TRANSFORMERS|npm install @huggingface\/transformers/);
    return true;
  });
});

test('a folder or a task that does not fit is refused, and nothing is downloaded', { skip }, async () => {
  const refuses = (task: string, path: string, message: RegExp, options = {}) =>
    assert.rejects(loadPipeline(task, path, options), { code: 'NBS_PIPELINE_FAILED', message });
  await refuses('sentiment-analysis', join(root, 'none'), /there is no such folder/);
  await refuses('sentiment-analysis', root, /there is no .*config\.json$/);
  await refuses('no-such-task', folder, /Unsupported pipeline: no-such-task/);
  await refuses('sentiment-analysis', folder, /there is no .*model_quantized\.onnx$|model_quantized\.onnx/, { dtype: 'q8' });
  // The name of a model on the hub is no folder.
  await refuses('sentiment-analysis', 'Xenova/distilbert-base-uncased', /there is no such folder/);
  await assert.rejects(loadPipeline('sentiment-analysis', folder, { module: {} }), { code: 'NBS_INVALID_OPTION' });
  await assert.rejects(loadPipeline('sentiment-analysis', folder, { model: 'x' } as object), { code: 'NBS_UNKNOWN_OPTION' });
  const module = { pipeline: async () => async () => 'mine' };
  assert.equal(await (await loadPipeline('any', folder, { module }))('text'), 'mine');
});
