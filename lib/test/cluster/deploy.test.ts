import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { CommandFolder } from '../fixtures/command-folder.js';
import { until } from '../fixtures/wait.js';

const CHAT = `import { serve } from 'nbserve';
const Chat = serve.deployment(class Chat {
  greeting = 'none';
  constructor(private readonly options: { msg: string }) {}
  reconfigure(config: { greeting: string }) { this.greeting = config.greeting; }
  fetch() { return { msg: this.options.msg, greeting: this.greeting, mode: process.env.MODE ?? null }; }
}, { userConfig: { greeting: 'code' } });
export const app = Chat.bind({ msg: 'hi' });
`;
const TEXT = `import { serve } from 'nbserve';
const Upper = serve.deployment(class Upper { upper(text: string) { return text.toUpperCase(); } });
const Text = serve.deployment(class Text {
  constructor(private readonly inner: any, private readonly options: { suffix: string }) {}
  async fetch(request: Request) { return (await this.inner.upper.remote(await request.text())) + this.options.suffix; }
});
export const build = (options: { suffix: string }) => Text.bind(Upper.bind(), options);
`;
const chat = (deployment: string) => `
  - name: chat
    route_prefix: /chat
    import_path: app:app
    runtime_env: { env_vars: { MODE: test } }
    deployments:
      - { name: Chat, ${deployment} }`;
const text = `
  - name: text
    routePrefix: /text
    importPath: models.text:build
    args: { suffix: "!" }`;
const config = (...apps: string[]) => `cluster: { port: 0 }\napplications:${apps.join('')}\n`;

const folder = new CommandFolder({ 'app.ts': CHAT, 'models/text.ts': TEXT });
let url = '';

const status = () => folder.status();
/** The pid of each replica that runs, by application. */
async function pids(): Promise<Record<string, readonly number[]>> {
  const { applications } = await status();
  const of = (name: string) => Object.values(applications[name]?.deployments ?? {}).flatMap(({ replicas }) => replicas);
  const running = (name: string) => of(name).flatMap(({ pid, state }) => (state === 'RUNNING' && pid !== null ? [pid] : []));
  return Object.fromEntries(Object.keys(applications).map((name) => [name, running(name).sort()]));
}
const ask = async (path: string, body?: string): Promise<string> =>
  (await fetch(`${url}${path}`, body === undefined ? {} : { method: 'POST', body })).text();

before(async () => {
  folder.write('two.yaml', config(chat('num_replicas: 2, user_config: { greeting: hello }'), text));
  const { code, stdout, stderr } = await folder.run(['deploy', 'two.yaml']);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /started a cluster at http:\S+; nbserve stop ends it/);
  url = (await status()).url;
});
after(() => folder.remove());

test('deploy serves the applications of a file, with its options', async () => {
  assert.deepEqual(JSON.parse(await ask('/chat')), { msg: 'hi', greeting: 'hello', mode: 'test' });
  assert.equal(await ask('/text', 'abc'), 'ABC!');
  const running = await pids();
  assert.equal(running.chat?.length, 2);
  assert.equal(running.text?.length, 2);
});

test('the same file again restarts nothing, and neither does what config prints', async () => {
  const first = await pids();
  await folder.output(['deploy', 'two.yaml']);
  assert.deepEqual(await pids(), first);
  const printed = await folder.output(['config']);
  assert.match(printed, /name: chat\n {4}routePrefix: \/chat\n {4}importPath: \/.*\/app\.ts:app/);
  folder.write('elsewhere/printed.yaml', printed);
  await folder.output(['deploy', 'elsewhere/printed.yaml']);
  assert.deepEqual(await pids(), first);
  assert.equal(await folder.output(['config']), printed);
  await folder.output(['deploy', '-'], printed);
  assert.deepEqual(await pids(), first);
});

test('a change of userConfig or numReplicas keeps the replicas, and a change of env replaces them', async () => {
  const first = await pids();
  await folder.output(['deploy', '-'], config(chat('numReplicas: 3, userConfig: { greeting: hey }'), text));
  const more = await pids();
  assert.equal(more.chat?.length, 3);
  assert.ok(first.chat?.every((pid) => more.chat?.includes(pid)));
  assert.equal(JSON.parse(await ask('/chat')).greeting, 'hey');
  await folder.output(['deploy', '-'], config(chat('numReplicas: 1, env: { MODE: other }'), text));
  const { mode, greeting } = JSON.parse(await ask('/chat'));
  assert.deepEqual({ mode, greeting }, { mode: 'other', greeting: 'code' });
  assert.deepEqual((await pids()).text, first.text);
});

test('an application that the file does not name is deleted, if a file has deployed it', async () => {
  const [, dir = ''] = /^address: (.*)$/m.exec(await folder.output(['status'])) ?? [];
  await folder.output(['run', 'app.ts:app', '--name', 'own', '--route-prefix', '/own', '--address', dir]);
  const out = await folder.output(['deploy', '-'], config(chat('numReplicas: 1')));
  assert.match(out, /text is deleted, because the configuration does not name it/);
  // Its replicas may have something to finish.
  await until(async () => !Object.hasOwn(await pids(), 'text'));
  assert.deepEqual(Object.keys(await pids()).sort(), ['chat', 'own']);
  assert.equal((await fetch(`${url}/text`)).status, 404);
  assert.doesNotMatch(await folder.output(['config']), /own/);
});

