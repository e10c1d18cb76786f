/** The REST API on real processes: Ray's paths, and what it refuses. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { CommandFolder } from '../fixtures/command-folder.js';
import { until } from '../fixtures/wait.js';

const folder = new CommandFolder({
  'app.ts': `import { serve } from 'nbserve';
const Chat = serve.deployment(class Chat {
  greeting = 'none';
  reconfigure(config: { greeting: string }) { this.greeting = config.greeting; }
  fetch() { return { greeting: this.greeting, pid: process.pid }; }
});
export const app = Chat.bind();
`,
  'exits.ts': 'process.exit(3);\n',
  'throws.ts': 'throw new Error("no weights");\n',
});
let api = '';
let token = '';
let url = '';

before(async () => {
  const started = await folder.output(['start', '--port', '0', '--dashboard-port', '0']);
  api = /^REST API: (\S+)$/m.exec(started)?.[1] ?? '';
  url = /^url: (\S+)$/m.exec(started)?.[1] ?? '';
  token = (await folder.output(['token'])).trim();
});
after(() => folder.remove());

interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: JSON
  readonly body: any;
}
/** Sends a request with node:http, because `fetch` may not set Host and Origin. */
function call(
  method: string,
  path: string,
  options: { headers?: Record<string, string>; body?: string | Buffer } = {},
): Promise<Answer> {
  const { headers = { authorization: `Bearer ${token}` }, body } = options;
  return new Promise((resolve, reject) => {
    const sent = request(`${api}${path}`, { method, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        resolve({ status: response.statusCode ?? 0, body: text === '' ? null : JSON.parse(text) });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
const put = (config: unknown) => {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  return call('PUT', '/api/serve/applications/', { headers, body: JSON.stringify(config) });
};
const chat = (greeting: string) => ({
  applications: [
    { name: 'chat', route_prefix: '/chat', import_path: 'app:app', deployments: [{ name: 'Chat', user_config: { greeting } }] },
  ],
});
const ask = async () => (await (await fetch(`${url}/chat`)).json()) as { greeting: string; pid: number };

test("Ray's paths: PUT deploys, GET shows, the same PUT restarts nothing, DELETE deletes", async () => {
  const { body: version } = await call('GET', '/api/version');
  assert.equal(version.version, '4');
  assert.match(version.nbserve_version, /^\d+\.\d+\.\d+/);

  assert.deepEqual(await put(chat('hello')), { status: 200, body: { notes: [] } });
  const running = await until(async () => {
    const { chat: app } = (await call('GET', '/api/serve/applications/')).body.applications;
    return app?.status === 'RUNNING' && app;
  });
  assert.deepEqual(
    [running.source, running.route_prefix, running.deployments.Chat.status, running.deployments.Chat.replicas.length],
    ['declarative', '/chat', 'HEALTHY', 1],
  );
  assert.match(running.deployed_app_config.importPath, /\/app\.ts:app$/);
  const { greeting, pid } = await ask();
  assert.equal(greeting, 'hello');

  await put(chat('hello'));
  assert.equal((await ask()).pid, pid);
  await put(chat('hey'));
  await until(async () => (await ask()).greeting === 'hey');
  assert.equal((await ask()).pid, pid);

  const { body: one } = await call('GET', '/api/serve/applications/chat');
  assert.equal(one.name, 'chat');
  assert.match(await folder.output(['config']), /name: chat/);
  assert.deepEqual(Object.keys((await call('GET', '/api/serve/status')).body.applications), ['chat']);

  await put({ applications: [] });
  // Its replicas may have something to finish.
  await until(async () => Object.keys((await call('GET', '/api/serve/applications/')).body.applications).length === 0);
  await put(chat('again'));
  await until(async () => (await call('GET', '/api/serve/applications/chat')).body.status === 'RUNNING');
  assert.deepEqual(await call('DELETE', '/api/serve/applications/'), { status: 200, body: {} });
  assert.deepEqual(await call('DELETE', '/api/serve/applications/chat').then(({ status, body }) => [status, body.error.code]), [
    404,
    'NBS_NO_SUCH_APP',
  ]);
});

test('a configuration that cannot be deployed is a coded 400, and the API goes on', async () => {
  for (const [config, code, message] of [
    [
      { applications: [{ import_path: 'app:app', num_replicas: 1 }] },
      'NBS_INVALID_CONFIG',
      /configuration:1: an application has no key "num_replicas"/,
    ],
    [{ applications: [{ import_path: 'gone:app' }] }, 'NBS_NOT_DEPLOYED', /default: NBS_NO_MODULE_FILE/],
    [{ applications: [{ import_path: 'throws:app' }] }, 'NBS_NOT_DEPLOYED', /default: .*no weights/],
    [{ applications: [{ import_path: 'exits:app' }] }, 'NBS_NOT_DEPLOYED', /exit code 3/],
  ] as const) {
    const { status, body } = await put(config);
    assert.deepEqual([status, body.error.code], [400, code]);
    assert.match(body.error.message, message);
  }
  assert.equal((await call('GET', '/api/version')).status, 200);
});

test('without the token, with a wrong Host, or from a page of another origin, no path answers', async () => {
  const right = { authorization: `Bearer ${token}` };
  const paths = [
    '/',
    '/api/version',
    '/api/serve/applications/',
    '/api/serve/status',
    '/api/serve/applications/chat',
    '/nothing',
  ];
  for (const [headers, status, code] of [
    [{}, 401, 'NBS_UNAUTHORIZED'],
    [{ authorization: `Bearer ${token.slice(1)}` }, 401, 'NBS_UNAUTHORIZED'],
    [{ authorization: `Basic ${token}` }, 401, 'NBS_UNAUTHORIZED'],
    [{ 'nbserve-token': '' }, 401, 'NBS_UNAUTHORIZED'],
    [{ cookie: `nbserve-token=${token}` }, 401, 'NBS_UNAUTHORIZED'],
    [{ ...right, host: 'evil.example' }, 403, 'NBS_HOST_REFUSED'],
    [{ ...right, host: '127.0.0.1.evil.example:80' }, 403, 'NBS_HOST_REFUSED'],
    [{ ...right, origin: 'https://evil.example' }, 403, 'NBS_ORIGIN_REFUSED'],
    [{ ...right, origin: 'http://localhost:3000' }, 403, 'NBS_ORIGIN_REFUSED'],
    [{ ...right, origin: 'null' }, 403, 'NBS_ORIGIN_REFUSED'],
    [{ ...right, 'sec-fetch-site': 'cross-site' }, 403, 'NBS_ORIGIN_REFUSED'],
    [{ ...right, 'sec-fetch-site': 'same-site' }, 403, 'NBS_ORIGIN_REFUSED'],
    [{ ...right, referer: 'http://localhost:3000/page' }, 403, 'NBS_ORIGIN_REFUSED'],
  ] as const) {
    for (const path of paths) {
      for (const method of ['GET', 'PUT', 'DELETE', 'POST', 'OPTIONS']) {
        const answer = await call(method, path, { headers });
        assert.deepEqual([answer.status, answer.body.error.code], [status, code], `${method} ${path} ${JSON.stringify(headers)}`);
      }
    }
  }
  assert.equal((await call('GET', '/api/version', { headers: { 'nbserve-token': token } })).status, 200);
  assert.equal((await call('GET', '/api/version', { headers: { ...right, origin: api } })).status, 200);
});

test('each wrong call has a coded answer', async () => {
  const right = { authorization: `Bearer ${token}` };
  const yaml = { ...right, 'content-type': 'application/yaml' };
  for (const [method, path, options, status, code] of [
    ['GET', '/api', {}, 404, 'NBS_NO_ENDPOINT'],
    ['GET', '/api/serve/applications/a/b', {}, 404, 'NBS_NO_ENDPOINT'],
    ['GET', '/api/serve/applications/none', {}, 404, 'NBS_NO_SUCH_APP'],
    ['GET', '/api/serve/applications/__proto__', {}, 404, 'NBS_NO_SUCH_APP'],
    ['POST', '/api/serve/applications/', {}, 405, 'NBS_WRONG_CONTROL_METHOD'],
    ['PUT', '/api/version', {}, 405, 'NBS_WRONG_CONTROL_METHOD'],
    ['GET', '/api/%zz', {}, 400, 'NBS_BAD_CONTROL_CALL'],
    ['GET', `/${'x'.repeat(5000)}`, {}, 400, 'NBS_BAD_CONTROL_CALL'],
    [
      'PUT',
      '/api/serve/applications/',
      { headers: { ...right, 'content-type': 'text/plain' }, body: '{}' },
      415,
      'NBS_NOT_A_CONFIG_TYPE',
    ],
    ['PUT', '/api/serve/applications/', { headers: yaml, body: Buffer.from([0xff, 0xfe]) }, 400, 'NBS_BAD_CONTROL_CALL'],
    ['PUT', '/api/serve/applications/', { headers: yaml, body: '' }, 400, 'NBS_INVALID_CONFIG'],
    ['PUT', '/api/serve/applications/', { headers: yaml, body: '#'.repeat(1024 * 1024 + 1) }, 413, 'NBS_CONFIG_TOO_LARGE'],
  ] as const) {
    const answer = await call(method, path, options);
    assert.deepEqual([answer.status, answer.body.error.code], [status, code], `${method} ${path}`);
  }
  const { hostname, port } = new URL(api);
  for (const bytes of [
    'garbage\r\n\r\n',
    `CONNECT a:1 HTTP/1.1\r\nhost: ${hostname}\r\n\r\n`,
    'GET / HTTP/1.1\r\nhost: a\r\nhost : b\r\n\r\n',
  ]) {
    const socket = connect(Number(port), hostname);
    let text = '';
    socket.on('data', (chunk) => (text += String(chunk)));
    socket.write(bytes);
    await new Promise((resolve) => socket.on('close', resolve));
    assert.match(text, /^HTTP\/1\.1 400 [\s\S]*"NBS_BAD_CONTROL_CALL"/, bytes);
  }
});

/** Sends bytes. Resolves with what has arrived when the server has closed the connection. */
function raw(text: string): Promise<string> {
  const socket = connect({ port: Number(new URL(api).port), host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => {});
  socket.end(text);
  return new Promise((resolve) => {
    let got = '';
    socket.on('data', (chunk) => (got += chunk));
    socket.on('end', () => socket.end());
    socket.on('close', () => resolve(got));
  });
}

test('what Node would answer without a code or without a look at the token is refused with a code', async () => {
  const host = `Host: ${new URL(api).host}`;
  const bearer = `Authorization: Bearer ${token}`;
  const path = '/api/serve/applications/';
  const ask = async (method: string, ...lines: string[]): Promise<string> => {
    const answer = await raw(`${method} ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
    return (
      [.../HTTP\/1\.1 (\d+)/g[Symbol.matchAll](answer)].map(([, status]) => status).join() +
      (/"code":"(\w+)"/.exec(answer)?.[1] ?? '')
    );
  };
  assert.equal(await ask('GET', host, bearer, 'Expect: nothing'), '400NBS_BAD_CONTROL_CALL');
  assert.equal(await ask('GET', host, 'Expect: nothing'), '401NBS_UNAUTHORIZED');
  // The body is not asked for before it is known who sends it.
  const body = ['Expect: 100-continue', 'Content-Type: application/json', 'Content-Length: 2'];
  assert.equal(await ask('PUT', host, ...body), '401NBS_UNAUTHORIZED');
  assert.equal(await ask('PUT', 'Host: evil.example', bearer, ...body), '403NBS_HOST_REFUSED');
  // Node drops the headers behind the first 2000, unless it is told not to.
  const many = Array.from({ length: 2000 }, () => 'a:');
  assert.equal(await ask('GET', host, bearer, ...many, 'Origin: https://evil.example'), '403NBS_ORIGIN_REFUSED');
  assert.match(
    await raw(`PUT ${path} HTTP/1.1\r\n${host}\r\n${bearer}\r\n${body.join('\r\n')}\r\n\r\n{}`),
    /^HTTP\/1\.1 100 [\s\S]*HTTP\/1\.1 400 [\s\S]*"NBS_INVALID_CONFIG"/,
  );
});

test('a killed process of the API is started again at the same port', async () => {
  const { body } = await call('GET', '/api/version');
  const pid = readdirSync('/proc').find((name) => {
    try {
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8');
      return command.includes('dist/dashboard/main.js') && command.includes(body.session_name);
    } catch {
      return false;
    }
  });
  process.kill(Number(pid), 'SIGKILL');
  await until(() =>
    call('GET', '/api/version').then(
      (answer) => answer.status === 200,
      () => false,
    ),
  );
});
