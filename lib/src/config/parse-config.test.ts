import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatConfig, parseConfig } from './index.js';

const parse = (text: string) => parseConfig(text, 'c.yaml', '/srv');

/** The message of the error with which the text is refused. */
async function refusal(text: string): Promise<string> {
  const error = await parse(text).then(
    () => assert.fail(`accepted: ${text}`),
    (thrown: Error & { code?: string }) => thrown,
  );
  assert.equal(error.code, 'NBS_INVALID_CONFIG', String(error.stack));
  return error.message;
}

const ours = `
cluster: { host: 127.0.0.1, port: 8000, proxyLocation: HeadOnly }
applications:
  - name: chat
    routePrefix: /chat
    importPath: app.ts:app
    args: { a: 1 }
    env: { MODE: test }
    deployments:
      - name: Chat
        numReplicas: auto
        autoscaling: { maxReplicas: 4, upscaleDelay: 3000 }
        maxOngoingRequests: 5
        resources: { cpu: 1, gpu: 0.5, memory: 100, custom: { accelerator: 1 } }
        userConfig: { limit: null }
`;

const rays = `
proxy_location: HeadOnly
http_options: { host: 127.0.0.1, port: 8000, keep_alive_timeout_s: 5 }
applications:
  - name: chat
    route_prefix: /chat
    import_path: app.ts:app
    args: { a: 1 }
    runtime_env: { env_vars: { MODE: test } }
    deployments:
      - name: Chat
        num_replicas: auto
        autoscaling_config: { max_replicas: 4, upscale_delay_s: 3, min_replicas: null }
        max_ongoing_requests: 5
        ray_actor_options: { num_cpus: 1, num_gpus: 0.5, memory: 100, resources: { accelerator: 1 } }
        user_config: { limit: null }
        graceful_shutdown_wait_loop_s: 2
`;

test("Ray's names of a configuration mean the same as nbserve's", async () => {
  const [one, other] = [await parse(ours), await parse(rays)];
  assert.deepEqual(other.cluster, one.cluster);
  assert.deepEqual(other.applications, one.applications);
  assert.deepEqual(one.notes, []);
  assert.equal(other.notes.length, 2);
  assert.match(other.notes.join('\n'), /keep_alive_timeout_s[^\n]*left out[\s\S]*graceful_shutdown_wait_loop_s/);
  assert.equal(one.applications[0]?.importPath, '/srv/app.ts:app');
});

test('what is printed is read as the same configuration, from another folder too', async () => {
  const { applications } = await parse(ours);
  const again = await parseConfig(await formatConfig(applications), 'printed', '/elsewhere');
  assert.deepEqual(again.applications, applications);
});

const grpcOf = async (text: string) => {
  const { cluster, notes } = await parse(`${text}\napplications: []`);
  return { grpc: cluster.grpc, notes };
};

test("Ray's grpc_options are those of nbserve, and name proto files in place of functions of Python", async () => {
  assert.deepEqual(await grpcOf('cluster: { grpc: { port: 9000, protos: [./words.proto], includeDirs: [/inc, more] } }'), {
    grpc: { port: 9000, protos: ['/srv/words.proto'], includeDirs: ['/inc', '/srv/more'] },
    notes: [],
  });
  assert.deepEqual(await grpcOf('cluster: { grpc: { tls: { cert: server.crt, key: /etc/server.key } } }'), {
    grpc: { tls: { cert: '/srv/server.crt', key: '/etc/server.key' } },
    notes: [],
  });
  const rays = 'grpc_options: { port: 9000, protos: [words.proto], max_message_bytes: 100, grpc_servicer_functions: [] }';
  assert.deepEqual(await grpcOf(rays), {
    grpc: { port: 9000, protos: ['/srv/words.proto'], maxMessageBytes: 100 },
    notes: [],
  });
  assert.deepEqual(await grpcOf('cluster: { grpc: { port: 1 } }\ngrpc_options: { port: 2, protos: [a.proto] }'), {
    grpc: { port: 1 },
    notes: [],
  });
});

const httpsOf = async (text: string) => (await parse(`http_options: ${text}\napplications: []`)).cluster.https;

