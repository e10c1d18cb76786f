/** A kernel behind a real JupyterHub: users log in, run cells through the hub's proxy, and reach what they serve through jupyter-server-proxy. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { findJupyterHub, HUB_NAME, Hub, HubUser } from './fixtures/hub.js';
import { descendants, gone } from './fixtures/processes.js';

const NBSERVE = fileURLToPath(new URL('../../lib/bin/nbserve.js', import.meta.url));
const MODULES = fileURLToPath(new URL('../../node_modules/', import.meta.url));
const programs = await findJupyterHub();
const missing = 'unreachable' in programs && `the npm registry: ${programs.unreachable}`;

const APPLICATION = `import websocket from '@fastify/websocket';
import { ingress, type FastifyInstance } from 'nbserve/ingress';
import { Readable } from 'node:stream';
let go = () => {};
class App {
  async routes(app: FastifyInstance) {
    await app.register(websocket);
    app.get('/', (request) => 'hello ' + request.headers.host);
    app.post('/', (request) => ({ got: request.body }));
    app.get('/old', (_, reply) => reply.redirect('/app/'));
    app.get('/events', (_, reply) => reply.type('text/event-stream').send(Readable.from((async function* () {
      yield 'data: one\\n\\n';
      await new Promise<void>((resolve) => { go = resolve; });
      yield 'data: two\\n\\n';
    })())));
    app.get('/go', () => { go(); return 'gone'; });
    app.get('/chat', { websocket: true }, (socket) => {
      socket.on('message', (message) => socket.send('you said ' + message));
    });
  }
}
const app = serve.deployment(ingress(App)).bind();`;

describe('JupyterHub', { skip: missing }, () => {
  let root: string;
  let clusters: string;
  let hub: Hub;
  let ada: HubUser;
  let bob: HubUser;
  let kernel: Awaited<ReturnType<HubUser['startKernel']>>;
  /** Where the address below 127.0.0.1 that a cell has printed is for this user of the hub. */
  const pathOf = (user: HubUser, output: string): string => `/user/${user.name}/proxy/${/127\.0\.0\.1:(\d+)/.exec(output)?.[1]}`;

  before(async () => {
    // Its path is short, because kernels have their sockets below the users' folders.
    root = mkdtempSync('/tmp/nbh-');
    clusters = process.env.NBSERVE_HOME ?? join(root, 'clusters');
    const installed = spawnSync(process.execPath, [NBSERVE, 'install', '--prefix', join(root, 'env')], { encoding: 'utf8' });
    assert.equal(installed.status, 0, installed.stderr);
    mkdirSync(join(root, 'ada'));
    symlinkSync(MODULES, join(root, 'ada', 'node_modules'));
    mkdirSync(join(root, 'tmp'));
    const { NBSERVE_TEST_RUN = '' } = process.env;
    hub = await Hub.start(programs as Exclude<typeof programs, { unreachable: string }>, root, {
      JUPYTER_PATH: join(root, 'env', 'share', 'jupyter'),
      NBSERVE_HOME: clusters,
      NBSERVE_TEST_RUN,
      TMPDIR: join(root, 'tmp'),
    });
    [ada, bob] = await Promise.all([HubUser.logIn(hub, 'ada'), HubUser.logIn(hub, 'bob')]);
    kernel = await ada.startKernel();
  });
  after(async () => {
    kernel?.close();
    await hub?.stop();
    rmSync(root, { recursive: true, force: true, maxRetries: 5 });
  });

  it('runs cells in the folder of the user, who alone can connect to the kernel', async () => {
    assert.equal(await kernel.run('console.log(process.cwd(), process.env.HOME)'), `${root}/ada ${root}/ada\n`);
    const files = readdirSync(join(root, 'ada', '.local', 'share', 'jupyter', 'runtime'));
    assert.ok(
      files.some((name) => /^kernel-.*-ipc-\d$/.test(name)),
      files.join(),
    );
  });

  it('has a name that a server refuses if it does not know it', async () => {
    const output = await kernel.run(`${APPLICATION}\nawait serve.run(app, { routePrefix: '/app' });\n(await serve.status()).url`);
    const { status, text } = await ada.ask(`${pathOf(ada, output)}/app/`);
    assert.equal(status, 403, output);
    assert.match(text, /NBS_HOST_REFUSED.*hub\.example\.org.*allowedHosts/);
    // The user tries what the answer says.
    assert.match(
      await kernel.run(`await serve.start({ allowedHosts: ['${HUB_NAME}'] })`),
      /ignores allowedHosts.*serve\.shutdown\(\)/,
    );
    await kernel.run('await serve.shutdown()');
  });

  it('passes on requests, streams, redirects and WebSockets to a server that knows its name', async () => {
    const output = await kernel.run(
      `await serve.start({ allowedHosts: ['${HUB_NAME}'] });\nawait serve.run(app, { routePrefix: '/app' });\n(await serve.status()).url`,
    );
    const base = `${pathOf(ada, output)}/app`;
    const page = { referer: `http://${HUB_NAME}/user/ada/lab`, 'sec-fetch-site': 'same-origin' };
    assert.equal((await ada.ask(`${base}/`, { headers: page })).text, `hello ${HUB_NAME}`, output);
    const post = { method: 'POST', body: '{"n":1}' };
    const json = { 'content-type': 'application/json' };
    const own = await ada.ask(`${base}/`, { ...post, headers: { ...json, origin: `http://${HUB_NAME}` } });
    assert.equal(own.text, '{"got":{"n":1}}');
    const foreign = await ada.ask(`${base}/`, { ...post, headers: { ...json, origin: 'https://evil.example' } });
    assert.match(foreign.text, /NBS_ORIGIN_REFUSED/);
    assert.equal((await ada.ask(`${base}/old`)).headers.location, `${base}/`);

    // The second event comes after the first one was read.
    const events = await ada.ask(`${base}/events`, {
      headers: { accept: 'text/event-stream' },
      onPart: (text) => {
        if (text.includes('one')) void ada.ask(`${base}/go`);
      },
    });
    assert.equal(events.text, 'data: one\n\ndata: two\n\n');

    const socket = await ada.connect(`${base}/chat`);
    socket.send('hello');
    assert.equal(String((await once(socket, 'message'))[0]), 'you said hello');
    socket.close();
  });

  it('keeps its users apart, and leaves nothing of a server that it stops', async () => {
    const address = (await kernel.run('(await serve.status()).url')).trim();
    const foreign = await bob.ask(`${pathOf(ada, address)}/app/`);
    assert.notEqual(foreign.status, 200, foreign.text);
    const other = await bob.startKernel();
    const output = await other.run(
      "await serve.run(serve.deployment(class B { fetch() { return 'bob'; } }).bind());\nconst { url } = await serve.status();\nconsole.log(url, process.pid, await (await fetch(url)).text());",
    );
    assert.match(output, /^http.* bob$/m);
    assert.notEqual(pathOf(bob, output).replace('bob', 'ada'), pathOf(ada, address));

    const pid = Number(await kernel.run('console.log(process.pid)'));
    const pids = [pid, ...descendants(pid)];
    assert.ok(pids.length > 4);
    await ada.stopServer();
    await gone(pids);

    const bobs = Number(/ (\d+) bob/.exec(output)?.[1]);
    const left = [bobs, ...descendants(bobs)];
    assert.ok(left.length > 4);
    await hub.stop();
    await gone(left);
    assert.deepEqual(
      readdirSync(clusters).flatMap((name) => (name.startsWith('nbs-') ? readdirSync(join(clusters, name)) : [])),
      [],
    );
    other.close();
  });
});
