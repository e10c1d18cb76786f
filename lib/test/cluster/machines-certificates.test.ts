/** Certificates between machines: those of the user, and the daily replacement of those that a cluster makes. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, unwatchFile } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { isNbserveError, serve } from 'nbserve';
import { headCertificates } from '../../dist/engine/agent/head-certificates.js';
import { pinOf, readOwnCertificates } from '../../dist/engine/certificates/index.js';
import { listLocalClusters, stopCluster } from '../../dist/engine/index.js';
import { startDetached } from '../../dist/host/index.js';
import { type NodeFile, readNodeFile } from '../../dist/ipc/index.js';
import { CommandFolder } from '../fixtures/command-folder.js';
import { headOf, Machine } from '../fixtures/machine.js';
import { Where } from '../fixtures/machine-apps.js';
import { nodesOf } from '../fixtures/nodes.js';
import { hasOpenssl, type Made, TestAuthority } from '../fixtures/test-authority.js';
import { until } from '../fixtures/wait.js';

// No other test listens at these addresses.
const net = `127.${1 + ((process.pid >> 8) % 254)}.${process.pid % 256}`;
const HEAD = `${net}.12`;
const OTHER = `${net}.13`;

const commands = new CommandFolder();
after(() => commands.remove());

const aliveNode = (id: string) => async () => (await serve.status()).nodes.some((node) => node.id === id && node.alive);

/** A node joins, and has a replica that answers. */
async function joinWithReplica(machine: Machine, dir: string, more: readonly string[] = []): Promise<void> {
  machine.join(await headOf(commands, dir), more);
  await commands.output(['node', 'admit', await machine.fingerprint, '--name', 'other', '--address', dir]);
  await until(aliveNode('other'));
  await serve.run(Where.options({ numReplicas: 2 }).bind(), { name: 'where', routePrefix: null });
  assert.deepEqual(await nodesOf('where'), ['local', 'other']);
}

/** Calls until both machines have answered. */
async function bothAnswer(): Promise<void> {
  const handle = await serve.getAppHandle<typeof Where>('where');
  const seen = new Set<string>();
  await until(async () => {
    // One call after the other would stay on this machine.
    for (const machine of await Promise.all(Array.from({ length: 8 }, () => handle.machine.remote()))) seen.add(machine);
    return seen.size === 2;
  });
}

const nodeFileOf = (machine: Machine): NodeFile =>
  readNodeFile(join(machine.home, `nbs-${process.getuid?.()}`, machine.clusters()[0] as string)) as NodeFile;

/** The serial number of the certificate that is shown at an address. */
function shownAt(host: string, port: number, { ca, cert, key }: NodeFile): Promise<string> {
  return new Promise((resolve) => {
    const socket = connectTls({ host, port, ca, cert, key, checkServerIdentity: () => undefined });
    socket.on('error', () => {});
    socket.on('secureConnect', () => {
      resolve(socket.getPeerCertificate().serialNumber);
      socket.destroy();
    });
  });
}

const serialOf = (pem: string): string => new X509Certificate(pem).serialNumber;

