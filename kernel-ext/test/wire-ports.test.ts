import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Dealer } from 'zeromq';
import { type Connection, Decoder, Encoder, endpoint, readConnectionFile, Signer } from '../dist/wire/index.js';
import { KernelClient, makeConnection, STUB_KERNEL } from './fixtures/client.js';

const CHANNELS = ['shell', 'iopub', 'stdin', 'control', 'hb'] as const;

describe('ports', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'nbk-ports-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  it('are told to a client that asks', async () => {
    const kernel = await KernelClient.start({ entry: STUB_KERNEL });
    const { ports } = kernel.connection;
    const expected = Object.fromEntries(CHANNELS.map((channel) => [`${channel}_port`, ports[channel]]));
    assert.deepEqual(await kernel.request('connect_request', {}), { status: 'ok', ...expected });
    await kernel.kill();
  });

  it('that the kernel chooses stand in the connection file, beside what else it has', async () => {
    const { file } = await makeConnection(folder, {});
    const raw = JSON.parse(readFileSync(file, 'utf8')) as object;
    const zeros = Object.fromEntries(CHANNELS.map((channel) => [`${channel}_port`, 0]));
    writeFileSync(file, JSON.stringify({ ...raw, ...zeros, own: 'kept' }));
    const child = spawn(process.execPath, [STUB_KERNEL, file], { stdio: 'ignore', env: { ...process.env, NBSERVE_HISTORY: '' } });
    const exited = once(child, 'exit');
    let connection: Connection;
    do {
      await sleep(20);
      assert.equal(child.exitCode, null);
      connection = readConnectionFile(file);
    } while (Object.values(connection.ports).includes(0));
    assert.equal((JSON.parse(readFileSync(file, 'utf8')) as { own: string }).own, 'kept');
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const signer = new Signer(connection);
    const socket = new Dealer({ linger: 0, sendTimeout: 10_000, receiveTimeout: 10_000 });
    socket.connect(endpoint(connection, 'control'));
    await socket.send(new Encoder(signer, 'ports').encode('shutdown_request', { restart: false }, { identities: [] }));
    const decoded = new Decoder(signer).decode(await socket.receive());
    assert.ok(decoded.ok && decoded.message.header.msg_type === 'shutdown_reply');
    socket.close();
    assert.deepEqual(await exited, [0, null]);
  });
});
