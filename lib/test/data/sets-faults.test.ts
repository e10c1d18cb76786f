/** A full disk, broken files, and data sets that are larger than the memory that DuckDB may use. */
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { data } from 'nbserve/data';

const folder = mkdtempSync(join(tmpdir(), 'nbserve-faults-'));
const small = join(folder, 'small');

before(() => execFileSync('mkdir', ['-p', small]));
after(() => rmSync(folder, { recursive: true }));

/** Mounts a disk of one MiB; false if this machine does not allow that. */
function mount(): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', small], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

test('a full disk: a coded error, and nothing half-written', async (t) => {
  if (!mount()) return t.diagnostic('this machine allows no mount');
  try {
    const large = data.range(3_000_000);
    const mapped = data.range(200_000).mapBatches((batch) => ({ x: Float64Array.from(batch.id, Math.sin) }));
    for (const write of [
      () => mapped.writeParquet(join(small, 'x.parquet')),
      () => large.writeCsv(join(small, 'out')),
      () => large.writeArrow(join(small, 'x.arrow')),
    ]) {
      await assert.rejects(write, { code: 'NBS_DATA_NO_SPACE', message: /the disk is full/ });
      assert.deepEqual(readdirSync(small), []);
    }
    await data.range(10).writeParquet(join(small, 'y.parquet'));
    assert.equal(await data.readParquet(join(small, 'y.parquet')).count(), 10);
  } finally {
    execFileSync('umount', [small]);
  }
});

test('a file that is cut off, or whose pages are damaged, is reported by name', async () => {
  const file = join(folder, 'cut.parquet');
  const rows = data.range(200_000).map(({ id }) => ({ id, text: `${id}` }));
  await rows.writeParquet(file);
  const whole = readFileSync(file);
  truncateSync(file, whole.length - 100);
  await assert.rejects(data.readParquet(file).count(), { code: 'NBS_DATA_UNREADABLE', message: /cut\.parquet/ });
  const damaged = Buffer.from(whole);
  damaged.fill(0xff, 64, 4096);
  writeFileSync(file, damaged);
  await assert.rejects(data.readParquet(file).takeAll(), (error: { code?: string }) => error.code === 'NBS_DATA_UNREADABLE');
});

test('a write over a file that fails leaves the old file', async () => {
  const file = join(folder, 'kept.json');
  await data.range(3).writeJson(file);
  const failing = data.range(10).mapBatches((): { id: number[] } => {
    throw new Error('no');
  });
  await assert.rejects(failing.writeJson(file, { overwrite: true }), { message: 'no' });
  assert.equal(await data.readJson(file).count(), 3);
});

test('a write goes to where a URL points, and is refused if that is another machine', async () => {
  const file = join(folder, 'by url.csv');
  await data.range(2).writeCsv(pathToFileURL(file).href);
  assert.equal(await data.readCsv(file).count(), 2);
  for (const url of ['s3://bucket/out.parquet', 'https://example.com/out'])
    await assert.rejects(data.range(2).writeParquet(url), { code: 'NBS_DATA_REMOTE', message: /writes local files only/ });
  assert.equal(existsSync('s3:') || existsSync('https:'), false);
});

test('data of five times the memory limit flows through', async () => {
  const script = fileURLToPath(new URL('../fixtures/data-large.js', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--max-old-space-size=128',
    script,
    mkdtempSync(join(folder, 'large-')),
  ]);
  const found = JSON.parse(stdout) as Record<'rows' | 'last' | 'bytes' | 'limit' | 'streaming' | 'sorting', number>;
  assert.deepEqual([found.rows, found.last], [2_000_000, 1_999_999]);
  assert.ok(found.bytes >= 5 * found.limit, stdout);
  // DuckDB's own limit is in it, and what the garbage collector has not taken yet.
  assert.ok(found.streaming < found.bytes / 3, stdout);
  assert.ok(found.sorting < (3 / 4) * found.bytes, stdout);
});
