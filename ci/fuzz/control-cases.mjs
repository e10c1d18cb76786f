// Wrong configurations and wrong calls of the REST API, by seed.
import { random } from '../sim/random.mjs';

const KEYS = [
  'name',
  'route_prefix',
  'importPath',
  'import_path',
  'num_replicas',
  'numReplicas',
  'autoscaling',
  'autoscaling_config',
  'ray_actor_options',
  'runtime_env',
  'deployments',
  'applications',
  'cluster',
  'http_options',
  'env',
  'args',
  'userConfig',
  '__proto__',
  'constructor',
  'toString',
  '',
  '<<',
  '?',
  'max_ongoing_requests',
  'resources',
  'hedging',
  'rolling_update',
  'graceful_shutdown_timeout_s',
  'proxy_location',
];
const VALUES = [
  null,
  true,
  -1,
  0,
  1e308,
  -1e308,
  2 ** 60,
  '',
  ' ',
  'auto',
  '/',
  '/-/x',
  '//',
  'a:b',
  '../../etc/passwd:x',
  'app.ts:',
  ':app',
  '\u0000:a',
  'x'.repeat(5000),
  '\ud800',
  '30s',
  '1e9h',
  [],
  {},
  [[]],
  [null],
  { name: null },
  '.nan',
  '${HOME}',
  '!!js/function',
];
const TEXTS = [
  '\t',
  ': ',
  '- ',
  '&a ',
  '*a',
  '!!binary ',
  '!!python/object:x ',
  '|',
  '>',
  '%YAML 9.9\n',
  '---\n',
  '...\n',
  '{',
  '}',
  '[',
  ']',
  '"',
  "'",
  '#',
  '\u0000',
  '\u2028',
  '\ufeff',
  '? ',
  '<<: *a\n',
  '\n\n',
  ',',
  '0x',
  '.inf',
  '~',
  'é',
  '\ud83d',
];

const valid = () => ({
  cluster: { port: 8000, proxyLocation: 'EveryNode' },
  applications: [
    {
      name: 'a',
      routePrefix: '/a',
      importPath: 'gone.ts:app',
      args: { x: 1 },
      deployments: [
        { name: 'A', numReplicas: 2, autoscaling: { maxReplicas: 3 }, resources: { cpu: 1 }, userConfig: { y: [1, 2] } },
      ],
    },
    {
      name: 'b',
      route_prefix: '/b',
      import_path: 'gone:app',
      runtime_env: { env_vars: { K: 'v' } },
      deployments: [{ name: 'B', num_replicas: 'auto', ray_actor_options: { num_cpus: 1 }, graceful_shutdown_timeout_s: 3 }],
    },
  ],
});

/** The text of a configuration that is probably wrong. */
export function configText(seed) {
  const draw = random(seed);
  const pick = (list) => list[Math.floor(draw() * list.length)];
  if (draw() < 0.05) return bomb(draw);
  const config = valid();
  const places = placesIn(config);
  for (let n = Math.floor(draw() * 4); n >= 0; n -= 1) {
    const [holder, key] = pick(places);
    const kind = draw();
    if (kind < 0.4) holder[key] = pick(VALUES);
    else if (kind < 0.7 && !Array.isArray(holder))
      Object.defineProperty(holder, pick(KEYS), { value: pick(VALUES), enumerable: true, configurable: true, writable: true });
    else if (kind < 0.85) delete holder[key];
    else holder[key] = nested(Math.floor(draw() * 200));
  }
  let text = JSON.stringify(config, null, draw() < 0.5 ? 1 : 0);
  if (draw() < 0.3) text = text.replaceAll(/^( *)"([\w]+)": /gm, '$1$2: ');
  for (let n = Math.floor(draw() * 6); n > 0; n -= 1) {
    const at = Math.floor(draw() * text.length);
    const kind = draw();
    if (kind < 0.4) text = text.slice(0, at) + pick(TEXTS) + text.slice(at);
    else if (kind < 0.6) text = text.slice(0, at) + text.slice(at + 1 + Math.floor(draw() * 20));
    else if (kind < 0.8) text = text.slice(0, at) + String.fromCharCode(Math.floor(draw() * 0x250)) + text.slice(at + 1);
    else if (kind < 0.9) text = text.slice(0, at);
    else text += text.slice(at);
  }
  return text;
}

function placesIn(value, found = []) {
  if (typeof value !== 'object' || value === null) return found;
  for (const key of Object.keys(value)) {
    found.push([value, Array.isArray(value) ? Number(key) : key]);
    placesIn(value[key], found);
  }
  return found;
}

function nested(depth) {
  /** @type {unknown} */
  let value = 1;
  for (let i = 0; i < depth; i += 1) value = i % 2 === 0 ? [value] : { a: value };
  return value;
}

function bomb(draw) {
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
  const levels = 2 + Math.floor(draw() * 12);
  for (let i = 1; i < levels; i += 1) lines.push(`a${i}: &a${i} [${`*a${i - 1}, `.repeat(10)}]`);
  return `${lines.join('\n')}\napplications: *a${levels - 1}\n`;
}

const PATHS = [
  '/',
  '/api',
  '/api/version',
  '/api/serve/applications/',
  '/api/serve/applications',
  '/api/serve/applications/x',
  '/api/serve/status',
  '/api/serve',
  '/api/../api/version',
  '//api/version',
  '/api/%2e%2e/x',
  '/api/%zz',
  '/api/serve/applications/%00',
  '/API/VERSION',
  '/api/version;x',
  `/${'y'.repeat(6000)}`,
];
const METHODS = ['GET', 'PUT', 'POST', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD', 'TRACE', 'PROPFIND', 'CONNECT', 'get', 'G T', ''];

/** The bytes of a call that is wrong in at least one way. */
export function callBytes(seed, { host, token }) {
  const draw = random(seed);
  const pick = (list) => list[Math.floor(draw() * list.length)];
  const right = [`host: ${host}`, `authorization: Bearer ${token}`];
  const wrong = pick([
    [`host: ${host}`],
    [`host: ${host}`, `authorization: Bearer ${token.slice(0, -1)}x`],
    [`host: ${host}`, 'authorization: Bearer'],
    [`host: ${host}`, `nbserve-token: ${token}${token}`],
    ['host: evil.example', `authorization: Bearer ${token}`],
    [`authorization: Bearer ${token}`],
    [...right, 'origin: https://evil.example'],
    [...right, 'origin: http://localhost:1'],
    [...right, 'sec-fetch-site: cross-site'],
    [...right, 'host: other'],
    [...right, 'content-length: -1'],
    [...right, 'content-length: 5', 'transfer-encoding: chunked'],
    [...right, 'transfer-encoding: gzip'],
    [...right, `x: ${'z'.repeat(20_000)}`],
    [...right, 'bad header'],
  ]);
  const body = draw() < 0.3 ? '{"applications":[]}' : '';
  const length =
    body !== '' && !wrong.some((line) => /^(content-length|transfer-encoding)/.test(line))
      ? [`content-length: ${body.length}`]
      : [];
  const head = [`${pick(METHODS)} ${pick(PATHS)} HTTP/1.1`, ...wrong, ...length, 'connection: close'].join('\r\n');
  const bytes = Buffer.from(`${head}\r\n\r\n${body}`, 'latin1');
  if (draw() < 0.2)
    for (let n = 0; n < 3; n += 1) bytes[Math.floor(draw() * Math.min(bytes.length, 40))] = Math.floor(draw() * 256);
  return bytes;
}