test("Ray's ssl_certfile and ssl_keyfile are the option https", async () => {
  const https = { cert: '/srv/server.crt', key: '/etc/server.key' };
  const { cluster, notes } = await parse('cluster: { https: { cert: server.crt, key: /etc/server.key } }\napplications: []');
  assert.deepEqual([cluster.https, notes], [https, []]);
  assert.deepEqual(await httpsOf('{ ssl_keyfile: /etc/server.key, ssl_certfile: ./server.crt }'), https);
  assert.equal(await httpsOf('{ ssl_keyfile: null, ssl_certfile: null, ssl_keyfile_password: null }'), undefined);
  const together = /c.yaml:1: ssl_keyfile and ssl_certfile must be given together/;
  await assert.rejects(httpsOf('{ ssl_keyfile: a.key }'), together);
  await assert.rejects(httpsOf('{ ssl_certfile: a.crt, ssl_keyfile: null }'), together);
  await assert.rejects(httpsOf('{ ssl_certfile: 5, ssl_keyfile: a.key }'), /ssl_certfile must be the path of a file, not 5/);
  const files = 'ssl_certfile: a.crt, ssl_keyfile: a.key';
  await assert.rejects(httpsOf(`{ ${files}, ssl_keyfile_password: x }`), /ssl_keyfile_password .* a key that is not encrypted/);
});

test("the certificates of machines are found from the configuration's folder", async () => {
  const { cluster } = await parse(
    'cluster: { machines: { host: 10.0.0.5, tls: { cert: head.crt, key: /etc/head.key, ca: ca.crt, serverName: models.internal } } }\napplications: []',
  );
  assert.deepEqual(cluster.machines, {
    host: '10.0.0.5',
    tls: { cert: '/srv/head.crt', key: '/etc/head.key', ca: '/srv/ca.crt', serverName: 'models.internal' },
  });
});

test('grpc_options without a service start no gRPC, as in Ray', async () => {
  for (const rest of ['{ port: 9000, grpc_servicer_functions: [] }', '{ grpc_servicer_functions: null }', 'null', '{}']) {
    const { grpc, notes } = await grpcOf(`grpc_options: ${rest}`);
    assert.equal(grpc, undefined, rest);
    assert.match(notes.join('\n'), /^grpc_options of Ray Serve is left out[^\n]+$/, rest);
  }
  const { notes } = await grpcOf('grpc_options: { protos: [a.proto], request_timeout_s: 3 }');
  assert.match(notes.join('\n'), /^request_timeout_s of Ray Serve is left out: requestTimeout/);
});

/** Every key of `ServeDeploySchema` of Ray Serve 2.60, by the place in which it stands. */
const RAY_KEYS: Record<string, string> = {
  '': 'proxy_location http_options grpc_options controller_options logging_config tracing_config applications target_capacity',
  http_options:
    'host port root_path request_timeout_s keep_alive_timeout_s ssl_keyfile ssl_certfile ssl_keyfile_password ssl_ca_certs',
  grpc_options: 'port grpc_servicer_functions request_timeout_s enable_reflection',
  application:
    'name route_prefix import_path runtime_env host port deployments autoscaling_policy args logging_config external_scaler_enabled',
  runtime_env:
    'py_modules py_executable java_jars working_dir conda pip uv container excludes env_vars config worker_process_setup_hook image_uri',
  deployment:
    'name num_replicas max_ongoing_requests max_queued_requests backpressure_config user_config autoscaling_config graceful_shutdown_wait_loop_s graceful_shutdown_timeout_s health_check_period_s health_check_timeout_s ray_actor_options placement_group_bundles placement_group_strategy placement_group_bundle_label_selector max_replicas_per_node logging_config request_router_config gang_scheduling_config deployment_actors rolling_update_percentage max_surge_percent',
  ray_actor_options: 'runtime_env num_cpus num_gpus memory resources accelerator_type label_selector fallback_strategy',
  autoscaling_config:
    'min_replicas initial_replicas max_replicas target_ongoing_requests metrics_interval_s look_back_period_s smoothing_factor upscale_smoothing_factor downscale_smoothing_factor upscaling_factor downscaling_factor downscale_delay_s downscale_to_zero_delay_s upscale_delay_s aggregation_function policy',
};

test('no key of a configuration of Ray Serve is unknown: it is read, left out with a note, or refused with a reason', async () => {
  for (const [place, keys] of Object.entries(RAY_KEYS)) {
    for (const key of keys.split(' ')) {
      const config = placed(place, { [key]: null });
      const error = await parse(JSON.stringify(config)).then(() => undefined, String);
      assert.doesNotMatch(error ?? '', /has no key|is not a function|cannot read/i, `${place} ${key}`);
    }
  }
});

