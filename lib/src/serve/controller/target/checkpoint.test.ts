import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { hasCode } from '../../../core/index.js';
import { app, deployment } from '../sample-apps.test-support.js';
import { BlobStore } from './blobs.js';
import { FileCheckpoint } from './checkpoint.js';
import { BlobMismatch, CheckpointFailed, CheckpointUnreadable } from './errors.js';
import { accept, emptyTarget, promote } from './target.js';
import { setTrafficRule } from './traffic-rule.js';

describe('FileCheckpoint', () => {
  let folder: string;
  let path: string;
  const open = (): FileCheckpoint => new FileCheckpoint(path, new BlobStore(join(folder, 'code')));
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nbs-'));
    path = join(folder, 'checkpoint.json');
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('gives back what was saved, large arguments and all', async () => {
    assert.equal(await open().load(), null);
    const large = { ...deployment('Large', 'l'), initArgs: new Uint8Array(100_000).fill(7) };
    let target = accept(
      emptyTarget,
      app('one', [large, deployment('Chat', 'a', { env: { inherit: true, variables: { A: 'b' } } })]),
      5,
    );
    target = promote(target, 'one', 1, { Chat: { methods: ['fetch'], http: true } });
    target = accept(target, app('one', [deployment('Chat', 'b')]), 6);
    await open().save(target);
    const loaded = (await open().load()) ?? assert.fail();
    assert.equal(loaded.generation, 2);
    const one = loaded.apps.get('one') ?? assert.fail();
    assert.deepEqual(one.live?.offers, { Chat: { methods: ['fetch'], http: true } });
    assert.equal(one.next?.spec.deployments[0]?.replicaHash, 'b');
    const args = one.live?.spec.deployments[0]?.initArgs ?? assert.fail();
    assert.deepEqual(new Uint8Array(args), large.initArgs);
    assert.ok((await readFile(path)).length < 10_000);
    assert.deepEqual((await readdir(folder)).sort(), ['checkpoint.json', 'code']);
  });

  it('gives back splits and canaries, and reads what an older version wrote', async () => {
    let target = promote(accept(emptyTarget, app('one', [deployment('Chat', 'a')], '/c'), 5), 'one', 1, {});
    target = promote(accept(target, app('two', [deployment('Chat', 'b')], null), 6), 'two', 2, {});
    target = setTrafficRule(target, '/c', {
      weights: { one: 3, two: 1 },
      stickyBy: { header: 'x' },
      mirror: { app: 'two', share: 1 },
    });
    await open().save(target);
    assert.deepEqual((await open().load())?.traffic, target.traffic);
    const { traffic, ...older } = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
    assert.ok(Array.isArray(traffic));
    await writeFile(path, JSON.stringify({ ...older, schemaVersion: 1 }));
    const loaded = (await open().load()) ?? assert.fail();
    assert.deepEqual([[...loaded.apps.keys()], loaded.traffic], [['one', 'two'], new Map()]);
  });

  it('reads the environment of versions that only had its variables', async () => {
    const target = accept(emptyTarget, app('one', [deployment('Chat', 'a')]), 5);
    await open().save(target);
    const text = await readFile(path, 'utf8');
    const old = text
      .replace('"env":{"inherit":true,"variables":{}}', '"env":{"A":"b"}')
      .replace('"schemaVersion":3', '"schemaVersion":2');
    assert.notEqual(old, text);
    await writeFile(path, old);
    const loaded = (await open().load()) ?? assert.fail();
    const { env } = loaded.apps.get('one')?.next?.spec.deployments[0]?.config ?? assert.fail();
    assert.deepEqual(env, { inherit: true, variables: { A: 'b' } });
  });

  it('refuses what it cannot read or write, naming the file', async () => {
    await writeFile(path, '{"schemaVersion":99}');
    await assert.rejects(open().load(), (error: Error) => hasCode(error, CheckpointUnreadable) && error.message.includes('99'));
    const nowhere = new FileCheckpoint(join(folder, 'absent', 'c.json'), new BlobStore(join(folder, 'code')));
    await assert.rejects(nowhere.save(emptyTarget), (error) => hasCode(error, CheckpointFailed));
  });

  it('stores a blob only under the name of its bytes', async () => {
    const blobs = new BlobStore(join(folder, 'code'));
    const hash = await blobs.put(Buffer.from('hello'));
    assert.deepEqual(await blobs.missing([hash, 'f'.repeat(64)]), ['f'.repeat(64)]);
    const writer = await blobs.write('f'.repeat(64));
    await writer.add(Buffer.from('other'));
    await assert.rejects(writer.commit(), (error) => hasCode(error, BlobMismatch));
    assert.deepEqual(await readdir(join(folder, 'code')), [hash]);
    await assert.rejects(blobs.write('../../etc/passwd'), /64 hex digits/);
  });
});
