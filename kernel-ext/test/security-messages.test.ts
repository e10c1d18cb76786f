import assert from 'node:assert/strict';
import { existsSync, statSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { Dealer } from 'zeromq';
import { Encoder, endpoint, type Frame, Signer } from '../dist/wire/index.js';
import { KernelClient, STUB_KERNEL } from './fixtures/client.js';

const CHANNELS = ['shell', 'control', 'stdin'] as const;
const RAN = 'globalThis.ran = (globalThis.ran ?? 0) + 1';

describe('a stranger at the ports of a kernel', () => {
  let kernel: KernelClient;
  before(async () => {
    kernel = await KernelClient.start({ entry: STUB_KERNEL });
  });
  after(() => kernel.kill());

  const sign = (parts: readonly Frame[]): Frame[] => {
    const signer = new Signer(kernel.connection);
    return ['<IDS|MSG>', signer.sign(parts as Buffer[]), ...parts];
  };
  const header = (type: string, id = Math.random().toString()): string =>
    JSON.stringify({ msg_id: id, msg_type: type, session: 's' });
  const evaluate = async (code: string): Promise<string> => {
    const { messages } = await kernel.execute(code);
    return JSON.stringify(messages.find(({ type }) => type === 'execute_result')?.content.data);
  };
  const ran = (): Promise<string> => evaluate('String(globalThis.ran)');
  const stillWell = async (): Promise<void> => {
    assert.equal((await kernel.execute('1')).reply.status, 'ok');
    assert.equal((await kernel.request('kernel_info_request', {}, 'control')).status, 'ok');
    assert.ok(kernel.alive);
  };

  it('signs with wrong keys: nothing runs', async () => {
    const { key } = kernel.connection;
    const keys = ['wrong', `${key}x`, key.slice(1), key.toUpperCase(), ' '];
    for (const wrong of keys) {
      const encoder = new Encoder(new Signer({ ...kernel.connection, key: wrong }), 'stranger');
      for (const channel of CHANNELS) {
        await kernel.sendRaw(encoder.encode('execute_request', { code: RAN }, { identities: [] }), channel);
        await kernel.sendRaw(encoder.encode('shutdown_request', { restart: false }, { identities: [] }), channel);
      }
    }
    // With another hash, in upper case, and with the parts in another order.
    const frames = kernel.encode('execute_request', { code: RAN });
    const [delimiter, signature, ...parts] = frames;
    const sha1 = new Signer({ ...kernel.connection, hash: 'sha1' }).sign(parts as string[]);
    for (const forged of [sha1, String(signature).toUpperCase(), `${String(signature)} `, String(signature).slice(0, 63)])
      await kernel.sendRaw([delimiter as Frame, forged, ...parts]);
    await kernel.sendRaw([
      delimiter as Frame,
      signature as Frame,
      parts[1] as Frame,
      parts[0] as Frame,
      parts[2] as Frame,
      parts[3] as Frame,
    ]);
    await stillWell();
    assert.match(await ran(), /undefined/);
  });

  it('moves bytes between the signed parts, which does not change the signature: nothing runs', async () => {
    const [delimiter, signature, head, parent, metadata, content] = kernel.encode('execute_request', { code: RAN }).map(String);
    const forms = [
      [`${head}${parent}`, '', metadata, content],
      [head, `${parent}${metadata}`, '', content],
      [head, '', `${parent}${metadata}`, content],
      ['', `${head}${parent}`, metadata, content],
    ];
    for (const form of forms) await kernel.sendRaw([delimiter as string, signature as string, ...(form as string[])]);
    await stillWell();
    assert.match(await ran(), /undefined/);
  });

  it('sends a recorded message again, on every channel: nothing ends', async () => {
    const frames = kernel.encode('interrupt_request', {});
    for (const channel of CHANNELS) {
      await kernel.sendRaw(frames, channel);
      await kernel.sendRaw(frames, channel);
    }
    // One of the six is accepted, depending on which socket is read first. It is not a request of the shell channel.
    const { msg_id } = JSON.parse(String(frames[2])) as { msg_id: string };
    const idles = (): number => kernel.of(msg_id).filter(({ content }) => content.execution_state === 'idle').length;
    await kernel.until(() => idles() === 1, 'its end');
    await stillWell();
  });

  it('uses the identity of another client: the other client still gets its answers', async () => {
    const stranger = new Dealer({ linger: 0, routingId: 'another-client' });
    stranger.connect(endpoint(kernel.connection, 'shell'));
    await stranger.send(['<IDS|MSG>', '', '{}', '{}', '{}', '{}']);
    await stillWell();
    stranger.close();
  });

  it('sends bytes that are not text, deep JSON, and names of prototypes, signed or not: nothing ends', async () => {
    const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
    const odd: Frame[][] = [
      [header('execute_request'), '{}', '{}', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])],
      [Buffer.from([0xff, 0xfe, 0x00]), '{}', '{}', '{}'],
      [header('execute_request'), '{}', '{}', `{"code":${deep}}`],
      [header('execute_request'), '{}', '{}', `{"code":"1","user_expressions":${deep}}`],
      [header('kernel_info_request'), deep, '{}', '{}'],
      [header('kernel_info_request'), 'no json', '{}', '{}'],
      [header('__proto__'), '{}', '{}', '{}'],
      [header('constructor'), '{}', '{}', '{}'],
      [header('execute_request'), '{}', '{}', '{"__proto__":{"code":"globalThis.ran = 1","silent":true}}'],
      [
        header('execute_request', '__proto__'),
        '{}',
        '{"__proto__":{"polluted":true}}',
        '{"code":"1","constructor":{"prototype":{"polluted":true}}}',
      ],
      [header('complete_request'), '{}', '{}', '{"code":5,"cursor_pos":-1}'],
      [header('complete_request'), '{}', '{}', '{"code":"a","cursor_pos":1e308}'],
      [header('inspect_request'), '{}', '{}', '{"cursor_pos":"x"}'],
      [header('history_request'), '{}', '{}', '{"hist_access_type":"__proto__","n":-1e9}'],
      [header('comm_open'), '{}', '{}', '{"comm_id":{"a":1},"target_name":"__proto__"}'],
      [header('comm_msg'), '{}', '{}', '{}'],
      [header('shutdown_requests'), '{}', '{}', '{}'],
      [header(`x${'y'.repeat(100_000)}_request`), '{}', '{}', '{}'],
    ];
    for (const channel of CHANNELS) {
      for (const parts of odd) {
        await kernel.sendRaw(sign(parts), channel);
        await kernel.sendRaw(['<IDS|MSG>', '0'.repeat(64), ...parts], channel);
      }
    }
    // Messages with a right signature ran as cells that fail, and a cell that fails drops the ones that wait.
    await kernel.execute('1');
    await stillWell();
    assert.match(await ran(), /undefined/);
    assert.match(await evaluate('String({}.polluted)'), /undefined/);
  });

  it('sends many parts, and parts of many megabytes: the next message is answered', async () => {
    await kernel.sendRaw(Array.from({ length: 10_000 }, () => 'x'));
    await kernel.sendRaw([...Array.from({ length: 1000 }, () => 'id'), '<IDS|MSG>', '', '{}', '{}', '{}', '{}']);
    await kernel.sendRaw(['<IDS|MSG>', '0'.repeat(64), Buffer.alloc(64 * 1024 * 1024), '{}', '{}', '{}']);
    await stillWell();
  });
});

