import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { blobFolder } from '../../dist/core/index.js';
import { CommandFolder } from '../fixtures/command-folder.js';
import { until } from '../fixtures/wait.js';

const NAMED = `import { existsSync } from 'node:fs';
import { serve } from 'nbserve';
class Named {
  constructor(private readonly options: { name: string; fails?: boolean; waitsFor?: string }) {
    if (options.fails) throw new Error('no weights');
    if (options.waitsFor) while (!existsSync(options.waitsFor));
  }
  fetch() { return this.options.name; }
}
const Deployed = serve.deployment(Named);
export const build = (options: { name: string }) => Deployed.bind(options);
`;
const entry = (name: string, prefix: string, args: object = {}): string =>
  `\n  - { name: ${name}, routePrefix: ${prefix}, importPath: 'named.ts:build', args: ${JSON.stringify({ name, ...args })} }`;
const config = (...entries: string[]): string => `cluster: { port: 0 }\napplications:${entries.join('')}\n`;

const folder = new CommandFolder({ 'named.ts': NAMED });
let url = '';
const ask = async (path: string): Promise<string> => (await fetch(`${url}${path}`)).text();
const status = () => folder.status();

before(async () => {
  await folder.output(['deploy', '-'], config(entry('one', '/a'), entry('two', '/b')));
  url = (await status()).url;
});
after(() => folder.remove());

test('two applications can exchange their prefixes, and both routes change at the same moment', async () => {
  const seen = new Set<string>();
  let isDone = false;
  const watching = (async () => {
    while (!isDone) {
      const first = await ask('/a');
      const second = await ask('/b');
      seen.add(`${first} ${second}`);
    }
  })();
  const go = `${folder.path}/go`;
  const deployed = folder.output(['deploy', '-'], config(entry('one', '/b'), entry('two', '/a', { waitsFor: go })));
  await until(async () => (await status()).applications.two?.status === 'DEPLOYING');
  assert.deepEqual([await ask('/a'), await ask('/b')], ['one', 'two']);
  folder.write('go', '');
  assert.match(await deployed, /one runs at .*\/b\ntwo runs at .*\/a/);
  isDone = true;
  await watching;
  assert.deepEqual([await ask('/a'), await ask('/b')], ['two', 'one']);
  // The second request of a pair may come after the change, and the first one not before it.
  for (const pair of seen) assert.ok(['one two', 'one one', 'two one'].includes(pair), pair);
});

test('if one application cannot be started, no other one changes, and none is deleted', async () => {
  const input = config(entry('one', '/b', { name: 'new one' }), entry('three', '/c', { fails: true }));
  const { code, stderr } = await folder.run(['deploy', '-'], { input });
  assert.equal(code, 1);
  assert.match(stderr, /three: .*no weights/);
  assert.match(stderr, /one: NBS_DEPLOYED_TOGETHER: application one was not deployed, .* and three cannot be: .*no weights/);
  assert.deepEqual([await ask('/a'), await ask('/b')], ['two', 'one']);
  assert.equal((await fetch(`${url}/c`)).status, 404);
});

test('an application takes over the prefix of one that the file does not name any more, without a gap', async () => {
  const seen = new Set<number>();
  let isDone = false;
  const watching = (async () => {
    while (!isDone) seen.add((await fetch(`${url}/a`)).status);
  })();
  const out = await folder.output(['deploy', '-'], config(entry('four', '/a')));
  isDone = true;
  await watching;
  for (const name of ['one', 'two', 'three'])
    assert.match(out, new RegExp(`${name} is deleted, because the configuration does not name it`));
  assert.equal(await ask('/a'), 'four');
  assert.deepEqual([...seen], [200]);
  await until(async () => Object.keys((await status()).applications).join() === 'four');
});

test('a deploy that a newer one replaces in part is given up as a whole', async () => {
  const never = `${folder.path}/never`;
  const first = folder.run(['deploy', '-'], {
    input: config(entry('four', '/a', { name: 'older' }), entry('five', '/e', { waitsFor: never })),
  });
  await until(async () => (await status()).applications.five?.status === 'DEPLOYING');
  const [, dir = ''] = /^address: (.*)$/m.exec(await folder.output(['status'])) ?? [];
  folder.write(
    'own.ts',
    NAMED.replace('export const build', 'export const app = Deployed.bind({ name: "own" });\nexport const build'),
  );
  await folder.output(['run', 'own.ts:app', '--name', 'five', '--route-prefix', '/e', '--address', dir]);
  const { code, stderr } = await first;
  assert.equal(code, 1);
  assert.match(stderr, /five: NBS_SUPERSEDED/);
  assert.match(stderr, /four: NBS_DEPLOYED_TOGETHER/);
  assert.deepEqual([await ask('/a'), await ask('/e')], ['four', 'own']);
});

test('if the code of one application cannot be stored, the command says so and ends, and no other one changes', async () => {
  const both = (name: string): string =>
    config(entry('four', '/a', { name }), entry('five', '/e').replace('named.ts', 'other.ts'));
  folder.write('other.ts', `${NAMED}export const other = 1;\n`);
  const blobs = blobFolder(folder.cluster());
  const before = new Set(readdirSync(blobs));
  await folder.output(['deploy', '-'], both('four'));
  const added = readdirSync(blobs).filter((name) => !before.has(name) && !name.startsWith('.'));
  // Nothing can be written in their place.
  for (const name of added) {
    rmSync(join(blobs, name));
    mkdirSync(join(blobs, name, 'full'), { recursive: true });
  }
  const { code, stderr } = await folder.run(['deploy', '-'], { input: both('changed') });
  assert.equal(code, 1);
  assert.match(stderr, /five: .*(EISDIR|ENOTEMPTY|EEXIST)/);
  assert.equal(await ask('/a'), 'four');
});