describe('certificates of the user', { skip: hasOpenssl ? false : 'openssl is not installed' }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'nbst-'));
  let company: TestAuthority;
  let foreign: TestAuthority;
  let head: Made;
  let there: Made;
  const other = new Machine(OTHER, 'other');

  before(() => {
    company = new TestAuthority(folder, 'company');
    foreign = new TestAuthority(folder, 'foreign');
    head = company.issue('head', `IP:${HEAD}`);
    there = company.issue('there', `IP:${OTHER}`);
  });

  after(async () => {
    await serve.shutdown();
    await other.end();
    rmSync(folder, { recursive: true, force: true });
  });

  it('are refused with a reason if they cannot work', async () => {
    const cases: readonly [Made & { readonly serverName?: string }, RegExp][] = [
      [company.issue('old', `IP:${HEAD}`, { days: -1 }), /expired/],
      [{ ...head, ca: foreign.ca }, /the authority has not signed it/],
      [{ ...head, key: there.key }, /the key belongs to another certificate/],
      [there, new RegExp(`${HEAD}|altnames`)],
      [company.issue('server', `IP:${HEAD}`, { usage: 'serverAuth' }), /for servers and for clients/],
      [company.issue('client', `IP:${HEAD}`, { usage: 'clientAuth' }), /for servers and for clients/],
      [{ ...head, key: `${head.key}.missing` }, /ENOENT/],
      [{ ...head, cert: head.key }, /./],
      [{ ...head, serverName: 'models.internal' }, /models\.internal/],
    ];
    for (const [files, reason] of cases)
      await assert.rejects(
        readOwnCertificates(files, HEAD),
        (error: Error) => isNbserveError(error) && error.code === 'NBS_BAD_MACHINE_CERTIFICATE' && reason.test(error.message),
        String(reason),
      );
    const named = company.issue('named', 'DNS:models.internal');
    await readOwnCertificates({ ...named, serverName: 'models.internal' }, HEAD);
    await assert.rejects(
      serve.start({ port: 0, machines: { host: HEAD, tls: there } }),
      (error: Error) => isNbserveError(error) && error.code === 'NBS_BAD_MACHINE_CERTIFICATE',
    );
    await assert.rejects(
      serve.start({ port: 0, machines: { host: HEAD, tls: { cert: head.cert, key: head.key } as Made } }),
      (error: Error) => isNbserveError(error) && error.code === 'NBS_INVALID_OPTION',
    );
  });

  it('are what the machines show each other', async () => {
    await serve.start({ port: 0, machines: { host: HEAD, tls: head }, resources: { cpu: 4 } });
    const dir = listLocalClusters()[0]?.dir as string;
    await joinWithReplica(other, dir, ['--cert', there.cert, '--key', there.key, '--ca', there.ca]);
    await bothAnswer();
    assert.equal(nodeFileOf(other).cert, readFileSync(there.cert, 'utf8'));
    const [address] = await headOf(commands, dir);
    const port = Number(address.split(':').at(-1));
    assert.equal(await shownAt(HEAD, port, nodeFileOf(other)), serialOf(readFileSync(head.cert, 'utf8')));
  });

  it('are refused with a code when a node joins with others', async () => {
    const [address, pin] = await headOf(commands, listLocalClusters()[0]?.dir as string);
    const cases: readonly [Made, readonly [string, string], RegExp][] = [
      [foreign.issue('stranger', `IP:${OTHER}`), [address, pin], /NBS_OTHER_AUTHORITY: the authority in .* has not the pin/],
      [company.issue('late', `IP:${OTHER}`, { days: -1 }), [address, pin], /cannot be used between machines: it has expired/],
    ];
    for (const [{ cert, key, ca }, joins, message] of cases) {
      const liar = new Machine(OTHER, 'liar');
      liar.join(joins, ['--cert', cert, '--key', key, '--ca', ca]);
      assert.equal(await liar.ended, 1);
      assert.match(liar.lines.join('\n'), message);
      await liar.end();
    }
  });

  it('tell a stranger nothing, even if its certificate is of the same authority', async () => {
    const [address] = await headOf(commands, listLocalClusters()[0]?.dir as string);
    const port = Number(address.split(':').at(-1));
    const { cert, key, ca } = company.issue('colleague', `IP:${OTHER}`);
    const [certText, keyText, caText] = [cert, key, ca].map((path) => readFileSync(path, 'utf8'));
    for (const ALPNProtocols of [[], ['nbserve-admission']]) {
      const socket = connectTls({
        host: HEAD,
        port,
        cert: certText,
        key: keyText,
        ca: caText,
        ...(ALPNProtocols.length > 0 && { ALPNProtocols }),
      });
      let text = '';
      socket.on('data', (chunk) => (text += String(chunk)));
      socket.on('error', () => {});
      socket.write('nbserve\x01'.padEnd(40, 'x'));
      await new Promise((resolve) => socket.on('close', resolve));
      assert.doesNotMatch(text, /token|other|local/);
    }
  });

  it('are read again when the files change, for new connections', async () => {
    const [fresh, freshHead] = [company.issue('fresh', `IP:${OTHER}`), company.issue('fresh-head', `IP:${HEAD}`)];
    for (const [from, to] of [
      [fresh, there],
      [freshHead, head],
    ] as const) {
      copyFileSync(from.key, to.key);
      copyFileSync(from.cert, to.cert);
    }
    const cert = readFileSync(fresh.cert, 'utf8');
    await until(() => nodeFileOf(other).cert === cert);
    const [address] = await headOf(commands, listLocalClusters()[0]?.dir as string);
    const port = Number(address.split(':').at(-1));
    const wanted = serialOf(readFileSync(freshHead.cert, 'utf8'));
    await until(async () => (await shownAt(HEAD, port, nodeFileOf(other))) === wanted);
    await bothAnswer();
    // New replicas, and new connections to them.
    await serve.run(Where.options({ numReplicas: 4 }).bind(), { name: 'where', routePrefix: null });
    await bothAnswer();
    assert.equal((await serve.status()).nodes.length, 2);
  });
});

