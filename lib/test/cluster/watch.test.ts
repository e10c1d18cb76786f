/** `nbserve run` of a configuration, and `--watch`. */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { renameSync } from 'node:fs';
import { after, test } from 'node:test';
import { CommandFolder } from '../fixtures/command-folder.js';
import { until } from '../fixtures/wait.js';

const folder = new CommandFolder();
const running: ChildProcess[] = [];
after(async () => {
  for (const child of running) if (child.exitCode === null) child.kill('SIGKILL');
  await folder.remove();
});

const app = (helper: string) => `import { serve } from 'nbserve';
import { word } from './${helper}.js';
const Chat = serve.deployment(class Chat { async fetch() { await new Promise((r) => setTimeout(r, 5)); return word; } });
export const app = Chat.bind();
`;

/** A command that runs, and what it has printed so far. */
function start(args: readonly string[]): { readonly child: ChildProcess; output(): string } {
  const child = folder.start(args);
  running.push(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (text += String(chunk)));
  return { child, output: () => text };
}
async function end(child: ChildProcess): Promise<number | null> {
  const exit = once(child, 'exit');
  child.kill('SIGINT');
  return (await exit)[0] as number | null;
}
const ask = async (url: string): Promise<string> => (await fetch(url)).text();

test('--watch: a change is served without a lost request, and an error leaves the old version', async () => {
  folder.write('app.ts', app('helper'));
  folder.write('helper.ts', "export const word: string = 'one';\n");
  const { child, output } = start(['run', 'app.ts:app', '--port', '0', '--watch']);
  const url = await until(() => /runs at (\S+)/.exec(output())?.[1]);
  assert.equal(await ask(url), 'one');

  const answers = new Set<string>();
  let isAsking = true;
  const asking = (async () => {
    while (isAsking) {
      const answer = await fetch(url);
      answers.add(answer.ok ? await answer.text() : `failed with ${answer.status}`);
    }
  })();
  await until(() => answers.has('one'));
  folder.write('helper.ts', "export const word: string = 'two';\n");
  await until(() => answers.has('two'));

  folder.write('helper.ts', 'export const word: string = ;\n');
  await until(() => /NBS_MODULE_FAILED[\s\S]*helper\.ts[\s\S]*the old version runs on/.test(output()));
  assert.equal(await ask(url), 'two');

  // An editor writes a new file and renames it.
  folder.write('helper.ts.new', "export const word: string = 'three';\n");
  renameSync(`${folder.path}/helper.ts.new`, `${folder.path}/helper.ts`);
  await until(() => answers.has('three'));

  // A file that does not exist yet mends the error.
  folder.write('app.ts', app('other'));
  await until(() => /other\.js[\s\S]*the old version runs on/.test(output()));
  folder.write('other.ts', "export const word: string = 'four';\n");
  await until(() => answers.has('four'));

  // A file in another folder, which no deploy has read, has the error.
  folder.write('sub/five.ts', 'export const word: string = ;\n');
  folder.write('app.ts', app('sub/five'));
  await until(() => /five\.ts[\s\S]*the old version runs on/.test(output()));
  folder.write('sub/five.ts', "export const word: string = 'five';\n");
  await until(() => answers.has('five'));
  folder.write('late/six.ts', "throw new Error('not yet');\nexport const word = '';\n");
  folder.write('app.ts', app('late/six'));
  await until(() => /not yet[\s\S]*the old version runs on/.test(output()));
  folder.write('late/six.ts', "export const word: string = 'six';\n");
  await until(() => answers.has('six'));

  // Not even the folder exists.
  folder.write('app.ts', app('far/seven'));
  await until(() => /seven\.js[\s\S]*the old version runs on/.test(output()));
  folder.write('far/seven.ts', "export const word: string = 'seven';\n");
  await until(() => answers.has('seven'));
  isAsking = false;
  await asking;
  assert.deepEqual([...answers].sort(), ['five', 'four', 'one', 'seven', 'six', 'three', 'two']);
  assert.equal(await end(child), 0);
});

test('a deploy that Ctrl-C cuts off is not reported as an error', async () => {
  folder.write('slow.ts', app('helper').replace('class Chat {', "class Chat { constructor() { console.log('begins'); }"));
  folder.write('helper.ts', "export const word: string = 'one';\n");
  const { child, output } = start(['run', 'slow.ts:app', '--port', '0', '--watch']);
  await until(() => /runs at (\S+)/.test(output()));
  // A replica waits for the promises that its constructor keeps.
  const hang = "class Chat { up = new Promise(() => setInterval(() => {}, 1000)); constructor() { console.log('hangs'); }";
  folder.write('slow.ts', app('helper').replace('class Chat {', hang));
  await until(() => output().includes('hangs'));
  assert.equal(await end(child), 0);
  assert.doesNotMatch(output(), /NBS_|the old version runs on/);
});

test('run takes a configuration, and --watch follows the file itself', async () => {
  folder.write('app.ts', app('helper'));
  folder.write('helper.ts', "export const word: string = 'one';\n");
  const config = (prefix: string) =>
    `cluster: { port: 0 }\napplications:\n  - { name: chat, routePrefix: ${prefix}, importPath: app.ts:app }\n`;
  folder.write('serve.yaml', config('/a'));
  const { child, output } = start(['run', 'serve.yaml', '--reload', '--dashboard-port', '0']);
  const url = await until(() => /chat runs at (\S+)\/a /.exec(output())?.[1]);
  await until(() => /REST API: http/.test(output()));
  assert.equal(await ask(`${url}/a`), 'one');
  folder.write('serve.yaml', config('/b'));
  await until(async () => (await ask(`${url}/b`)) === 'one');
  folder.write('serve.yaml', config('/b').replace('importPath', 'importPaht'));
  await until(() =>
    /NBS_INVALID_CONFIG: serve\.yaml:3: [\s\S]*did you mean importPath\?[\s\S]*the old version runs on/.test(output()),
  );
  assert.equal(await ask(`${url}/b`), 'one');
  assert.equal(await end(child), 0);

  folder.write('broken.yaml', config('/a').replace('app.ts', 'gone.ts'));
  const broken = await folder.run(['run', 'broken.yaml']);
  assert.equal(broken.code, 1);
  assert.match(broken.stderr, /chat: NBS_NO_MODULE_FILE/);
});
