import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { IncomingCall } from '../../../ipc/index.js';
import { BlobStore, type BlobWriter } from './blobs.js';
import { receiveBlob } from './receive-blob.js';

const bytes = Buffer.from('a model');
const hash = createHash('sha256').update(bytes).digest('hex');
const full = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });

/** A store on a full disk. */
class FullStore extends BlobStore {
  readonly writers: BlobWriter[] = [];

  override async write(name: string): Promise<BlobWriter> {
    const writer = await super.write(name);
    writer.add = () => Promise.reject(full);
    this.writers.push(writer);
    return writer;
  }
}

describe('a blob that cannot be stored', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nbs-'));
  });
  afterEach(() => rm(folder, { recursive: true }));
  const call = { streaming: false, body: bytes } as unknown as IncomingCall;

  it('leaves neither a file nor a descriptor if the disk is full', async () => {
    const store = new FullStore(folder);
    await assert.rejects(store.put(bytes), full);
    await assert.rejects(receiveBlob(call, store, hash), full);
    assert.deepEqual(await readdir(folder), []);
    assert.deepEqual(
      store.writers.map(({ file }) => file.fd),
      [-1, -1],
    );
  });

  it('leaves nothing if it cannot be moved to its place', async () => {
    const store = new BlobStore(folder);
    await mkdir(join(folder, hash, 'in the way'), { recursive: true });
    await assert.rejects(store.put(bytes), { syscall: 'rename' });
    await assert.rejects(receiveBlob(call, store, hash), { syscall: 'rename' });
    assert.deepEqual(await readdir(folder), [hash]);
  });
});
