import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { blobFolder, blobPath } from '../core/index.js';
import { keepBlobs, renewBlob, writeBlob } from './blob-store.js';

const GRACE_MS = 60_000;

describe('the blobs of a node', () => {
  let dir = '';
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'nbsb-'));
    mkdirSync(blobFolder(dir));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  const old = async (text: string): Promise<string> => {
    const { hash } = await writeBlob(dir, Buffer.from(text));
    utimesSync(blobPath(dir, hash), 1, 1);
    return hash;
  };

  it('are removed if the head has them no more, unless they are new or needed again', async () => {
    const [kept, gone, needed] = await Promise.all([old('kept'), old('gone'), old('needed')]);
    const { hash: fresh } = await writeBlob(dir, Buffer.from('fresh'));
    assert.equal(await renewBlob(dir, needed), true);
    keepBlobs(dir, new Set([kept]), GRACE_MS);
    assert.deepEqual(
      [kept, gone, needed, fresh].map((hash) => existsSync(blobPath(dir, hash))),
      [true, false, true, true],
    );
    assert.equal(await renewBlob(dir, gone), false);
  });
});
