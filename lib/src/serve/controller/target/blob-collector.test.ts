import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { HandClock } from '../../../core/hand-clock.test-support.js';
import { app, deployment } from '../sample-apps.test-support.js';
import { BlobCollector } from './blob-collector.js';
import { BlobStore } from './blobs.js';
import { FileCheckpoint } from './checkpoint.js';
import { accept, emptyTarget, promote, reject, remove } from './target.js';

const GRACE_MS = 600_000;
const log = { info: () => {}, warn: (...line: unknown[]) => assert.fail(String(line)) };

describe('BlobCollector', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nbs-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  /** Makes the objects that a controller makes when it starts. */
  function start() {
    const clock = new HandClock(1_000_000);
    const blobs = new BlobStore(join(folder, 'code'), clock);
    const collector = new BlobCollector({ blobs, clock, log });
    const checkpoint = new FileCheckpoint(join(folder, 'c.json'), blobs, (hashes) => collector.named(hashes));
    return { clock, blobs, collector, checkpoint };
  }
  const stored = async () => (await readdir(join(folder, 'code'))).length;
  const after = async (
    { clock, collector }: Pick<ReturnType<typeof start>, 'clock' | 'collector'>,
    ms: number,
    count: number,
  ): Promise<void> => {
    await collector.idle();
    await clock.pass(ms);
    await collector.idle();
    assert.equal(await stored(), count);
  };

  it('keeps what a version that is live, next or failed uses, arguments too, and removes the rest after a grace', async () => {
    const running = start();
    const { blobs, checkpoint } = running;
    const put = (text: string) => blobs.put(Buffer.from(text));
    const [one, value, stray] = [await put('1'), await put('v'), await put('s')];
    const code = (hash: string, values: string[] = []) =>
      ({
        kind: 'source',
        hash,
        values: values.map((each) => ({ name: 'x', hash: each })),
        folder: '/',
        exportName: 'Chat',
      }) as const;
    const first = { ...deployment('Chat', 'a'), code: code(one, [value]), initArgs: new Uint8Array(50_000) };
    let target = promote(accept(emptyTarget, app('hello', [first]), 0), 'hello', 1, {});
    await checkpoint.save(target);
    await after(running, GRACE_MS - 1, 4);
    await after(running, 2, 3);
    assert.deepEqual(await blobs.missing([stray, one]), [stray]);
    const two = await put('2');
    const second = { ...deployment('Chat', 'b'), code: code(two) };
    target = accept(target, app('hello', [second]), 0);
    await checkpoint.save(target);
    await after(running, 2 * GRACE_MS, 4);
    target = promote(target, 'hello', 2, {});
    await checkpoint.save(target);
    await after(running, GRACE_MS - 1, 4);
    await after(running, 2, 1);
    assert.ok(await blobs.has(two));
    target = reject(accept(remove(target, 'hello', 0), app('hello', [second]), 0), 'hello', 3, 'no model');
    await checkpoint.save(target);
    await after(running, 2 * GRACE_MS, 1);
    await checkpoint.save(remove(target, 'hello', 0));
    await after(running, 2 * GRACE_MS, 0);
  });

  it('keeps what a driver has asked for lately: its deploy is on its way', async () => {
    const running = start();
    const { blobs, checkpoint } = running;
    const hash = await blobs.put(Buffer.from('code'));
    await checkpoint.save(emptyTarget);
    await after(running, GRACE_MS - 1, 1);
    assert.deepEqual(await blobs.missing([hash]), []);
    await after(running, GRACE_MS - 1, 1);
    await after(running, 2, 0);
    assert.deepEqual(await blobs.missing([hash]), [hash]);
    assert.equal(await blobs.put(Buffer.from('code')), hash);
  });

  it('begins anew with a new controller, and removes what an upload left that its end cut off', async () => {
    const before = start();
    await before.blobs.put(Buffer.from('old'));
    await before.checkpoint.save(emptyTarget);
    await writeFile(join(folder, 'code', '.0123456789abcdef.xyz.tmp'), 'half');
    const running = start();
    const { blobs, checkpoint } = running;
    blobs.removeUnfinished();
    await checkpoint.load();
    await after(running, GRACE_MS - 1, 1);
    await after(running, 2, 0);
  });
});
