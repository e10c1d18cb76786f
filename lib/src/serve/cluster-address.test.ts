import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { after, before, test } from 'node:test';
import { agentFile, dashboardFile, markProcess, ownerFile } from '../core/index.js';
import { clustersHome } from '../engine/index.js';
import { clustersNamed, noClusterNamed, placeOf } from './cluster-address.js';

const home = mkdtempSync(join(tmpdir(), 'nbsu-'));
const usual = process.env.NBSERVE_HOME;
const agent = markProcess(process.pid);

function cluster(id: string, name: string, port: number, restPort: number, ray?: string): void {
  const dir = join(clustersHome(), id);
  mkdirSync(dir);
  writeFileSync(ownerFile(dir), JSON.stringify({ ownerKey: null, detached: true, name, driver: agent }));
  writeFileSync(agentFile(dir), JSON.stringify({ agent, host: '0.0.0.0', port, startedAt: port, ...(ray && { ray }) }));
  writeFileSync(dashboardFile(dir), JSON.stringify({ host: '127.0.0.1', port: restPort }));
}

before(() => {
  process.env.NBSERVE_HOME = home;
  cluster('aaaa', join(home, 'digits.ipynb'), 8000, 8265);
  cluster('bbbb', 'nbserve start', 8001, 8266, 'https://head');
  cluster('cccc', 'nbserve start', 8002, 8267, 'http://10.0.0.5:8265');
});
after(() => {
  if (usual === undefined) delete process.env.NBSERVE_HOME;
  else process.env.NBSERVE_HOME = usual;
  rmSync(home, { recursive: true, force: true });
});

const ids = (address: string): readonly string[] => clustersNamed(address).map(({ id }) => id);

test('a cluster is named by its folder, its name, or an address of itself, its REST API or its Ray', () => {
  const folder = join(clustersHome(), 'aaaa');
  for (const address of [
    folder,
    `${folder}/`,
    relative(process.cwd(), folder),
    'aaaa',
    join(home, 'digits.ipynb'),
    relative(process.cwd(), join(home, 'digits.ipynb')),
    'http://127.0.0.1:8000',
    'http://localhost:8000/digits?a=1',
    'localhost:8265',
    'http://127.0.0.1:8265/',
  ])
    assert.deepEqual(ids(address), ['aaaa'], address);
  assert.deepEqual(ids('nbserve start'), ['bbbb', 'cccc']);
  assert.deepEqual(
    [ids('https://HEAD:443'), ids('http://10.0.0.5:8265'), ids('ray://10.0.0.5:8265')],
    [['bbbb'], ['cccc'], ['cccc']],
  );
});

test('what names none is refused by its kind', () => {
  for (const [address, code] of [
    ['', 'NBS_INVALID_ADDRESS'],
    ['nowhere', 'NBS_CLUSTER_GONE'],
    ['.', 'NBS_CLUSTER_GONE'],
    ['/tmp/a:1/b', 'NBS_CLUSTER_GONE'],
    ['http://127.0.0.1:1', 'NBS_ADDRESS_OF_RAY'],
    ['head:6379', 'NBS_ADDRESS_OF_RAY'],
    ['[::1]:8265', 'NBS_ADDRESS_OF_RAY'],
    ['ray://head:10001', 'NBS_ADDRESS_OF_RAY'],
  ] as const) {
    assert.deepEqual(ids(address), [], address);
    assert.equal((noClusterNamed(address) as NodeJS.ErrnoException).code, code, address);
  }
  assert.equal(placeOf('http://[::1]:8265'), placeOf('[::1]:8265'));
});