describe('a kernel over socket files', () => {
  it('lets only its own user connect', async () => {
    const kernel = await KernelClient.start({ entry: STUB_KERNEL, transport: 'ipc' });
    try {
      for (const channel of ['shell', 'iopub', 'stdin', 'control', 'hb'] as const) {
        const path = endpoint(kernel.connection, channel).slice('ipc://'.length);
        assert.equal(statSync(path).mode & 0o077, 0, channel);
      }
    } finally {
      await kernel.kill();
    }
  });
});

describe('a recorded message', () => {
  it('is not accepted on another channel, nor by the next program of the kernel', async (t) => {
    const kernel = await KernelClient.start({ entry: STUB_KERNEL });
    t.after(() => kernel.kill());
    const refused = (): number => kernel.stderr.split('sent before').length - 1;
    const shutdown = kernel.encode('shutdown_request', { restart: true });
    // Somebody may have recorded any program of the user's. This one was sent on a channel on which it has no effect.
    await kernel.sendRaw(shutdown, 'stdin');
    // The second time it is refused, which shows that the kernel has read the first: each channel has a connection of its own.
    await kernel.sendRaw(shutdown, 'stdin');
    await kernel.until(() => refused() === 1, 'the refusal on stdin');
    const run = kernel.encode('execute_request', { code: RAN, store_history: false });
    await kernel.sendRaw(run);
    const value = async (): Promise<string> => {
      const { messages } = await kernel.execute('String(globalThis.ran)');
      return JSON.stringify(messages.find(({ type }) => type === 'execute_result')?.content.data);
    };
    assert.match(await value(), /'1'/);
    await kernel.sendRaw(shutdown, 'control');
    await kernel.until(() => refused() === 2, 'the refusal on control');
    await kernel.execute('process.getBuiltinModule("child_process").execSync("mkfifo fifo")');
    const cell = kernel.executing('console.log("in"); process.getBuiltinModule("fs").readFileSync("fifo")');
    await kernel.until(() => kernel.of(cell.id).some(({ type }) => type === 'stream'), 'the cell');
    await kernel.interrupt();
    await kernel.interrupt();
    assert.equal((await cell.done).reply.ename, 'NBS_KERNEL_REPLACED');
    await kernel.sendRaw(run);
    await kernel.sendRaw(shutdown, 'control');
    await kernel.until(() => refused() === 4, 'the refusals of the next program');
    assert.match(await value(), /undefined/);
    const { file } = kernel;
    assert.equal(statSync(`${file}.seen`).mode & 0o777, 0o600);
    await kernel.shutdown();
    assert.ok(!existsSync(`${file}.seen`));
  });
});