function placed(place: string, group: object): object {
  if (place === '') return { applications: [], ...group };
  if (place === 'http_options' || place === 'grpc_options') return { applications: [], [place]: group };
  const app = { import_path: 'app.ts:app' };
  if (place === 'application') return { applications: [{ ...app, ...group }] };
  if (place === 'runtime_env') return { applications: [{ ...app, runtime_env: group }] };
  const inner = place === 'deployment' ? group : { [place]: group };
  return { applications: [{ ...app, deployments: [{ name: 'Chat', ...inner }] }] };
}

test('the folder and the variables of one deployment are read', async () => {
  const actor = { runtime_env: { env_vars: { MODE: 'test' }, working_dir: './data' }, num_cpus: 1 };
  const { applications } = await parse(JSON.stringify(placed('deployment', { ray_actor_options: actor })));
  assert.deepEqual(applications[0]?.deployments, [
    { name: 'Chat', resources: { cpu: 1 }, env: { MODE: 'test' }, runtimeEnv: { workingDir: '/srv/data' } },
  ]);
});

test('ray_actor_options without resources keep the resources of the code', async () => {
  const runtimeEnv = { runtime_env: { env_vars: { MODE: 'test' } } };
  const env = { env: { MODE: 'test' } };
  for (const [options, expected] of [
    [runtimeEnv, env],
    [{ ...runtimeEnv, num_cpus: null }, env],
    [{ ...runtimeEnv, object_store_memory: 1 }, env],
    [{}, {}],
    [null, {}],
  ] as const) {
    const { applications } = await parse(JSON.stringify(placed('deployment', { ray_actor_options: options })));
    assert.deepEqual(applications[0]?.deployments, [{ name: 'Chat', ...expected }]);
  }
});

test('smoothing_factor is the default of both factors', async () => {
  const factors = async (config: object) =>
    (await parse(JSON.stringify(placed('deployment', { autoscaling_config: config })))).applications[0]?.deployments?.[0]
      ?.autoscaling;
  assert.deepEqual(await factors({ smoothing_factor: 0.5 }), { upscalingFactor: 0.5, downscalingFactor: 0.5 });
  for (const upscale of ['upscale_smoothing_factor', 'upscaling_factor', 'upscalingFactor']) {
    const expected = { upscalingFactor: 2, downscalingFactor: 0.5 };
    assert.deepEqual(await factors({ smoothing_factor: 0.5, [upscale]: 2 }), expected);
    assert.deepEqual(await factors({ [upscale]: 2, smoothing_factor: 0.5 }), expected);
  }
  await assert.rejects(factors({ smoothing_factor: 'x' }), /upscalingFactor must be/);
});

const application = (rest: string) => `applications:\n  - importPath: app.ts:app\n${rest}`;
const deployment = (rest: string) => application(`    deployments:\n      - name: Chat\n${rest}`);

