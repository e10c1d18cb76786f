import assert from 'node:assert/strict';
import { test } from 'node:test';
import { execute } from './fixtures/notebook.js';

test('why a request failed is told in the cell that made it, and not in the answer', async (t) => {
  const { code, cells, stderr } = await execute(t, [
    "const Broken = serve.deployment(class Broken { constructor() { throw new Error('no /home/ada/model') } fetch() {} }, { autoscaling: { minReplicas: 0 } });\nconst broken = await serve.run(Broken.bind(), { name: 'broken' });",
    '1',
    'const answer = await (await fetch(broken.url)).text();\nanswer',
  ]);
  assert.equal(code, 0, stderr);
  assert.doesNotMatch(JSON.stringify(cells[0]?.outputs), /\(proxy\)/);
  const [log, answer] = cells[2]?.outputs ?? [];
  assert.equal(log?.name, 'stderr');
  assert.match(
    [log?.text ?? ''].flat().join(''),
    /^\(proxy\) GET \/ was answered with 503 .*NBS_NO_REPLICA: .*no \/home\/ada\/model/,
  );
  const text = [answer?.data?.['text/plain'] ?? ''].flat().join('');
  assert.match(text, /NBS_NO_REPLICA/);
  assert.doesNotMatch(text, /ada|broken/i);
});