test('a new authority of the user has a new pin', { skip: hasOpenssl ? false : 'openssl is not installed' }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'nbst-'));
  const [old, young] = [new TestAuthority(folder, 'old'), new TestAuthority(folder, 'young')];
  const first = old.issue('head', `IP:${HEAD}`);
  const tls = { ...first, ca: join(folder, 'the-authority.crt') };
  copyFileSync(first.ca, tls.ca);
  const { certifier, onRenewed } = await headCertificates('head', 'token', { host: HEAD, port: 0, tls });
  assert.equal(certifier.pin, pinOf(readFileSync(old.ca, 'utf8')));
  let isRenewed = false;
  onRenewed(() => {
    isRenewed = true;
  });
  // This takes longer than the first look at the files.
  const next = young.issue('next', `IP:${HEAD}`);
  for (const part of ['cert', 'key', 'ca'] as const) copyFileSync(next[part], tls[part]);
  await until(() => isRenewed);
  assert.equal(certifier.pin, pinOf(readFileSync(young.ca, 'utf8')));
  for (const part of ['cert', 'key', 'ca'] as const) unwatchFile(tls[part]);
  rmSync(folder, { recursive: true, force: true });
});

describe('certificates that a cluster makes', () => {
  const other = new Machine(OTHER, 'other');
  let dir = '';

  after(async () => {
    await serve.shutdown();
    await stopCluster(dir, 1000);
    await other.end();
  });

  it('are replaced again and again on every node, while calls go on', async () => {
    ({ dir } = await startDetached(
      { host: '127.0.0.1', port: 0 },
      { name: 'rotation', another: true, nodes: undefined, machines: { host: HEAD, port: 0, renewEveryMs: 500 } },
    ));
    await serve.start({ address: dir });
    await joinWithReplica(other, dir);
    const [address] = await headOf(commands, dir);
    const port = Number(address.split(':').at(-1));
    const [mine, theirs] = [nodeFileOf(other).cert, readNodeFile(dir)?.cert];
    const shown = await shownAt(HEAD, port, nodeFileOf(other));
    await until(() => nodeFileOf(other).cert !== mine && readNodeFile(dir)?.cert !== theirs);
    assert.ok(new X509Certificate(nodeFileOf(other).cert).checkIssued(new X509Certificate(nodeFileOf(other).ca)));
    // What the head shows is read again by its listener.
    await until(async () => (await shownAt(HEAD, port, nodeFileOf(other))) !== shown);
    await bothAnswer();
    await serve.run(Where.options({ numReplicas: 4 }).bind(), { name: 'where', routePrefix: null });
    await bothAnswer();
  });
});
