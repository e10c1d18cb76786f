import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Dealer } from 'zeromq';
import { Encoder, endpoint, Signer, socketPath } from '../dist/wire/index.js';
import { KERNEL, KernelClient, makeConnection, STUB_KERNEL } from './fixtures/client.js';
import { isRunning } from './fixtures/processes.js';

const kernels: KernelClient[] = [];
async function start(options: Parameters<typeof KernelClient.start>[0] = {}): Promise<KernelClient> {
  const kernel = await KernelClient.start({ entry: STUB_KERNEL, ...options });
  kernels.push(kernel);
  return kernel;
}

describe('the end of a kernel', () => {
  after(() => Promise.all(kernels.map((kernel) => kernel.kill())));

  it('requested on control: it replies, publishes on iopub, and exits with 0', async () => {
    const kernel = await start();
    const reply = await kernel.request('shutdown_request', { restart: true }, 'control');
    assert.deepEqual(reply, { status: 'ok', restart: true });
    assert.deepEqual(await kernel.exited, { code: 0, signal: null });
    assert.ok(kernel.iopub.some(({ type }) => type === 'shutdown_reply'));
  });

  it('requested on shell works too', async () => {
    const kernel = await start();
    assert.equal((await kernel.request('shutdown_request', { restart: false })).status, 'ok');
    assert.deepEqual(await kernel.exited, { code: 0, signal: null });
  });

  it('comes also while user code blocks the main thread', async () => {
    const kernel = await start();
    const { id, done } = kernel.executing('console.log("in"); for (;;);');
    done.catch(() => {});
    await kernel.until(() => kernel.of(id).some(({ type }) => type === 'stream'), 'the cell');
    kernel.send('shutdown_request', { restart: false }, 'control');
    assert.deepEqual(await kernel.exited, { code: 0, signal: null });
  });

  it('comes with SIGTERM', async () => {
    const kernel = await start();
    kernel.child.kill('SIGTERM');
    assert.deepEqual(await kernel.exited, { code: 0, signal: null });
  });

  it('does not come with process.exit, an uncaught error or a rejection', async () => {
    const kernel = await start();
    assert.equal((await kernel.execute('process.exit(3)')).reply.ename, 'NbserveError');
    await kernel.execute('setTimeout(() => process.exit(4), 1); setTimeout(() => { throw new Error("in a timer") }, 2)');
    await kernel.execute('Promise.reject(new Error("left alone")); 1');
    await kernel.until(() => /left alone/.test(kernel.stderr) && /in a timer/.test(kernel.stderr), 'reports');
    assert.equal((await kernel.execute('1')).reply.status, 'ok');
    await kernel.shutdown();
    assert.deepEqual(await kernel.exited, { code: 0, signal: null });
  });

  it('comes if its control thread fails, also while timers of the notebook run', async () => {
    const kernel = await start({ transport: 'ipc' });
    // The thread cannot read this message.
    const { done } = kernel.executing(
      `const { prototype } = process.getBuiltinModule('node:worker_threads').Worker; const own = prototype.postMessage;
setInterval(() => {}, 1000); prototype.postMessage = function () { own.call(this, { kind: 'together' }); };`,
    );
    await Promise.all([assert.rejects(done), kernel.exited]);
    assert.deepEqual(await kernel.exited, { code: null, signal: 'SIGKILL' });
    assert.match(kernel.stderr, /the control thread has ended \(TypeError.+, so the kernel ends too/s);
    assert.ok(!existsSync(socketPath(kernel.connection, 'shell')));
  });

  it('leaves no socket file behind', async () => {
    const kernel = await start({ transport: 'ipc' });
    const folder = path.dirname(socketPath(kernel.connection, 'shell'));
    kernel.send('shutdown_request', { restart: false }, 'control');
    await kernel.exited;
    assert.deepEqual(readdirSync(folder), ['connection.json']);
  });

  for (const [name, code, entry, ...program] of [
    ["its parent's, if it is idle", '1', STUB_KERNEL],
    ["its parent's, if it runs a busy loop", 'for (;;);', STUB_KERNEL],
    ["VS Code's, which does not say that it is the parent", '1', KERNEL, 'vscode'],
  ] as const) {
    it(`comes with ${name}`, async () => {
      const folder = mkdtempSync(path.join(tmpdir(), 'nbk-parent-'));
      const { file, connection } = await makeConnection(folder, { transport: 'ipc' });
      const parentMain = fileURLToPath(new URL('./fixtures/parent.js', import.meta.url));
      const parent = spawn(process.execPath, [parentMain, entry, file, ...program], { stdio: ['ignore', 'pipe', 'inherit'] });
      const [line] = (await once(parent.stdout, 'data')) as [Buffer];
      const pid = Number(line.toString());
      const shell = new Dealer({ linger: 0 });
      shell.connect(endpoint(connection, 'shell'));
      const encoder = new Encoder(new Signer(connection), 'test');
      await shell.send(encoder.encode('kernel_info_request', {}, { identities: [] }));
      await shell.receive();
      await shell.send(encoder.encode('execute_request', { code }, { identities: [] }));
      parent.kill('SIGKILL');
      while (isRunning(pid)) await sleep(50);
      shell.close();
      assert.ok(!existsSync(socketPath(connection, 'shell')));
      rmSync(folder, { recursive: true });
    });
  }

  it('comes at once, with a code, if a port is taken', async () => {
    const kernel = await start({ transport: 'tcp' });
    const folder = mkdtempSync(path.join(tmpdir(), 'nbk-taken-'));
    const { file } = await makeConnection(folder, {});
    const { writeFileSync, readFileSync } = await import('node:fs');
    const raw = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    writeFileSync(file, JSON.stringify({ ...raw, control_port: kernel.connection.ports.control }));
    const second = spawn(process.execPath, [KERNEL, file], { stdio: ['ignore', 'ignore', 'pipe'] });
    let stderr = '';
    second.stderr.on('data', (data: Buffer) => {
      stderr += data.toString();
    });
    // At its exit, what it printed may not have been read to the end.
    const [code] = (await once(second, 'close')) as [number];
    assert.equal(code, 1, stderr);
    assert.match(stderr, /NBS_KERNEL_BIND/);
    rmSync(folder, { recursive: true });
  });
});
