import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { runAssets } from './assets-command.js';

test('the exit code of the command says whether something is wrong', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'nbs-assets-'));
  t.after(() => rmSync(root, { recursive: true }));
  mkdirSync(join(root, 'datasets'));
  const missing = {
    name: 'b/missing.bin',
    description: 'd',
    licence: 'MIT',
    credit: 'c',
    committed: true,
    bytes: 4,
    sha256: 'fcec91509759ad995c2cd14bcb26b2720993faf61c29d379b270d442d92290eb',
    builder: { kind: 'copy' },
    sources: [],
  };
  writeFileSync(join(root, 'datasets', 'manifest.json'), JSON.stringify({ schemaVersion: 1, assets: [missing] }));
  const run = async (...args: string[]) => {
    let text = '';
    const write = (more: string) => {
      text += more;
    };
    return { code: await runAssets(args, { out: write, err: write, isTerminal: false }, root), text };
  };
  assert.equal((await run('verify')).code, 1);
  assert.match((await run('list')).text, /missing +1 kB {2}b\/missing\.bin/);
  const fetched = await run('fetch', 'b');
  assert.deepEqual(
    [fetched.code, /NBS_ASSET_UNAVAILABLE: b\/missing\.bin could not be fetched .*it has none/.test(fetched.text)],
    [1, true],
  );
  for (const wrong of [['sell'], ['fetch', '--from', 'moon'], ['list', '--from', 'hub'], ['fetch', '--fast']])
    await assert.rejects(run(...wrong), { code: 'NBS_BAD_USAGE' }, wrong.join(' '));
});
