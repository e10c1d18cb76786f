import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { agentSocket, ownerFile } from '../core/index.js';
import {
  clusterIn,
  clustersHome,
  createClusterFolder,
  oneAtATime,
  predecessorsEnded,
  removeStaleFolders,
  urlOf,
  writeAgentFile,
} from './cluster-folder.js';

let folder: string;
const { NBSERVE_HOME } = process.env;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'nbs-'));
  process.env.NBSERVE_HOME = folder;
});
after(() => {
  if (NBSERVE_HOME === undefined) delete process.env.NBSERVE_HOME;
  else process.env.NBSERVE_HOME = NBSERVE_HOME;
  rmSync(folder, { recursive: true });
});

test('the address of a server is one that a client on this machine can use', () => {
  assert.equal(urlOf('127.0.0.1', 8000), 'http://127.0.0.1:8000');
  assert.equal(urlOf('0.0.0.0', 80), 'http://127.0.0.1:80');
  assert.equal(urlOf('::', 8000), 'http://[::1]:8000');
});

/** A folder of a cluster whose processes are somewhere else: no process has their pid here. */
function folderOf(place: string | undefined): string {
  const { dir } = createClusterFolder({ ownerKey: 'notebook', detached: false });
  const mark = { pid: 4_194_305, start: '1', ...(place !== undefined && { place }) };
  const owner = JSON.parse(readFileSync(ownerFile(dir), 'utf8')) as object;
  writeFileSync(ownerFile(dir), JSON.stringify({ ...owner, driver: mark }));
  writeAgentFile(dir, { agent: mark, host: '127.0.0.1', port: 1, startedAt: 0 });
  return dir;
}

test('a cluster of another container keeps its folder, as long as somebody listens on its socket', async (t) => {
  const elsewhere = folderOf('1');
  const ended = folderOf(undefined);
  await removeStaleFolders();
  assert.deepEqual([elsewhere, ended].map(existsSync), [true, false]);
  // It is no cluster of this place, and nobody waits for it.
  assert.equal(clusterIn(elsewhere), undefined);
  await predecessorsEnded('notebook');

  const server = createServer().listen(agentSocket(elsewhere));
  t.after(() => server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const age = (): void => utimesSync(elsewhere, Date.now() / 1000 - 4000, Date.now() / 1000 - 4000);
  age();
  await removeStaleFolders();
  assert.equal(existsSync(elsewhere), true);
  await new Promise((resolve) => server.close(resolve));
  age();
  await removeStaleFolders();
  assert.equal(existsSync(elsewhere), false);
});

test('the lock of a start that takes minutes stays when another cluster starts', async () => {
  const lock = join(clustersHome(), 'start.lock');
  await oneAtATime(async () => {
    utimesSync(lock, Date.now() / 1000 - 600, Date.now() / 1000 - 600);
    await removeStaleFolders();
    assert.equal(existsSync(lock), true);
  });
  assert.equal(existsSync(lock), false);
});
