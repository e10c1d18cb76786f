import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Frame } from '../dist/wire/index.js';
import { KERNEL, KernelClient, makeConnection, STUB_KERNEL } from './fixtures/client.js';

const CHANNELS = ['shell', 'control', 'stdin'] as const;

describe('messages without a right signature', () => {
  let kernel: KernelClient;
  let folder: string;
  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'nbk-forged-'));
    kernel = await KernelClient.start({ entry: STUB_KERNEL });
  });
  after(async () => {
    await kernel.kill();
    rmSync(folder, { recursive: true });
  });

  it('run nothing, end nothing, and are reported only on stderr', async () => {
    const witness = path.join(folder, 'ran');
    const code = `require("node:fs").writeFileSync(${JSON.stringify(witness)}, "")`;
    const forms: ((type: string) => Frame[])[] = [
      (type) => replaceSignature(kernel.encode(type, { code, restart: false }), '0'.repeat(64)),
      (type) => replaceSignature(kernel.encode(type, { code }), ''),
      (type) => replaceSignature(kernel.encode(type, { code }), 'f'.repeat(1_000_000)),
      (type) => kernel.encode(type, { code }).slice(0, 4),
      (type) => kernel.encode(type, { code }).slice(1),
      (type) => [...kernel.encode(type, { code }).slice(0, 5), Buffer.from(JSON.stringify({ code: `${code};` }))],
      () => ['<IDS|MSG>', '', 'not json', '{', '}', ''],
      () => ['<IDS|MSG>'],
      () => [''],
      () => Array.from({ length: 1000 }, () => ''),
      () => ['<IDS|MSG>', '0'.repeat(64), Buffer.alloc(32 * 1024 * 1024, '['), '{}', '{}', '{}'],
    ];
    let sent = 0;
    for (const channel of CHANNELS) {
      for (const form of forms) {
        for (const type of ['execute_request', 'shutdown_request']) {
          await kernel.sendRaw(form(type), channel);
          sent++;
        }
      }
    }
    const before = kernel.iopub.length;
    assert.equal((await kernel.execute('1')).reply.status, 'ok');
    assert.equal((await kernel.request('kernel_info_request', {}, 'control')).status, 'ok');
    assert.ok(kernel.alive);
    assert.ok(!existsSync(witness));
    assert.ok(sent > 60);
    for (const channel of CHANNELS) assert.match(kernel.stderr, new RegExp(`${channel}: message refused \\(wrong signature\\)`));
    // Clients learn nothing about them, and above all no right signature.
    assert.doesNotMatch(JSON.stringify(kernel.iopub.slice(before)), /refused|signature|[0-9a-f]{64}/);
    assert.doesNotMatch(kernel.stderr, /[0-9a-f]{64}/);
  });

  it('are refused if they were recorded and sent again', async () => {
    const frames = kernel.encode('execute_request', { code: 'globalThis.times = (globalThis.times ?? 0) + 1', silent: false });
    await kernel.sendRaw(frames);
    await kernel.sendRaw(frames);
    const run = await kernel.execute('times');
    assert.deepEqual(run.messages.find(({ type }) => type === 'execute_result')?.content.data, { 'text/plain': '1' });
    assert.match(kernel.stderr, /shell: message refused \(sent before\)/);
  });

  it('end nothing either if they have a right signature and are not messages of the protocol', async () => {
    for (const channel of CHANNELS) {
      await kernel.sendRaw(kernel.encode('', {}), channel);
      await kernel.sendRaw(kernel.encode('nonsense', { code: [] }), channel);
      kernel.send('input_reply', { value: 1 }, channel);
    }
    assert.equal((await kernel.execute('1')).reply.status, 'ok');
  });
});

describe('a connection file', () => {
  it('that has no key, or is not a connection file, ends the kernel with a code', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'nbk-file-'));
    try {
      const { file } = await makeConnection(folder, { key: '' });
      for (const argument of [file, path.join(folder, 'missing.json')]) {
        const { status, stderr } = spawnSync(process.execPath, [KERNEL, argument], { encoding: 'utf8' });
        assert.equal(status, 1);
        assert.match(stderr, /NBS_CONNECTION_FILE/);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

function replaceSignature(frames: Frame[], signature: string): Frame[] {
  return frames.map((frame, at) => (at === 1 ? Buffer.from(signature) : frame));
}
