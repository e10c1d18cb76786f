/** The history of real kernels, which outlives them. */
import assert from 'node:assert/strict';
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { KernelClient } from './fixtures/client.js';

type HistoryRow = [session: number, line: number, source: string | [string, string | null]];

const root = mkdtempSync(join(tmpdir(), 'nbs-history-'));
after(() => rmSync(root, { recursive: true, force: true }));

const folder = join(root, 'kept');
const env = { NBSERVE_HISTORY: folder };

async function rows(kernel: KernelClient, content: object): Promise<HistoryRow[]> {
  const reply = await kernel.request('history_request', { output: false, raw: true, ...content });
  return reply.history as HistoryRow[];
}

test('a kernel knows the cells of earlier ones', async () => {
  const first = await KernelClient.start({ env });
  await first.execute('const a = 1');
  await first.execute('console.log("ü\\n")');
  await first.execute('const unstored = 1', { store_history: false });
  await first.kill();
  // A killed kernel may have written a line half, and other programs may leave files.
  appendFileSync(join(folder, '1.jsonl'), '[3,"half');
  writeFileSync(join(folder, 'x.txt'), 'x');

  const asks = await KernelClient.start({ env });
  assert.deepEqual(await rows(asks, { hist_access_type: 'tail', n: 1 }), [[1, 2, 'console.log("ü\\n")']]);
  await asks.shutdown();
  const [second, third] = await Promise.all([KernelClient.start({ env }), KernelClient.start({ env })]);
  await second.execute('const b = 2;\nb');
  await third.execute('const c = 3');
  assert.deepEqual(await rows(second, { hist_access_type: 'range', session: -1, start: 1 }), [
    [1, 1, 'const a = 1'],
    [1, 2, 'console.log("ü\\n")'],
  ]);
  assert.deepEqual(await rows(second, { hist_access_type: 'range', session: 1, start: 2, stop: 3 }), [
    [1, 2, 'console.log("ü\\n")'],
  ]);
  assert.deepEqual(await rows(second, { hist_access_type: 'range', session: -9, start: 1 }), []);
  assert.deepEqual(await rows(second, { hist_access_type: 'tail', n: 2, output: true }), [
    [1, 2, ['console.log("ü\\n")', null]],
    [2, 1, ['const b = 2;\nb', '2']],
  ]);
  assert.deepEqual(await rows(third, { hist_access_type: 'search', pattern: 'const*', n: 9 }), [
    [1, 1, 'const a = 1'],
    [2, 1, 'const b = 2;\nb'],
    [3, 1, 'const c = 3'],
  ]);
  await Promise.all([second.shutdown(), third.shutdown()]);
  assert.deepEqual(readdirSync(folder).sort(), ['1.jsonl', '2.jsonl', '3.jsonl', 'x.txt']);
  assert.deepEqual([statSync(folder).mode & 0o077, statSync(join(folder, '2.jsonl')).mode & 0o077], [0, 0]);
});

test('a folder that cannot be made costs the history only', async () => {
  writeFileSync(join(root, 'file'), '');
  const kernel = await KernelClient.start({ env: { NBSERVE_HISTORY: join(root, 'file', 'folder') } });
  assert.equal((await kernel.execute('1')).reply.status, 'ok');
  assert.deepEqual(await rows(kernel, { hist_access_type: 'tail', n: 5 }), [[1, 1, '1']]);
  await kernel.shutdown();
});

test('the oldest sessions are removed if there are too many', async () => {
  const full = join(root, 'full');
  mkdirSync(full);
  for (let session = 1; session <= 6; session++)
    writeFileSync(join(full, `${session}.jsonl`), `[1,"${'x'.repeat(2_000_000)}"]\n`);
  const kernel = await KernelClient.start({ env: { NBSERVE_HISTORY: full } });
  await kernel.execute('1');
  while (existsSync(join(full, '2.jsonl'))) await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(existsSync(join(full, '1.jsonl')), false);
  assert.ok(existsSync(join(full, '4.jsonl')) && existsSync(join(full, '7.jsonl')));
  await kernel.shutdown();
});
