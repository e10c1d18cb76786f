import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { readTarball } from './tar.js';
import { readZip } from './zip.js';
import { zip } from './zip.test-support.js';

test('zip: a damaged file is refused when it is read', () => {
  const bytes = zip({ a: Buffer.from('packed'), b: Buffer.from('stored') });
  const files = readZip(bytes, 'x.zip');
  assert.deepEqual(
    [...files.values()].map((file) => Buffer.from(file()).toString()),
    ['packed', 'stored'],
  );
  assert.throws(() => readZip(bytes.subarray(4), 'x.zip'), { code: 'NBS_DATA_INVALID' });
});

test('tar: files of a package', () => {
  const header = Buffer.alloc(512);
  header.write('package/data.txt');
  header.write('00000000005\0', 124);
  header.write('0', 156);
  header.write('ustar', 257);
  const files = readTarball(
    gzipSync(Buffer.concat([header, Buffer.from('hello'.padEnd(512, '\0')), Buffer.alloc(1024)])),
    'x.tgz',
  );
  assert.deepEqual(
    [...files].map(([name, bytes]) => [name, Buffer.from(bytes).toString()]),
    [['package/data.txt', 'hello']],
  );
});
