// A Jupyter client, the same for every measured kernel. Times are from sending the request until both its reply and its idle have come.
import { createHmac, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Dealer, Subscriber } from 'zeromq';
import { start } from './processes.mjs';

const CHANNELS = ['shell', 'iopub', 'stdin', 'control', 'hb'];
const DELIMITER = Buffer.from('<IDS|MSG>');
const SOCKET = { linger: 0, reconnectInterval: 5, reconnectMaxInterval: 5 };

export class KernelClient {
  #folder = mkdtempSync(join(tmpdir(), 'nbs-bench-'));
  #waiting = new Map();
  #sockets = {};
  #session = randomUUID();
  #key = randomUUID();
  child;
  /** The time from the process's start to its first kernel_info_reply, in ms. */
  readyMs;

  /** Starts a kernel and waits until it answers. @param argv command with `{connection_file}` @param cwd folder of the notebook */
  static async start(argv, { cwd, env = {} }) {
    const client = new KernelClient();
    const file = join(client.#folder, 'connection.json');
    const ports = await freePorts(CHANNELS.length);
    const content = JSON.stringify({
      transport: 'tcp',
      ip: '127.0.0.1',
      key: client.#key,
      signature_scheme: 'hmac-sha256',
      kernel_name: 'bench',
      ...Object.fromEntries(CHANNELS.map((name, at) => [`${name}_port`, ports[at]])),
    });
    writeFileSync(file, content, { mode: 0o600 });
    const begun = performance.now();
    client.child = start(
      argv[0],
      argv.slice(1).map((part) => part.replace('{connection_file}', file)),
      {
        cwd,
        env: { ...process.env, ...env },
      },
    );
    client.child.stdout.resume();
    void client.child.exited.then(() => {
      for (const one of client.#waiting.values()) one.reject(new Error(`the kernel ended: ${client.child.errors}`));
    });
    const port = (name) => ports[CHANNELS.indexOf(name)];
    void client.#listen('iopub', new Subscriber(SOCKET), port('iopub'));
    client.#sockets.iopub.subscribe();
    void client.#listen('shell', new Dealer(SOCKET), port('shell'));
    void client.#listen('control', new Dealer(SOCKET), port('control'));
    await client.#request('shell', 'kernel_info_request', {}, { idle: false });
    client.readyMs = performance.now() - begun;
    return client;
  }

  /** Runs a cell. Resolves with the time in ms and the text that it showed. @throws with the cell's own error */
  async execute(code) {
    const begun = performance.now();
    const content = { code, silent: false, store_history: true, user_expressions: {}, allow_stdin: false, stop_on_error: true };
    const { reply, text } = await this.#request('shell', 'execute_request', content, { idle: true });
    if (reply.status !== 'ok') throw new Error(`${reply.ename}: ${reply.evalue}\n${(reply.traceback ?? []).join('\n')}`);
    return { ms: performance.now() - begun, text };
  }

  /** What fits behind the code. Resolves with the time in ms and the names. */
  async complete(code) {
    const begun = performance.now();
    const { reply } = await this.#request('shell', 'complete_request', { code, cursor_pos: code.length }, { idle: true });
    return { ms: performance.now() - begun, names: reply.matches };
  }

  async end() {
    this.#request('control', 'shutdown_request', { restart: false }, { idle: false }).catch(() => {});
    const timer = setTimeout(() => this.child.kill('SIGKILL'), 10_000);
    await this.child.exited;
    clearTimeout(timer);
    for (const socket of Object.values(this.#sockets)) socket.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #request(channel, type, content, { idle }) {
    return new Promise((resolve, reject) => {
      const id = randomUUID();
      const date = new Date().toISOString();
      const header = { msg_id: id, msg_type: type, session: this.#session, username: 'bench', date, version: '5.3' };
      const parts = [header, {}, {}, content].map((part) => JSON.stringify(part));
      const signature = createHmac('sha256', this.#key).update(parts.join('')).digest('hex');
      this.#waiting.set(id, { resolve, reject, idle: !idle, reply: undefined, text: '' });
      void this.#sockets[channel].send(['<IDS|MSG>', signature, ...parts]);
    });
  }

  async #listen(name, socket, port) {
    this.#sockets[name] = socket;
    socket.connect(`tcp://127.0.0.1:${port}`);
    try {
      for await (const frames of socket) this.#take(frames);
    } catch {
      // Closed.
    }
  }

  #take(frames) {
    const at = frames.findIndex((frame) => frame.equals(DELIMITER));
    const [header, parent, , content] = frames.slice(at + 2, at + 6).map((part) => JSON.parse(part));
    const one = this.#waiting.get(parent.msg_id);
    if (one === undefined) return;
    if (header.msg_type.endsWith('_reply')) one.reply = content;
    if (header.msg_type === 'status' && content.execution_state === 'idle') one.idle = true;
    if (header.msg_type === 'stream') one.text += content.text;
    if (header.msg_type === 'execute_result') one.text += content.data['text/plain'];
    if (one.reply === undefined || !one.idle) return;
    this.#waiting.delete(parent.msg_id);
    one.resolve({ reply: one.reply, text: one.text });
  }
}

async function freePorts(count) {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => /** @type {import('node:net').AddressInfo} */ (server.address()).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
