import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { replaceFolder, settleFolder } from './index.js';

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nbst-replace-'));
});
after(() => rm(folder, { recursive: true }));

const write = (text: string) => async (made: string) => {
  await mkdir(made);
  await writeFile(join(made, 'file'), text);
};

test('a folder is replaced as a whole; if that fails, the older one is there again', async () => {
  const path = join(folder, 'kept');
  await replaceFolder(path, write('one'));
  await replaceFolder(path, write('two'));
  await assert.rejects(
    replaceFolder(path, async (made) => {
      await write('three')(made);
      throw new Error('in the middle');
    }),
    { message: 'in the middle' },
  );
  // The second of the two renames fails, because there is nothing to rename.
  await assert.rejects(
    replaceFolder(path, async () => {}),
    { code: 'ENOENT' },
  );
  assert.equal(await readFile(join(path, 'file'), 'utf8'), 'two');
  assert.deepEqual(await readdir(folder), ['kept']);
});

test('what a killed process has left is removed, and what a running one makes is not', async () => {
  const path = join(folder, 'later');
  const { pid: dead } = spawnSync(process.execPath, ['-e', '']);
  await mkdir(`${path}.new-${dead}-abcdefgh`);
  await mkdir(`${path}.new-${process.pid}-abcdefgh`);
  await mkdir(`${path}.new-1-${dead}-1-abcdefgh`);
  await replaceFolder(path, write('one'));
  const names = (await readdir(folder)).filter((name) => name.startsWith('later'));
  // The other one is of a process in another container.
  assert.deepEqual(names.sort(), ['later', `later.new-${process.pid}-abcdefgh`, `later.new-1-${dead}-1-abcdefgh`].sort());
});

test('what a killed process had moved away is there again', async () => {
  const path = join(folder, 'moved');
  const { pid: dead } = spawnSync(process.execPath, ['-e', '']);
  await write('one')(`${path}.old-${dead}-abcdefgh-1`);
  await assert.rejects(
    replaceFolder(path, async () => {
      throw new Error('in the middle');
    }),
  );
  assert.equal(await readFile(join(path, 'file'), 'utf8'), 'one');
  await write('older')(`${path}.old-${dead}-abcdefgh-2`);
  await settleFolder(path);
  assert.equal(await readFile(join(path, 'file'), 'utf8'), 'one');
  assert.deepEqual(
    (await readdir(folder)).filter((name) => name.startsWith('moved')),
    ['moved'],
  );
});

test('of several that replace a folder at the same time, one stays whole, and none fails', async () => {
  const path = join(folder, 'shared');
  for (let round = 0; round < 5; round += 1) {
    const texts = Array.from({ length: 12 }, (_, i) => `${round}-${i}`);
    await Promise.all(texts.map((text) => replaceFolder(path, write(text))));
    assert.ok(texts.includes(await readFile(join(path, 'file'), 'utf8')));
  }
  const names = (await readdir(folder)).filter((name) => name.startsWith('shared'));
  assert.deepEqual(names, ['shared']);
});
