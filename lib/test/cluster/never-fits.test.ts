import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { serve } from 'nbserve';
import { Seen } from '../fixtures/apps.js';

const NBSERVE = fileURLToPath(new URL('../../bin/nbserve.js', import.meta.url));
const APP = fileURLToPath(new URL('../fixtures/greedy-app.js', import.meta.url));

after(() => serve.shutdown());

test('what no node can ever have is refused at once, with what the nodes have; the status says so', async () => {
  await serve.start({
    port: 0,
    nodes: [
      { numGpus: 1, resources: { cpu: 2 } },
      { numGpus: 0, resources: { cpu: 4 } },
    ],
  });
  const run = (resources: object, numReplicas = 1) =>
    serve.run(Seen.options({ resources, numReplicas }).bind(), { name: 'much', routePrefix: null });
  await assert.rejects(run({ gpu: 2 }), {
    code: 'NBS_NEVER_FITS',
    message: /takes gpu 2, and .* has 1 GPU; .* has no GPU; ask for less/,
  });
  await assert.rejects(run({ gpu: 1, cpu: 3 }), { code: 'NBS_NEVER_FITS' });
  const { much } = (await serve.status()).applications;
  assert.equal(much?.status, 'DEPLOY_FAILED');
  assert.match(much?.message ?? '', /takes cpu 3, gpu 1/);
  const handle = await run({ cpu: 3 });
  await assert.rejects(run({ cpu: 5 }), { code: 'NBS_NEVER_FITS' });
  assert.equal((await serve.status()).applications.much?.status, 'RUNNING');
  assert.equal(await handle.env.remote('OMP_NUM_THREADS'), '3');
  await serve.delete('much');
});

test('nbserve run ends with that error', async () => {
  await assert.rejects(promisify(execFile)(process.execPath, [NBSERVE, 'run', `${APP}:app`, '--port', 'auto']), {
    code: 1,
    stderr: /^NBS_NEVER_FITS: application default: deployment Greedy fits on no node .*takes custom unobtainium 1/m,
  });
});