test('if a module cannot be imported, nothing changes, and the exit code is 1', async () => {
  const first = await pids();
  folder.write('broken.ts', 'throw new Error("no weights");\nexport const app = 1;\n');
  const broken = '\n  - { name: broken, routePrefix: /broken, importPath: broken.ts:app }';
  for (const [entry, message] of [
    [broken, /broken: .*no weights/],
    ['\n  - { name: gone, routePrefix: /gone, importPath: gone.ts:app }', /gone: NBS_NO_MODULE_FILE: /],
    ['\n  - { name: none, routePrefix: /none, importPath: app.ts:none }', /none: NBS_NOTHING_TO_RUN: .* it exports: app/],
    ['\n  - { name: args, routePrefix: /args, importPath: app.ts:app, args: {} }', /args: NBS_ARGS_WITHOUT_BUILDER: /],
    [
      '\n  - { name: other, routePrefix: /other, importPath: app.ts:app, deployments: [{ name: Chta }] }',
      /other: NBS_UNKNOWN_DEPLOYMENT: .* Chta, .* its deployments are Chat/,
    ],
  ] as const) {
    const { code, stderr } = await folder.run(['deploy', '-'], { input: config(entry) });
    assert.equal(code, 1);
    assert.match(stderr, message);
    assert.deepEqual(await pids(), first);
  }
});

test('if a new version cannot be started, the old one runs on, and the exit code is 1', async () => {
  const first = await pids();
  folder.write(
    'fails.ts',
    CHAT.replace(
      'constructor(private readonly options: { msg: string }) {}',
      "constructor(private readonly options: { msg: string }) { throw new Error('no GPU'); }",
    ),
  );
  const { code, stderr } = await folder.run(['deploy', '-'], {
    input: config(chat('numReplicas: 1').replace('app:app', 'fails:app')),
  });
  assert.equal(code, 1);
  assert.match(stderr, /chat: .*no GPU/);
  assert.deepEqual(await pids(), first);
});

test('a wrong configuration or command line ends with 2 and names the line', async () => {
  folder.write('wrong.yaml', config(chat('numReplicsa: 1')));
  for (const [args, message] of [
    [
      ['deploy', 'wrong.yaml'],
      /^NBS_INVALID_CONFIG: wrong\.yaml:8: a deployment has no key "numReplicsa"; did you mean numReplicas\?/,
    ],
    [['deploy', 'gone.yaml'], /^NBS_CONFIG_UNREADABLE: cannot read the configuration gone\.yaml: there is no such file/],
    [['deploy'], /^NBS_BAD_USAGE: an argument is missing/],
  ] as const) {
    const { code, stderr } = await folder.run(args);
    assert.equal(code, 2);
    assert.match(stderr, message);
  }
});

test('without applications, --no-wait does not wait for the replicas either', async () => {
  const open = `import { existsSync, writeFileSync } from 'node:fs';
import { serve } from 'nbserve';
const Open = serve.deployment(class Open {
  constructor(readonly file: string) {}
  async fetch() {
    writeFileSync(this.file + '.begun', '');
    while (!existsSync(this.file)) await new Promise((resolve) => setTimeout(resolve, 20));
    return 'whole';
  }
});
export const build = ({ file }: { file: string }) => Open.bind(file);
`;
  folder.write('open.ts', open);
  const file = `${folder.path}/close`;
  await folder.output(
    ['deploy', '-'],
    config(`\n  - { name: open, routePrefix: /open, importPath: open.ts:build, args: { file: ${file} } }`),
  );
  const answer = ask('/open');
  await until(() => existsSync(`${file}.begun`));
  const out = await folder.output(['deploy', '--no-wait', '-'], 'applications: []');
  assert.match(out, /open is being deleted, because the configuration does not name it/);
  assert.equal((await status()).applications.open?.status, 'DELETING');
  folder.write('close', '');
  assert.equal(await answer, 'whole');
  await until(async () => !Object.hasOwn((await status()).applications, 'open'));
});

test('--check deploys nothing, and --no-wait does not wait for the constructor', async () => {
  const first = await pids();
  assert.equal(await folder.output(['deploy', '--check', 'two.yaml']), 'chat: Chat at /chat\ntext: Upper, Text at /text\n');
  assert.deepEqual(await pids(), first);
  const slow = `import { existsSync } from 'node:fs';
import { serve } from 'nbserve';
const Slow = serve.deployment(class Slow {
  constructor(readonly file: string) { while (!existsSync(file)); }
  fetch() { return 'slow'; }
});
export const build = ({ file }: { file: string }) => Slow.bind(file);
`;
  folder.write('slow.ts', slow);
  const file = `${folder.path}/go`;
  const entry = `\n  - { name: slow, routePrefix: /slow, importPath: slow.ts:build, args: { file: ${file} } }`;
  assert.match(await folder.output(['deploy', '--no-wait', '-'], config(chat('numReplicas: 1'), entry)), /slow is accepted/);
  assert.equal((await status()).applications.slow?.status, 'DEPLOYING');
  folder.write('go', '');
  await until(async () => (await status()).applications.slow?.status === 'RUNNING');
  assert.equal(await ask('/slow'), 'slow');
});
