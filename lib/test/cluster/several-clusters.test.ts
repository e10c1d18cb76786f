/** Several clusters of one user at once: the command line shows all of them, and says how to name one. */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { serve } from 'nbserve';
import { Client, listLocalClusters, setOwnerName } from 'nbserve/host';
import { Chat } from '../fixtures/apps.js';
import { assertNothingLeft, home } from '../fixtures/engine-harness.js';
import { until } from '../fixtures/wait.js';

const NBSERVE = fileURLToPath(new URL('../../bin/nbserve.js', import.meta.url));
const APPS = pathToFileURL(fileURLToPath(new URL('../fixtures/apps.js', import.meta.url))).href;

const nbserve = (...args: string[]) => promisify(execFile)(process.execPath, [NBSERVE, ...args]);
const failure = async (...args: string[]): Promise<string> => {
  const { stderr } = await nbserve(...args).then(
    () => assert.fail(`${args.join(' ')} ended well`),
    (error: { stderr: string }) => error,
  );
  return stderr;
};

let running: ReturnType<typeof spawn> | undefined;

after(async () => {
  running?.kill('SIGINT');
  if (running !== undefined) await until(() => running?.exitCode !== null);
  await serve.shutdown();
  assertNothingLeft();
});

test('with none, each command says so', async () => {
  for (const command of [['status'], ['delete', 'x'], ['logs'], ['traffic', '/']])
    assert.match(await failure(...command), /^NBS_NO_CLUSTER/, command.join(' '));
});

test('status shows every cluster, by its notebook or command; other commands name the choices so that they can be pasted', async () => {
  setOwnerName('/home/ada/digits\u001b[31m.ipynb');
  await serve.start({ port: 0 });
  await serve.run(Chat.bind({ msg: '' }), { name: 'chat' });
  const alone = await nbserve('status');
  assert.match(alone.stdout, /^cluster: \/home\/ada\/digits\?\[31m\.ipynb\naddress: \S+\nage: \d+ s\nurl: http/);

  writeFileSync(
    join(home, 'app.mjs'),
    `import { Chat } from ${JSON.stringify(APPS)};\nexport const app = Chat.bind({ msg: '' });\n`,
  );
  running = spawn(process.execPath, [NBSERVE, 'run', `${home}/app.mjs:app`, '--port', '0', '--name', 'greeter'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  running.stdout?.on('data', (chunk: Buffer) => {
    printed += chunk.toString();
  });
  await until(() => printed.includes('runs at'));

  const { stdout } = await nbserve('status');
  const [first, second, ...others] = stdout.split('\n\n');
  assert.equal(others.length, 0);
  assert.match(first ?? '', /^cluster: \/home\/ada.*\n[\s\S]*Chat: HEALTHY/);
  assert.match(second ?? '', /^cluster: nbserve run \S+app\.mjs:app in \/\S+\naddress: \S+\nage: \d+ s\n[\s\S]* {2}greeter:/);

  for (const command of [
    ['status', '--json'],
    ['status', '--url'],
    ['delete', 'chat'],
    ['logs'],
    ['traffic', '/'],
    ['canary', '/', 'v2'],
  ]) {
    const said = await failure(...command);
    assert.match(said, /^NBS_SEVERAL_CLUSTERS/, command.join(' '));
    const choices = [...said.matchAll(/^ {2}--address (\S+) {3}# (.*), for \d+ s, http/gm)];
    assert.deepEqual(
      choices.map(([, , name]) => name?.startsWith('nbserve run')),
      [false, true],
      said,
    );
  }
  const [, address = ''] = /--address (\S+) {3}# nbserve run/.exec(await failure('delete', 'greeter')) ?? [];
  assert.match((await nbserve('status', '--address', address)).stdout, /^url: [\s\S]*greeter/);
  assert.match((await nbserve('status', '--cluster', address)).stdout, /greeter/, 'the older name of the option');
  assert.match((await nbserve('delete', 'greeter', '--address', address)).stdout, /deleted greeter/);
});

test('every command that takes an address takes a name or a URL of the cluster, and refuses what names none by its kind', async () => {
  const { url } = await serve.status();
  const { id, name } = listLocalClusters().find((one) => one.url === url) ?? assert.fail('the own cluster is not listed');
  for (const address of [url, url.replace('127.0.0.1', 'localhost'), new URL(url).host, id, name]) {
    assert.equal((await nbserve('status', '--url', '--address', address)).stdout, `${url}\n`, address);
  }
  assert.equal((await nbserve('config', '--address', url)).stdout, 'applications: []\n');
  assert.match(
    (await nbserve('run', `${home}/app.mjs:app`, '--address', url, '--name', 'there', '--route-prefix', '/there')).stdout,
    /^there runs at/,
  );
  assert.match((await nbserve('delete', 'there', '--address', id)).stdout, /^deleted there/);
  writeFileSync(join(home, 'none.yaml'), 'applications: []\n');
  const status = ['status'];
  const run = ['run', `${home}/app.mjs:app`];
  const deploy = ['deploy', `${home}/none.yaml`];
  const stop = ['stop'];
  const ways = [
    ['status', '--json'],
    ['delete', 'chat'],
    ['logs'],
    ['traffic', '/'],
    ['canary', '/', 'v2'],
    ['token'],
    ['config'],
  ];
  for (const [address, code, commands] of [
    ['http://127.0.0.1:1', 'NBS_ADDRESS_OF_RAY', [status, run, deploy, stop, ...ways, ['node', 'address']]],
    ['127.0.0.1:1', 'NBS_ADDRESS_OF_RAY', [status]],
    ['nowhere', 'NBS_CLUSTER_GONE', [status, run, stop]],
    ['', 'NBS_INVALID_ADDRESS', [run, stop]],
    ['auto', 'NBS_NO_DETACHED_CLUSTER', [status, stop]],
  ] as const)
    for (const command of commands)
      assert.match(await failure(...command, '--address', address), new RegExp(`^${code}: `), `${command.join(' ')} ${address}`);
});

test('a port that is taken is refused with its code, by every command that takes one', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  for (const command of [['start'], ['run', `${home}/app.mjs:app`]]) {
    const said = await failure(...command, '--port', String(port));
    assert.match(said, new RegExp(`^NBS_PORT_IN_USE: port ${port} on 127\\.0\\.0\\.1 is in use by process ${process.pid} .*\n$`));
  }
});

test('a port that a cluster has is refused with the name of the cluster', async () => {
  const { url } = await serve.status();
  const said = await failure('start', '--port', new URL(url).port);
  assert.match(said, /is in use by process \d+ \(nbserve: \/home\/ada\/digits\?\[31m\.ipynb\); choose another port/);
});

test('a process with a cluster of its own can join another one for a while; its handles remain its own', async () => {
  const handle = await serve.getAppHandle<typeof Chat>('chat');
  const other = listLocalClusters().find(({ name }) => name?.includes('app.mjs') === true);
  const joined = await Client.join(other?.dir ?? assert.fail('the other cluster is not listed'));
  assert.equal(new URL(handle.url).origin, (await serve.status()).url);
  assert.equal(await handle.getResponse.remote('a'), 'a');
  await joined.close();
  assert.equal(await handle.getResponse.remote('b'), 'b');
  assert.equal(await (await serve.getAppHandle<typeof Chat>('chat')).getResponse.remote('c'), 'c');
});