for (const [what, text, message] of [
  [
    'an unknown key',
    deployment('        numReplica: 2'),
    /^c\.yaml:5: a deployment has no key "numReplica"; did you mean numReplicas\?/,
  ],
  ['a misspelt name of Ray', deployment('        num_replcas: 2'), /^c\.yaml:5: .*did you mean numReplicas\?/],
  ['an unknown key at the top', 'application: []', /^c\.yaml:1: .*did you mean applications\?/],
  [
    'an unknown key in a group',
    deployment('        autoscaling:\n          maxReplica: 2'),
    /^c\.yaml:6: autoscaling has no key "maxReplica"; did you mean maxReplicas/,
  ],
  [
    'a wrong value',
    deployment('        numReplicas: -1'),
    /^c\.yaml:5: numReplicas must be an integer from 0 to 10000, or 'auto', not -1/,
  ],
  ['a wrong value in a group', deployment('        resources:\n          cpu: many'), /^c\.yaml:6: cpu must be/],
  ['a wrong duration', deployment('        startupTimeout: soon'), /^c\.yaml:5: startupTimeout: "soon" is no duration/],
  [
    'two names of one option',
    deployment('        numReplicas: 1\n        num_replicas: 2'),
    /^c\.yaml:6: numReplicas is given twice/,
  ],
  ['a number beside autoscaling', deployment('        numReplicas: 2\n        autoscaling: {}'), /exclude each other/],
  ['no module', 'applications:\n  - name: a', /^c\.yaml:2: an application needs importPath/],
  ['a module without an export', 'applications:\n  - importPath: app.ts', /importPath must be a text such as app\.ts:app/],
  ['a name twice', `${application('')}\n  - importPath: b.ts:app`, /^c\.yaml:4: two applications have the name "default"/],
  [
    'a route twice',
    `${application('    name: a')}\n  - importPath: b.ts:app\n    name: b`,
    /two applications have the routePrefix "\/"/,
  ],
  ['a deployment twice', deployment('      - name: Chat'), /^c\.yaml:5: the deployment Chat is listed twice/],
  ['a deployment without a name', application('    deployments: [{}]'), /a deployment needs name/],
  ['a wrong environment', application('    env: { PORT: 8000 }'), /^c\.yaml:3: env must be an object of texts/],
  ['a wrong name', application('    name: a/b'), /c\.yaml:3: .*a\/b/],
  ['a policy', deployment('        autoscaling: { policy: f }'), /a policy is a function/],
  [
    'servicers of Python',
    'grpc_options:\n  grpc_servicer_functions: [a_pb2_grpc.add_AServicer_to_server]\napplications: []',
    /^c\.yaml:2: grpc_servicer_functions of Ray Serve cannot be used here: .*protos:/,
  ],
  [
    'an unknown key of gRPC',
    'grpc_options: { proto: [a.proto] }\napplications: []',
    /^c\.yaml:1: grpc_options has no key "proto"; did you mean protos/,
  ],
  ['a wrong port of gRPC', 'grpc_options: { port: -1 }\napplications: []', /^c\.yaml:1: port must be an integer from 0 to 65535/],
  ['gRPC as a list', 'grpc_options: []\napplications: []', /^c\.yaml:1: grpc_options must be an object/],
  ['packages of Python', application('    runtime_env: { pip: [torch] }'), /^c\.yaml:3: pip of Ray Serve cannot be used here/],
  ['a remote folder', application("    runtime_env: { working_dir: 's3://b/c' }"), /workingDir must be a folder of this machine/],
  ['a number that JSON does not have', application('    args: { a: .nan }'), /args must be a JSON value/],
  ['a key of YAML twice', 'applications: []\napplications: []', /^c\.yaml:2: Map keys must be unique/],
  ['a tag that makes objects', 'applications: !!python/object/apply:os.system ["true"]', /^c\.yaml:1: Unresolved tag/],
  ['a tag of JavaScript', 'applications: !!js/function "function () {}"', /^c\.yaml:1: Unresolved tag/],
  ['several documents', 'applications: []\n---\napplications: []', /multiple documents/],
  ['broken YAML', 'applications: [', /^c\.yaml:1: /],
  ['nothing', '', /a configuration must be an object/],
  ['a text', 'hello', /a configuration must be an object/],
  ['a list', '[]', /a configuration must be an object/],
  ['an option of another place', 'cluster: { detached: true }\napplications: []', /^c\.yaml:1: cluster has no key "detached"/],
] as const) {
  test(`a configuration is refused with its line: ${what}`, async () => assert.match(await refusal(text), message));
}

test('an alias may share values, and may not make a small text large', async () => {
  const shared =
    'applications:\n  - &one { importPath: a.ts:app, name: one, routePrefix: /one }\n  - <<: *one\n    name: two\n    routePrefix: /two';
  const { applications } = await parse(shared);
  assert.deepEqual(
    applications.map(({ name, importPath }) => [name, importPath]),
    [
      ['one', '/srv/a.ts:app'],
      ['two', '/srv/a.ts:app'],
    ],
  );
  const levels = ['a: &a [1,1,1,1,1,1,1,1,1]'];
  for (const [from, to] of ['ab', 'bc', 'cd', 'de', 'ef', 'fg', 'gh', 'hi'])
    levels.push(`${to}: &${to} [${`*${from},`.repeat(9)}]`);
  assert.match(await refusal(levels.join('\n')), /aliases .* too often/);
});

test('a text that is too deep or too long is refused', async () => {
  assert.match(
    await refusal(application(`    args: ${'['.repeat(100)}${']'.repeat(100)}`)),
    /^c\.yaml:3: it is nested more than 64 levels/,
  );
  assert.match(await refusal(`applications: ${'['.repeat(100_000)}`), /c\.yaml/);
  assert.match(await refusal(`# ${'x'.repeat(1024 * 1024)}`), /at most 1048576 bytes/);
});

test('keys of JavaScript objects are ordinary keys', async () => {
  for (const key of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
    assert.match(await refusal(deployment(`        ${key}: 1`)), new RegExp(`no key "${key}"`));
  }
  assert.equal(({} as Record<string, unknown>).polluted, undefined);
});
